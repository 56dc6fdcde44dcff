"""A fired run as the nouns others read: its observation for the judge, its record for store and reports. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.drift.observation import RunObservation, observe
from checks.refusal import is_refusal
from checks.verdict import probe_health, run_health
from probes.sample import Sample
from reports.summary import ProbeRecord, RunRecord
from runner.judging import Judged
from runner.orders import Fired, RunOrder


def samples_of(samples: Sequence[Sample], probe: str) -> tuple[Sample, ...]:
    return tuple(sample for sample in samples if sample.probe == probe)


def bare(sample: Sample) -> Sample:
    """A sample without what the endpoint shaped freely, so that storing it cannot meet the same bug again."""
    return replace(sample, usage=replace(sample.usage, raw={}), headers={}, tool_calls=(), filters={}, citations=())


def observation_of(fired: Fired, probes: Sequence[ProbeRecord]) -> RunObservation:
    return observe(
        run_id=fired.run_id,
        started_at=fired.started_at,
        probes=[
            (p.probe, p.request_hash, p.samples, p.findings, [is_refusal(sample) for sample in p.samples])
            for p in probes
        ],
    )


def record_of(order: RunOrder, fired: Fired, probes: Sequence[ProbeRecord], judged: Judged) -> RunRecord:
    healths = tuple(replace(p, health=probe_health(p.probe, p.samples, p.findings, judged.results)) for p in probes)
    return RunRecord(
        run_id=fired.run_id,
        suite=order.prepared.suite.name,
        endpoint=order.endpoint,
        trigger=order.trigger,
        started_at=fired.started_at,
        duration_s=fired.duration_s,
        health=run_health([p.health for p in healths], judged.results),
        probes=healths,
        drift=judged.results,
        note=judged.note,
    )


def replay_command(file: str, record: RunRecord) -> str:
    """The command that recomputes a run's verdict from what is stored."""
    return f"holdfast replay {file} --endpoint {record.endpoint} --run {record.run_id}"

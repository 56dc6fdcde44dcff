"""A fired run as the nouns others read: its observation for the judge, its record for store and reports. Pure."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from checks.drift.observation import RunObservation, observe
from checks.drift.result import StreamResult
from checks.finding import Status
from checks.refusal import is_refusal
from checks.verdict import probe_health, run_health
from probes.sample import Sample
from reports.summary import ProbeRecord, RunRecord
from runner.normal.judging import Judged
from runner.preparing.orders import Fired, RunOrder


def by_probe(samples: Sequence[Sample]) -> Mapping[str, tuple[Sample, ...]]:
    """The samples of each probe, in their order; a probe without any is not in it."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.probe].append(sample)
    return {probe: tuple(group) for probe, group in groups.items()}


def bare(sample: Sample) -> Sample:
    """A sample without what the endpoint shaped freely, so that storing it cannot meet the same bug again."""
    return replace(sample, usage=replace(sample.usage, raw={}), headers={}, tool_calls=(), filters={}, citations=())


def observation_of(
    fired: Fired,
    probes: Sequence[ProbeRecord],
    checks: Mapping[str, str] | None = None,
    *,
    confirming: bool = False,
    groups: Mapping[str, tuple[str, ...]] | None = None,
    controls: Collection[str] = (),
) -> RunObservation:
    """What the judge sees of a run; ``checks`` are the fingerprints of the probes' checks, by probe, ``groups`` the
    probes by the scopes of labels."""
    return observe(
        run_id=fired.run_id,
        started_at=fired.started_at,
        probes=[
            (p.probe, p.request_hash, p.samples, p.findings, [is_refusal(sample) for sample in p.samples])
            for p in probes
        ],
        checks=checks,
        confirming=confirming,
        groups=groups,
        controls=controls,
    )


LEARNED_BROKEN = "what is normal was learned from this run while a contract was broken"


def record_of(order: RunOrder, fired: Fired, probes: Sequence[ProbeRecord], judged: Judged) -> RunRecord:
    own: dict[str, list[StreamResult]] = defaultdict(list)
    for result in judged.results:
        own[result.key.scope].append(result)
    broke = any(finding.mode == "contract" and finding.status is Status.FAIL for p in probes for finding in p.findings)
    told = (fired.cut_off, judged.note, LEARNED_BROKEN if judged.learned and broke else "", fired.note)
    healths = tuple(replace(p, health=probe_health(p.probe, p.samples, p.findings, own[p.probe])) for p in probes)
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
        note="; ".join(filter(None, told)),
        consultations=fired.consulted.consultations,
        calibration=fired.consulted.calibration,
        cut_off=fired.cut_off,
    )


def replay_command(record: RunRecord, reach: str = "") -> str:
    """The command that recomputes a run's verdict from what is stored, quoted for a POSIX shell.

    The suite goes by its name, so that it works in any folder. ``reach``: what finds the store; may be empty.
    """
    place = f"{shlex.quote(record.suite)} --endpoint {shlex.quote(record.endpoint)}"
    return f"holdfast replay {place} --run {shlex.quote(record.run_id)}{reach}"

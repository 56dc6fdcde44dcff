"""The answers of a run held against the checks of its probes. Feeds ``engine``; pure but for local code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from checks.run_checks import run_checks
from checks.verdict import Health, probe_health
from probes.fire import request_hash
from probes.sample import Sample
from probes.suite import Probe
from reports.summary import ProbeRecord
from runner.asking.consulting import context_of
from runner.asking.records import bare, by_probe
from runner.preparing.orders import Fired, RunOrder


def checked(
    order: RunOrder, fired: Fired, normal: Mapping[str, tuple[str, ...]], as_kept: Callable[[str], str] = str
) -> tuple[ProbeRecord, ...]:
    """Every probe with its findings. ``normal``: by probe, the baseline answers; empty where nothing is stored.

    ``as_kept``: an answer in the form in which those are.
    """
    asked = by_probe(fired.samples)
    return tuple(
        _checked(order, fired, probe, asked.get(probe.id, ()), normal.get(probe.id, ()), as_kept)
        for probe, _ in order.probes
    )


def unchecked(order: RunOrder, fired: Fired) -> tuple[ProbeRecord, ...]:
    """Every probe with its bare samples alone: what can be kept where a bug of ours stops everything else."""
    asked = by_probe(fired.samples)
    return tuple(
        _record(order, probe, tuple(bare(sample) for sample in asked.get(probe.id, ()))) for probe, _ in order.probes
    )


def _checked(
    order: RunOrder,
    fired: Fired,
    probe: Probe,
    samples: Sequence[Sample],
    normal: tuple[str, ...],
    as_kept: Callable[[str], str],
) -> ProbeRecord:
    context = context_of(order.prepared.suite, probe, normal, fired.consulted.replies)
    context = replace(context, as_kept=as_kept)
    findings = run_checks(order.prepared.checks_at(probe, order.endpoint), probe.id, samples, context)
    health = probe_health(probe.id, samples, findings, ())
    return replace(_record(order, probe, tuple(samples)), health=health, findings=findings)


def _record(order: RunOrder, probe: Probe, samples: tuple[Sample, ...]) -> ProbeRecord:
    suite = order.prepared.suite
    return ProbeRecord(
        probe=probe.id,
        labels=suite.labels_of(probe),
        request_hash=request_hash(suite.endpoints[order.endpoint], probe),
        conversation=probe.conversation,
        health=Health.UNKNOWN,
        samples=samples,
        findings=(),
    )

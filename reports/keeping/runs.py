"""Whole runs, notices and canaries in the form in which they may be kept. Feeds the engine and the canary; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from checks.canary.verdict import BrokenContract
from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts, ids_of
from checks.removal import Cut
from probes.sample import Sample
from reports.canary.record import CanaryRecord, Example
from reports.consultation import CalibrationResult, Consultation
from reports.keeping.samples import kept_conversation, kept_finding, kept_sample, learn
from reports.keeping.texts import Pen
from reports.notice import Notice
from reports.summary import ProbeRecord

WORDS = {
    "hash": "texts are kept as hashes: answers are compared as equal or not, and no baseline answer can be read again",
    "none": "texts are not kept: answers are not compared with what is normal",
}
"""What a run says of itself where its texts are not kept."""
OUR_OWN = frozenset(
    {
        "incident_id",
        "key",
        "event",
        "kind",
        "severity",
        "suite",
        "endpoint",
        "run_id",
        "team",
        "contact",
        "runbook",
        "report",
        "replay",
        "silence",
        "acknowledge",
        "acknowledged",
        "silenced",
    }
)
"""Fields of a notice that hold names, addresses and commands of the installation."""


def kept_probes(pen: Pen, probes: Sequence[ProbeRecord]) -> tuple[ProbeRecord, ...]:
    """Probes with samples and findings as they may be kept. All is read first: texts of a run quote each other."""
    if pen.whole:
        return tuple(probes)
    for probe in probes:
        for message in probe.conversation:
            pen.cuts(message.shown().text)
        for sample in probe.samples:
            learn(pen, sample)
    cuts = {sample.sample_id: pen.cuts(sample.answer or "") for probe in probes for sample in probe.samples}
    came = [
        replace(
            probe,
            conversation=kept_conversation(pen, probe.conversation),
            samples=tuple(kept_sample(pen, sample) for sample in probe.samples),
        )
        for probe in probes
    ]
    return tuple(_with_findings(pen, probe, cuts) for probe in came)


def _with_findings(pen: Pen, probe: ProbeRecord, cuts: Mapping[str, Sequence[Cut]]) -> ProbeRecord:
    return replace(probe, findings=tuple(kept_finding(pen, one, cuts) for one in probe.findings))


def kept_consultations(pen: Pen, asked: Sequence[Consultation]) -> tuple[Consultation, ...]:
    """What judges were asked and said. They quote the answers they were shown."""
    if pen.whole:
        return tuple(asked)
    return tuple(
        replace(
            one,
            text=_quoting(pen, one.text),
            verdict=pen.line(one.verdict),
            model=None if one.model is None else pen.line(one.model),
            fingerprint=None if one.fingerprint is None else pen.line(one.fingerprint),
            failure=pen.failure(one.failure),
        )
        for one in asked
    )


def _quoting(pen: Pen, text: str | None) -> str | None:
    """A text that is an answer itself and quotes another one."""
    if text is None or pen.silent:
        return pen.said(text)
    pen.cuts(text)
    return pen.line(text)


def kept_calibration(pen: Pen, result: CalibrationResult | None) -> CalibrationResult | None:
    """How many known verdicts were given; which, only where texts are kept."""
    if result is None or pen.whole:
        return result
    return replace(result, told=() if pen.silent else tuple(pen.line(line) for line in result.told))


# ------------------------------------------------------------------------------------------------ for the judge
def kept_observation(pen: Pen, run: RunObservation, probes: Sequence[ProbeRecord]) -> RunObservation:
    """What the judge sees: the answers as ``probes`` keep them, so that a replay sees the same. Refusals and checks
    have been told from the answers as they came."""
    if pen.whole:
        return run
    kept = {probe.probe: probe.samples for probe in probes}
    return replace(run, probes=tuple(_observed(seen, kept[seen.probe], pen.answers_as) for seen in run.probes))


def _observed(seen: ProbeObservation, samples: Sequence[Sample], answers_as: str) -> ProbeObservation:
    facts = tuple(_facts(one, sample) for one, sample in zip(seen.samples, samples, strict=True))
    return replace(seen, samples=facts, answers_as=answers_as)


def _facts(facts: SampleFacts, sample: Sample) -> SampleFacts:
    return replace(
        facts,
        answer=None if facts.answer is None else sample.answer,
        route=None if facts.route is None else sample.route_key,
        documents=None if facts.documents is None or sample.documents is None else ids_of(sample.documents),
    )


# ------------------------------------------------------------------------------------------------ what is told
def kept_notice(pen: Pen, notice: Notice) -> Notice:
    """A notice without what may not be told: it may quote a baseline from before the mode was what it is."""
    if pen.whole:
        return notice
    told: dict[str, Any] = {}
    for each in fields(notice):
        value = getattr(notice, each.name)
        if each.name in OUR_OWN:
            continue
        if isinstance(value, str):
            told[each.name] = "" if pen.silent and each.name in ("before", "after") else pen.line(value)
        elif isinstance(value, tuple) and value and all(type(line) is str for line in value):
            told[each.name] = tuple(pen.line(line) for line in value)
    return replace(notice, **told)


def kept_canary(pen: Pen, record: CanaryRecord, samples: Sequence[Sample]) -> CanaryRecord:
    """A canary whose examples and reasons quote no more than may be kept. ``samples``: all that it asked."""
    if pen.whole:
        return record
    for sample in samples:
        learn(pen, sample)
    examples = () if pen.silent else tuple(_example(pen, one) for one in record.examples)
    return replace(
        record,
        examples=examples,
        broken_on_both=_contracts(pen, record.broken_on_both),
        result=replace(record.result, broken=_contracts(pen, record.result.broken)),
        ended=pen.line(record.ended),
        note=pen.line(record.note),
    )


def _example(pen: Pen, one: Example) -> Example:
    question, production, candidate = (pen.said(text) or "" for text in (one.question, one.production, one.candidate))
    return replace(one, question=question, production=production, candidate=candidate, why=pen.line(one.why))


def _contracts(pen: Pen, contracts: Sequence[BrokenContract]) -> tuple[BrokenContract, ...]:
    return tuple(replace(one, argument=pen.named(one.argument), reason=pen.quote(one.reason)) for one in contracts)

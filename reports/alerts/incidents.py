"""What one run says of each possible incident: contract, drift, policy, availability, spend. Feeds the state machine.

Pure. Facts quote endpoints; control characters are made visible here, each channel escapes its own markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.finding import Finding, Status
from probes.failure import SENTENCES
from probes.fault import Fault
from reports import tally
from reports.alerts.covering import covered_by, still_covered
from reports.alerts.incident import Covered
from reports.alerts.listening import Ear, every_ear
from reports.alerts.loudness import Voice, loudest, voice
from reports.alerts.machine import Condition
from reports.attribution import faults
from reports.attribution.causes import cause_words, causes
from reports.attribution.harm import dimension_of, harm
from reports.escaping import one_line
from reports.summary import RunRecord
from reports.wording import count, effect_words, names_words, since_words

FACTS_SHOWN = 8
_KNOWN = frozenset({Status.PASS, Status.FAIL})
_ARGUMENT_CHARS = 60
_REASON_CHARS = 200
_CAUSE_CHARS = 300


def conditions(
    record: RunRecord,
    severities: Mapping[str, str] | None = None,
    *,
    caps_reached: Sequence[str] | None = None,
    hears: Ear = every_ear,
    covered: Covered = (),
) -> tuple[Condition, ...]:
    """One condition a kind, for the suite and endpoint of the run.

    Args:
        record: The run, judged.
        severities: Severities that go before the usual ones, by kind, stream, class or ``label=value``.
        caps_reached: The spending caps that are reached, a sentence each; None where there are none over this place.
        hears: Of what kinds, classes and severities the one is told to whom this speaks. To him nothing else is bad,
            and what is bad and not his keeps an incident from resolving: it may have been his when it opened.
        covered: What is remembered of streams whose break was told as another kind of incident.
    """
    loud = voice(record, severities or {})
    contract = _checks(record, "contract", hears, loud)
    policy = _checks(record, "policy", hears, loud)
    availability = _availability(record, hears, loud)
    bad = {condition.kind for condition in (contract, policy, availability) if condition.bad}
    drift = _drift(record, bad, covered, hears, loud)
    return contract, drift, policy, availability, _spend(record, caps_reached or (), hears, loud)


def finding_name(finding: Finding) -> str:
    """``refund-window contains '30 days'``: what a finding is about, for headlines."""
    try:
        value = json.loads(finding.argument) if finding.argument else ""
    except ValueError:
        value = finding.argument
    said = f"'{value}'" if isinstance(value, str) and value else finding.argument
    words = (one_line(finding.probe, 100), one_line(finding.label, 100), one_line(said, _ARGUMENT_CHARS))
    return " ".join(filter(None, words))


def broken(record: RunRecord, kind: str) -> tuple[Finding, ...]:
    """Failed contract checks of one kind (``contract`` or ``policy``), the least passed first."""
    failed = [f for f in tally.broken_contracts(record) if f.policy == (kind == "policy")]
    return tuple(sorted(failed, key=lambda finding: finding.passed / max(finding.total, 1)))


def moved(record: RunRecord) -> tuple[StreamResult, ...]:
    """Streams whose alarm still stands, most harm first, pooled ones before those of single probes."""
    standing = [r for r in record.drift if r.state is StreamState.ALARM and (r.supported or r.opened)]
    return tuple(sorted(standing, key=harm))


# ------------------------------------------------------------------------------------------------ contract, policy
def _checks(record: RunRecord, kind: str, hears: Ear, loud: Voice) -> Condition:
    looked = [f for f in tally.findings(record) if f.mode == "contract" and f.policy == (kind == "policy")]
    everything = broken(record, kind)
    failed = [finding for finding in everything if hears(kind, finding.fault, loud.of_finding(kind, finding))]
    unheard = {id(finding) for finding in everything if finding not in failed}
    known = [finding for finding in looked if finding.status in _KNOWN]
    summaries = [f"{finding_name(f)} ({f.passed} of {f.total} pass)" for f in failed]
    details = [one_line(finding.reason, _REASON_CHARS) for finding in failed]
    facts = [f"{summary}: {detail}" if detail else summary for summary, detail in zip(summaries, details, strict=True)]
    return Condition(
        kind=kind,
        key=_key(record, kind),
        bad=bool(failed) if known else _vacuous(record, looked),
        severity=loudest((loud.of_finding(kind, finding) for finding in failed), loud.of_kind(kind)),
        immediate=kind == "policy",
        facts=_shown(facts),
        summary=_headed(summaries),
        subjects=tuple(finding_name(finding) for finding in failed),
        unseen=tuple(
            finding_name(finding) for finding in looked if finding.status not in _KNOWN or id(finding) in unheard
        ),
        faults=tuple(dict.fromkeys(finding.fault for finding in failed if finding.fault is not None)),
    )


def _vacuous(record: RunRecord, looked: Sequence[Finding]) -> bool | None:
    """Unknown where checks could look at nothing; good where there are none (any more), so that an incident of a check
    that was taken out of the suite comes to its end."""
    return None if looked or not _answered(record) else False


def _answered(record: RunRecord) -> bool:
    return any(sample.failure is None for sample in record.samples)


# ------------------------------------------------------------------------------------------------ availability
def _availability(record: RunRecord, hears: Ear, loud: Voice) -> Condition:
    """Questions that were spared a dead endpoint count like those it failed. Those that a spending cap or the run's own
    time held back say nothing: where they let nothing through, nobody knows who is available."""
    failed = tally.lost(record.samples)
    spared = len(tally.spared(record.samples))
    asked = len(record.samples) - len(tally.held(record.samples))
    bad = 2 * (len(failed) + spared) >= asked + spared if asked else None
    broke = tuple(faults.of_samples(failed))
    severity = loudest((loud.of_sample("availability", sample) for sample in failed), loud.of_kind("availability"))
    if bad and not any(hears("availability", fault, severity) for fault in broke):
        bad = None
    counts = tally.failures(failed) if bad else ()
    summary = f"{len(failed)} of {count(asked, 'sample')} failed" + (f", {spared} not asked then" if spared else "")
    lines = [
        f"{entry.kind} x{entry.count}: {SENTENCES[entry.kind]} {one_line(entry.message, _REASON_CHARS)}".rstrip()
        for entry in counts
    ]
    return Condition(
        kind="availability",
        key=_key(record, "availability"),
        bad=bad,
        severity=severity,
        facts=(summary, *_shown(lines)) if bad else (),
        summary=f"{summary} ({', '.join(entry.kind for entry in counts)})" if bad else "",
        subjects=tuple(entry.kind.value for entry in counts),
        faults=broke if bad else (),
    )


# ------------------------------------------------------------------------------------------------ spend
def _spend(record: RunRecord, caps_reached: Sequence[str], hears: Ear, loud: Voice) -> Condition:
    """A cap is reached or it is not, so one run is enough to open and to resolve."""
    held = len(tally.held(record.samples))
    missed = (f"{held} of {count(len(record.samples), 'sample')} not asked",) if held else ()
    severity = loud.of_kind("spend", (Fault.COVERAGE_GAP,))
    return Condition(
        kind="spend",
        key=_key(record, "spend"),
        bad=bool(caps_reached) if not caps_reached or hears("spend", Fault.COVERAGE_GAP, severity) else None,
        severity=severity,
        immediate=True,
        certain=True,
        facts=(*caps_reached, *missed, "probing goes on at 00:00 UTC") if caps_reached else (),
        summary=_headed(caps_reached),
        subjects=tuple(sentence.partition(" is reached")[0] for sentence in caps_reached),
        faults=(Fault.COVERAGE_GAP,) if caps_reached else (),
    )


# ------------------------------------------------------------------------------------------------ drift
def _drift(record: RunRecord, bad_kinds: set[str], before: Covered, hears: Ear, loud: Voice) -> Condition:
    standing = moved(record)
    told = {result.key: faults.of_stream(result, record) for result in standing}
    ranks = {result.key: loud.of_stream(result, [told[result.key]]) for result in standing}
    unheard = [result for result in standing if not hears("drift", told[result.key], ranks[result.key])]
    standing = tuple(result for result in standing if result not in unheard)
    now = dict(covered_by(record.drift, bad_kinds))
    since = dict(still_covered(record.drift, before))
    uncovered = [result for result in standing if str(result.key) not in now]
    free = [result for result in uncovered if str(result.key) not in since]
    pooled = {dimension_of(result) for result in free if result.key.scope == SUITE_SCOPE}
    heads = [r for r in free if r.key.scope == SUITE_SCOPE or dimension_of(r) not in pooled]
    return Condition(
        kind="drift",
        key=_key(record, "drift"),
        bad=_drift_bad(record, len(standing) > len(uncovered), free),
        severity=loudest((ranks[result.key] for result in free), "ticket"),
        immediate=True,  # the judge has weighed its own evidence; k of n on top would only delay
        facts=_shown([*_causes(record, free), *(_fact(record, *told) for told in tally.folded(free))]),
        summary=_headed([_stream(result, effect_words(result.effect)) for result in heads]),
        subjects=tuple(dict.fromkeys(_subject(result, pooled) for result in heads)),
        unseen=tuple(name for result in unheard for name in (_subject(result, {dimension_of(result)}), _alone(result))),
        faults=tuple(dict.fromkeys(told[result.key] for result in free)),
        covered=tuple((since | now).items()),
    )


def _drift_bad(record: RunRecord, told_elsewhere: bool, free: Sequence[StreamResult]) -> bool | None:
    if free:
        return True
    return None if told_elsewhere or not _answered(record) else False


def _subject(result: StreamResult, pooled: set[str]) -> str:
    dimension = dimension_of(result)
    return dimension if dimension in pooled else _alone(result)


def _alone(result: StreamResult) -> str:
    return f"{dimension_of(result)} of {result.key.scope}"


def _stream(result: StreamResult, words: str) -> str:
    return f"{one_line(str(result.key), 100)} {words}".rstrip()


def _causes(record: RunRecord, told: Sequence[StreamResult]) -> list[str]:
    """What explains what, as far as it is about the streams that are told of."""
    known = {result.key for result in told}
    standing = [cause for cause in causes(record) if cause.speaks and cause.result.key in known]
    return [one_line(cause_words(cause), _CAUSE_CHARS) for cause in standing]


def _fact(record: RunRecord, result: StreamResult, probes: Sequence[str]) -> str:
    words = one_line(result.note, _REASON_CHARS) or effect_words(result.effect) or "in alarm"
    if since := since_words(record, result):
        words = f"{words}; since {one_line(since, _ARGUMENT_CHARS)}"
    where = names_words([one_line(name, _ARGUMENT_CHARS) for name in probes])
    return f"{one_line(str(result.key), 100)}: {words}" + (f" ({where})" if where else "")


# ------------------------------------------------------------------------------------------------ lines
def _key(record: RunRecord, kind: str) -> str:
    return f"{record.suite}/{record.endpoint}/{kind}"


def _shown(facts: Sequence[str]) -> tuple[str, ...]:
    more = len(facts) - FACTS_SHOWN
    return (*facts[:FACTS_SHOWN], f"and {more} more") if more > 0 else tuple(facts)


def _headed(summaries: Sequence[str]) -> str:
    if not summaries:
        return ""
    return summaries[0] if len(summaries) == 1 else f"{summaries[0]} and {len(summaries) - 1} more"

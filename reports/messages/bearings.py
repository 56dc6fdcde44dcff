"""What somebody woken at night asks about a run, a sentence each: how sure, since when, how wide, from what, and what
did not move. Feeds messages. Pure.

Names of probes, labels and models are quoted on one line; each channel escapes them for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.finding import Finding
from probes.fault import FAULT_SENTENCES, Fault
from reports import tally
from reports.alerts.covering import COVERED
from reports.alerts.incidents import broken, moved
from reports.attribution.causes import cause_words, causes
from reports.attribution.harm import dimension_of
from reports.cohorts.cohorts import cuts
from reports.escaping import one_line
from reports.summary import RunRecord
from reports.wording import count, instant, join_words, score_words

_NAMES = 6
_CAUSES = 2
_LONGEST = 500
_FREE = "this spends nothing of the false-alarm budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearings:
    """One sentence each; empty where there is nothing to say."""

    sure: str = ""
    since: str = ""
    extent: str = ""
    cause: str = ""
    unmoved: str = ""


def bearings(
    kind: str, record: RunRecord, faults: Sequence[Fault], *, false_alarms_per_year: float | None = None
) -> Bearings:
    """What a run says about an incident of one kind.

    Args:
        kind: ``contract``, ``drift``, ``policy``, ``availability``, ``no-data`` or ``spend``.
        record: The run that found it.
        faults: Classes of what broke, worst first.
        false_alarms_per_year: The budget of the whole installation; None where it is not known.
    """
    if kind not in _SURE:
        return Bearings()
    told = {
        "sure": _SURE[kind](record, false_alarms_per_year),
        "since": _since(record) if kind == "drift" else "",
        "extent": "; ".join(filter(None, (_probes(kind, record), _cohorts(record)))),
        "cause": _cause(record, faults),
        "unmoved": _unmoved(kind, record),
    }
    return Bearings(**{name: one_line(words, _LONGEST) for name, words in told.items()})


# ------------------------------------------------------------------------------------------------ how sure
def _sure_of_check(kind: str, record: RunRecord) -> str:
    found = broken(record, kind)
    if not found:
        return ""
    worst = found[0]
    of = f"{worst.total - worst.passed} of {count(worst.total, 'answer')}"
    return f"seen, not estimated: {of} broke the worst check; {_FREE}"


def _sure_of_outage(record: RunRecord, _budget: float | None) -> str:
    lost, asked = len(tally.lost(record.samples)), len(record.samples) - len(tally.held(record.samples))
    if not asked:
        return ""
    told = f"counted, not estimated: {lost} of {count(asked, 'request')} failed"
    return f"{told}; {_FREE}"


def _sure_of_drift(record: RunRecord, budget: float | None) -> str:
    standing = [result for result in _drifted(record) if result.score is not None]
    if not standing:
        return ""
    strongest = max(standing, key=lambda result: result.score or 0.0)
    told = f"score {score_words(strongest.score)} where 100 is the alarm ({strongest.key})"
    if budget is None:
        return told
    alarms = "1 false alarm" if budget == 1 else f"{budget:g} false alarms"
    return f"{told}; the threshold is set so that chance alone brings at most {alarms} a year over all suites together"


_SURE = {
    "contract": lambda record, _budget: _sure_of_check("contract", record),
    "policy": lambda record, _budget: _sure_of_check("policy", record),
    "availability": _sure_of_outage,
    "drift": _sure_of_drift,
}


# ------------------------------------------------------------------------------------------------ since when, how wide
def _since(record: RunRecord) -> str:
    """Of the stream that began to move first."""
    known = [
        began for r in _drifted(record) if r.since is not None and (began := record.began.get(r.since)) is not None
    ]
    if not known:
        return ""
    first = min(known, key=lambda began: began.at)
    ago = "with this run" if first.runs_ago == 0 else f"{count(first.runs_ago, 'run')} before this one"
    return f"{instant(first.at)}, {ago}"


def _probes(kind: str, record: RunRecord) -> str:
    hit = _hit(kind, record)
    named = [one_line(name, 60) for name in hit[:_NAMES]]
    more = [f"{len(hit) - _NAMES} more"] if len(hit) > _NAMES else []
    told = f"{len(hit)} of {count(len(record.probes), 'probe')} ({join_words([*named, *more])})" if hit else ""
    if kind != "drift" or not any(result.key.scope == SUITE_SCOPE for result in _drifted(record)):
        return told
    return f"the suite as a whole; by themselves {told}" if told else "the suite as a whole, no probe by itself"


def _hit(kind: str, record: RunRecord) -> list[str]:
    """Probes that an incident is about, in the order of the suite."""
    if kind == "drift":
        names = {name for result, folded in tally.folded(_drifted(record)) for name in (result.key.scope, *folded)}
    elif kind == "availability":
        names = {sample.probe for sample in tally.lost(record.samples)}
    else:
        names = {finding.probe for finding in broken(record, kind)}
    return [probe.probe for probe in record.probes if probe.probe in names]


def _drifted(record: RunRecord) -> list[StreamResult]:
    """Streams in alarm that no other incident tells."""
    told = _told_elsewhere(record)
    return [result for result in moved(record) if dimension_of(result) not in told]


def _told_elsewhere(record: RunRecord) -> set[str]:
    bad = {kind for kind in ("contract", "policy") if broken(record, kind)}
    bad |= {"availability"} if tally.lost(record.samples) else set()
    return {dimension for dimension, kind in COVERED.items() if kind in bad}


def _cohorts(record: RunRecord) -> str:
    made = cuts(record)
    if not made:
        return ""
    worse = [f"{cut.name}: {cut.well} probes passed, all others {cut.others}" for cut in made if cut.worse]
    told = f"of {count(len(made), 'cohort')} {len(worse) or 'none'} {'are' if len(worse) > 1 else 'is'} clearly worse"
    return f"{told} ({'; '.join(worse[:2])})" if worse else told


# ------------------------------------------------------------------------------------------------ from what
def _cause(record: RunRecord, faults: Sequence[Fault]) -> str:
    """What the judge can derive, else what the class of what broke means."""
    derived = [cause_words(cause) for cause in causes(record) if cause.speaks]
    sentence = FAULT_SENTENCES[faults[0]].rstrip(".") if faults else ""
    return "; ".join(derived[:_CAUSES]) or sentence


# ------------------------------------------------------------------------------------------------ what did not move
def _unmoved(kind: str, record: RunRecord) -> str:
    pooled = [result for result in record.drift if result.key.scope == SUITE_SCOPE]
    risen = {dimension_of(result) for result in record.drift if result.state in _RISEN} | _told_elsewhere(record)
    quiet = _dimensions(pooled, StreamState.QUIET, risen)
    parts = ["every contract is kept"] if kind == "drift" and _kept(tally.findings(record), record) else []
    parts += [f"{join_words(quiet)} {'has' if len(quiet) == 1 else 'have'} not moved"] if quiet else []
    young = _dimensions(pooled, StreamState.COLLECTING, risen)
    parts += [f"of {join_words(young)} nothing is known yet"] if young else []
    return "; ".join(parts)


_RISEN = frozenset({StreamState.WATCH, StreamState.WARN, StreamState.ALARM})


def _kept(findings: Sequence[Finding], record: RunRecord) -> bool:
    return any(f.mode == "contract" for f in findings) and not tally.broken_contracts(record)


def _dimensions(results: Sequence[StreamResult], state: StreamState, risen: set[str]) -> list[str]:
    names = dict.fromkeys(dimension_of(result) for result in results if result.state is state)
    return [name for name in names if name not in risen]

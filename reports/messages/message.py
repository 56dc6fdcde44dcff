"""What is told of a transition: headline, facts, one answer before and after, where to read on. Feeds notifiers.

Pure. Answers and messages of endpoints are quoted, shortened; each notifier escapes them for its own channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from checks.drift.result import SUITE_SCOPE
from checks.finding import Finding, Status
from probes.duration import format_duration
from probes.privacy import is_hashed
from probes.sample import Sample
from probes.suite import Owner
from reports import tally
from reports.alerts.escalating import UNANSWERED
from reports.alerts.incidents import broken, moved
from reports.alerts.machine import Transition
from reports.escaping import one_line, visible
from reports.evidence.answer_diff import distance, nearest
from reports.messages.bearings import Bearings, bearings
from reports.notice import AlertEvent, Notice
from reports.summary import BaselineView, RunRecord
from reports.wording import instant

ANSWER_CHARS = 300
_DETAIL, _DETAIL_CHARS = " - ", 160
_WRONG = {
    "contract": "contract broken",
    "policy": "policy broken",
    "availability": "not available",
    "drift": "drift",
    "no-data": "no data",
    "spend": "spending limit reached",
}
_OVER = {
    "contract": "contract kept again",
    "policy": "policy kept again",
    "availability": "available again",
    "drift": "drift is over",
    "no-data": "data again",
    "spend": "within the spending limit again",
}
_OF_THE_MOMENT = re.compile(rf", for (?:under a second|\d[\w. ]*) now(?:, {UNANSWERED})?$")
_WHY = " --reason 'looking into it'"
"""A reason that can be pasted as it is."""
_SEEN_IN_ANSWERS = ("answers", "checks", "refusals", "finish", "tokens.output")
"""Streams whose moves a person can see by reading an answer."""


def notice(
    transition: Transition,
    record: RunRecord,
    baseline: BaselineView | None,
    owner: Owner,
    report: str,
    replay: str,
    *,
    false_alarms_per_year: float | None = None,
    reach: str = "",
    acknowledged: str = "",
) -> Notice:
    """The message of one transition.

    Args:
        transition: What happened.
        record: The run that brought it about.
        baseline: What is normal, where it is known: gives the answer ``before``.
        owner: Whom what broke belongs to.
        report: Where the evidence page is, a URL or a path; may be empty.
        replay: The command that recomputes the verdict; may be empty.
        false_alarms_per_year: The budget of the whole installation, where it is known.
        reach: What commands need to find the store (`` --store PATH``); may be empty.
        acknowledged: Who looks after it, in words; empty while nobody does.
    """
    over = transition.event is AlertEvent.RESOLVED
    well = over or transition.well
    before, after = ("", "") if well else _answers(transition.kind, record, baseline)
    where = (
        Bearings()
        if well
        else bearings(transition.kind, record, transition.faults, false_alarms_per_year=false_alarms_per_year)
    )
    return Notice(
        incident_id=transition.incident_id,
        key=transition.key,
        event=transition.event,
        kind=transition.kind,
        severity=transition.severity,
        suite=record.suite,
        endpoint=record.endpoint,
        run_id=record.run_id,
        at=transition.at,
        opened_at=transition.opened_at,
        headline=_headline(transition, f"{record.suite} at {record.endpoint}"),
        facts=transition.facts,
        before=before,
        after=after,
        failures=() if well else tuple(f"{f.kind} x{f.count}" for f in tally.failures(record.samples)),
        faults=transition.faults,
        team=owner.team,
        contact=owner.contact,
        runbook=owner.runbook,
        report=report,
        replay=replay,
        sure=where.sure,
        since="" if over else where.since or _began(transition),
        extent=where.extent,
        cause=where.cause,
        unmoved=where.unmoved,
        closed=over and bool(transition.reason),
        acknowledged="" if over else acknowledged,
        silence="" if over else f"holdfast silence {transition.incident_id} --for 2h{_WHY}{reach}",
        acknowledge="" if over or acknowledged else f"holdfast alerts ack {transition.incident_id}{_WHY}{reach}",
    )


# ------------------------------------------------------------------------------------------------ headline
def _headline(transition: Transition, where: str) -> str:
    lasted = lasted_words(transition.opened_at, transition.at)
    wrong = _WRONG.get(transition.kind, transition.kind)
    if transition.event is AlertEvent.RESOLVED:
        over = _OVER.get(transition.kind, f"{transition.kind} is over")
        closed = f"{transition.kind} alert closed, {transition.reason}; it was open for {lasted}"
        return f"{where}: {closed if transition.reason else f'{over} after {lasted}'}"
    if transition.well:
        return f"{where}: {transition.kind} {transition.reason}; well at this moment - {''.join(transition.facts[:1])}"
    if transition.event in (AlertEvent.REMINDER, AlertEvent.ESCALATED):
        wrong = f"{wrong}, for {lasted} now"
    if transition.reason:
        wrong = f"{wrong}, {transition.reason}"
    detail = transition.summary or "".join(transition.facts[:1])
    return f"{where}: {wrong}{_DETAIL}{one_line(detail, _DETAIL_CHARS)}" if detail else f"{where}: {wrong}"


def said_later(headline: str) -> str:
    """A headline without what was so only when it was written: how long it had lasted, that nobody had taken it."""
    head, mark, detail = headline.partition(_DETAIL)
    return _OF_THE_MOMENT.sub("", head) + mark + detail


def _began(transition: Transition) -> str:
    """When it was first bad, where that was before it opened: k of n, or a time, had to be waited for."""
    since = transition.bad_since
    if since is None or since >= transition.opened_at:
        return ""
    return f"{instant(since)}, with the first of the bad runs in a row"


def lasted_words(since: datetime, until: datetime) -> str:
    """How long something lasted, for people: ``2h 15m``."""
    seconds = (until - since).total_seconds()
    return format_duration(seconds) if seconds >= 1 else "under a second"


# ------------------------------------------------------------------------------------------------ answers
def _answers(kind: str, record: RunRecord, baseline: BaselineView | None) -> tuple[str, str]:
    sample = _telling(kind, record, baseline)
    if sample is None or not sample.answer or is_hashed(sample.answer):
        return "", ""  # a hash tells a person nothing
    normal = nearest(sample.answer, _normal(sample.probe, record, baseline)) if baseline else None
    return _shortened(normal or ""), _shortened(sample.answer)


def _normal(probe: str, record: RunRecord, baseline: BaselineView) -> tuple[tuple[str, int], ...]:
    """Baseline answers that may be shown as normal: a baseline may have learned while a contract was broken."""
    broke = tally.broken_contracts(record)
    ids = {e.sample_id for finding in broke for e in finding.outcomes if e.outcome.status is Status.FAIL}
    now = {sample.answer for sample in record.samples if sample.sample_id in ids}
    wrong = now | baseline.broken.get(probe, frozenset())
    return tuple(entry for entry in baseline.answers.get(probe, ()) if entry[0] not in wrong)


def _telling(kind: str, record: RunRecord, baseline: BaselineView | None) -> Sample | None:
    """The sample whose answer shows best what is wrong."""
    if kind in ("contract", "policy"):
        return next((sample for finding in broken(record, kind) if (sample := _failing(record, finding))), None)
    if kind != "drift":
        return None
    streams = [r for r in moved(record) if r.key.dimension.startswith(_SEEN_IN_ANSWERS)]
    scopes = {result.key.scope for result in streams} - {SUITE_SCOPE}
    samples = [s for s in record.samples if s.answer and (not scopes or s.probe in scopes)]
    return _farthest(samples, baseline) if streams else None


def _failing(record: RunRecord, finding: Finding) -> Sample | None:
    failed = {entry.sample_id for entry in finding.outcomes if entry.outcome.status is Status.FAIL}
    return next((s for s in record.samples if s.sample_id in failed and s.answer), None)


def _farthest(samples: Sequence[Sample], baseline: BaselineView | None) -> Sample | None:
    """The answer least like its probe's baseline; the first one where nothing can be compared."""
    known = baseline.answers if baseline else {}

    def apart(sample: Sample) -> float:
        answer = sample.answer or ""
        normal = nearest(answer, known.get(sample.probe, ()))
        return -1.0 if normal is None else distance(answer, normal)

    return max(samples, key=apart, default=None)


def _shortened(text: str) -> str:
    shown = visible(text[: ANSWER_CHARS + 1]).strip()
    return shown if len(shown) <= ANSWER_CHARS else shown[: ANSWER_CHARS - 1].rstrip() + "\u2026"

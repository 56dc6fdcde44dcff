"""Samples and findings of a run in the form in which they may be kept. Feeds ``runs``; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from checks.finding import Finding, Outcome
from checks.removal import Cut, moved
from probes.conversation import Message
from probes.route import Route
from probes.sample import Attempt, Document, Sample, Step, ToolCall
from reports.keeping.texts import UNTOLD, Pen

TELLS_FIGURES = frozenset(
    {
        "attempts",
        "cost",
        "first_token",
        "input_tokens",
        "length",
        "longest_gap",
        "output_tokens",
        "reasoning_tokens",
        "status",
        "tokens_per_second",
        "total_time",
    }
)
"""Checks whose reasons hold figures and no texts."""
TELLS_NO_TEXT = TELLS_FIGURES | {"finish", "format", "json_valid", "language", "no_refusal", "refusal", "route"}
"""Checks whose arguments are no texts either."""
_ROUTE_NAMES = tuple(f.name for f in fields(Route) if f.name not in ("fallbacks", "retries", "attempts", "cache"))


# ------------------------------------------------------------------------------------------------ what came
def learn(pen: Pen, sample: Sample) -> None:
    """Let the pen see all that a sample tells, so that what is taken out of one text goes from all texts of the run."""
    if pen.whole:
        return
    said = [*_said(sample), *(text for step in sample.steps for text in _said(step))]
    said += [text for step in sample.steps for text in step.tool_results]
    failures = (sample.failure, *(attempt.failure for attempt in sample.attempts))
    for text in (*said, *(failure.message for failure in failures if failure is not None)):
        pen.cuts(text)


def _said(told: Sample | Step) -> Iterator[str]:
    yield from (text for text in (told.answer, told.refusal) if text)
    yield from (call.arguments for call in told.tool_calls)
    yield from (document.text for document in told.documents or () if document.text)
    yield from told.citations


def kept_sample(pen: Pen, sample: Sample) -> Sample:
    """A sample as it may be kept; its numbers stay, ``answer_chars`` among them."""
    if pen.whole:
        return sample
    return replace(
        sample,
        answer=pen.said(sample.answer),
        answer_chars=sample.chars,
        refusal=pen.said(sample.refusal),
        tool_calls=_calls(pen, sample.tool_calls),
        documents=_documents(pen, sample.documents),
        citations=_citations(pen, sample.citations),
        steps=tuple(_step(pen, step) for step in sample.steps),
        failure=pen.failure(sample.failure),
        attempts=tuple(_attempt(pen, attempt) for attempt in sample.attempts),
        headers={} if pen.silent else pen.lines(sample.headers),
        filters=pen.lines(sample.filters),
        finish_raw=_line(pen, sample.finish_raw),
        told_trace_id=_line(pen, sample.told_trace_id),
        route=_route(pen, sample.route),
        usage=replace(sample.usage, raw={} if pen.silent else pen.deep(sample.usage.raw)),
    )


def _line(pen: Pen, text: str | None) -> str | None:
    return None if text is None else pen.line(text)


def _calls(pen: Pen, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(
        replace(call, id=pen.line(call.id), name=pen.line(call.name), arguments=pen.said(call.arguments) or "")
        for call in calls
    )


def _documents(pen: Pen, documents: Sequence[Document] | None) -> tuple[Document, ...] | None:
    if documents is None:
        return None
    return tuple(replace(one, id=pen.line(one.id), text=pen.said(one.text)) for one in documents)


def _citations(pen: Pen, citations: Sequence[str]) -> tuple[str, ...]:
    return tuple(kept for one in citations if (kept := pen.said(one)) is not None)


def _route(pen: Pen, route: Route) -> Route:
    told: dict[str, Any] = {name: _line(pen, getattr(route, name)) for name in _ROUTE_NAMES}
    return replace(route, **told)


def _attempt(pen: Pen, attempt: Attempt) -> Attempt:
    return replace(attempt, failure=pen.failure(attempt.failure))


def _step(pen: Pen, step: Step) -> Step:
    return replace(
        step,
        answer=pen.said(step.answer),
        refusal=pen.said(step.refusal),
        tool_calls=_calls(pen, step.tool_calls),
        tool_results=tuple(pen.said(text) or "" for text in step.tool_results),
        documents=_documents(pen, step.documents),
        citations=_citations(pen, step.citations),
        filters=pen.lines(step.filters),
        finish_raw=_line(pen, step.finish_raw),
        route=_route(pen, step.route),
        usage=replace(step.usage, raw={} if pen.silent else pen.deep(step.usage.raw)),
    )


# ------------------------------------------------------------------------------------------------ what was asked
def kept_conversation(pen: Pen, conversation: Sequence[Message]) -> tuple[Message, ...]:
    """What was asked, as it may be kept; nothing where no text is. Files are shown as one line each anyway."""
    if pen.whole:
        return tuple(conversation)
    shown = [message.shown() for message in conversation]
    texts = [(message.role, pen.said(message.text)) for message in shown]
    return tuple(Message(role=role, content=text) for role, text in texts if text is not None)


# ------------------------------------------------------------------------------------------------ what checks say
def kept_finding(pen: Pen, finding: Finding, cuts: Mapping[str, Sequence[Cut]]) -> Finding:
    """A finding as it may be kept. ``cuts``: by sample id, what was taken out of the answer: places move with it."""
    if pen.whole:
        return finding
    return replace(
        finding,
        argument=pen.line(finding.argument) if finding.check in TELLS_NO_TEXT else pen.named(finding.argument),
        reason=_reason(pen, finding.check, finding.reason),
        outcomes=tuple(
            replace(entry, outcome=_outcome(pen, finding.check, entry.outcome, cuts.get(entry.sample_id, ())))
            for entry in finding.outcomes
        ),
    )


def _outcome(pen: Pen, check: str, outcome: Outcome, cuts: Sequence[Cut]) -> Outcome:
    span = None if pen.silent else moved(outcome.span, cuts)
    return replace(outcome, reason=_reason(pen, check, outcome.reason), span=span)


def _reason(pen: Pen, check: str, reason: str) -> str:
    if check in TELLS_FIGURES or not pen.silent:
        return pen.line(reason)
    return UNTOLD if reason else ""

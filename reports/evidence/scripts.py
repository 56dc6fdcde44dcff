"""Conversations of several requests, turn by turn: what was asked, said and called, and what checks said of it.

Feeds the HTML pages. Pure. All texts in the results are hostile, those of the suite itself among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest

from checks.finding import Finding, Outcome, Status
from probes.failure import IN_TURN
from probes.sample import Sample, Step, ToolCall
from probes.suite import Message
from reports.summary import ProbeRecord, RunRecord

SCRIPTS_SHOWN = 12
_BAD = (Status.FAIL, Status.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call with what the script answered."""

    call: ToolCall
    result: str | None
    """None where nothing was scripted for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One request of a turn."""

    step: Step
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one check says of this very sample."""

    finding: Finding
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnShown:
    """One turn of a script."""

    number: int
    """Counted from 1."""
    asked: str
    """Empty where the text has expired."""
    rounds: tuple[Round, ...]
    """Empty where the script did not get that far, or failed in this turn's first request."""
    looked: tuple[Looked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One sample of a probe that took several requests."""

    probe: str
    sample: Sample
    turns: tuple[TurnShown, ...]
    looked: tuple[Looked, ...]
    """What checks say of the answer as a whole."""
    telling: bool
    """True where something is wrong with it."""


def conversations(record: RunRecord) -> tuple[Conversation, ...]:
    """One telling sample of each probe with steps, and one that failed halfway; those with something wrong first."""
    found = [_shown(probe, sample) for probe in record.probes for sample in _chosen(probe)]
    return tuple(sorted(found, key=lambda one: not one.telling)[:SCRIPTS_SHOWN])


def _chosen(probe: ProbeRecord) -> Iterator[Sample]:
    """A sample that failed a check before one that did not; and the one that got furthest before it failed."""
    several = [sample for sample in probe.samples if sample.steps]
    whole = [sample for sample in several if sample.failure is None]
    broken = [sample for sample in several if sample.failure is not None]
    if whole:
        yield max(whole, key=lambda sample: (_is_bad(probe, sample), -sample.index))
    if broken:
        yield max(broken, key=lambda sample: (len(sample.steps), -sample.index))


def _is_bad(probe: ProbeRecord, sample: Sample) -> bool:
    return sample.failure is not None or any(one.outcome.status in _BAD for one in _looked(probe, sample))


def _looked(probe: ProbeRecord, sample: Sample) -> list[Looked]:
    return [
        Looked(finding=finding, outcome=entry.outcome)
        for finding in probe.findings
        for entry in finding.outcomes
        if entry.sample_id == sample.sample_id and entry.outcome.status is not Status.SKIPPED
    ]


def _shown(probe: ProbeRecord, sample: Sample) -> Conversation:
    looked = _looked(probe, sample)
    asked = _questions(probe.conversation, script=_is_script(probe))
    asked += [""] * (1 + max(step.turn for step in sample.steps) - len(asked))
    return Conversation(
        probe=probe.probe,
        sample=sample,
        turns=tuple(_turn(sample, at, text, looked) for at, text in enumerate(asked)),
        looked=tuple(one for one in looked if one.finding.turn is None),
        telling=_is_bad(probe, sample),
    )


def _turn(sample: Sample, at: int, asked: str, looked: Sequence[Looked]) -> TurnShown:
    return TurnShown(
        number=at + 1,
        asked=asked,
        rounds=tuple(_round(step) for step in sample.steps if step.turn == at),
        looked=tuple(one for one in looked if one.finding.turn == at + 1),
    )


def _round(step: Step) -> Round:
    paired = zip_longest(step.tool_calls, step.tool_results[: len(step.tool_calls)])
    return Round(step=step, calls=tuple(Call(call=call, result=result) for call, result in paired))


def _is_script(probe: ProbeRecord) -> bool:
    """True where there were several turns, not only rounds of tools within one."""
    checked = any(finding.turn for finding in probe.findings)
    reached = any(step.turn for sample in probe.samples for step in sample.steps)
    broke = any(s.failure is not None and s.failure.message.startswith(IN_TURN) for s in probe.samples)
    return checked or reached or broke


def _questions(conversation: Sequence[Message], *, script: bool) -> list[str]:
    """What the user said in each turn: the messages at the end of the conversation that are the user's.

    A script's turns follow one another there, without the answers between them. A tool loop is one turn, and what
    begins a conversation may end with a message of the user too: of a single turn only the last counts.
    """
    last = [message.text for message in takewhile(lambda message: message.role == "user", reversed(conversation))]
    return last[::-1] if script else last[:1]

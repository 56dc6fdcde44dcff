"""What all judge checks share: a task worded, put to the judge as often as votes say, and the majority of its verdicts.

Three-valued like all checks: a missing, broken or tied verdict is an error, so a judge that fails can neither pass an
answer nor, under ``not``, fail one into passing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.consulting import UNASKED, Consulting
from checks.finding import Outcome, Status
from checks.inquiry import Inquiry, InquiryReply
from checks.judging.prompts import SYSTEM, VERSION, ending
from checks.judging.quoting import marked_off, too_long
from checks.judging.verdicts import ended_with, holds_verdict, reason_of, verdict_of
from probes.fault import Fault
from probes.forms import Name
from probes.judge import Votes
from probes.sample import Sample


class JudgedArgument(Argument):
    """Base of the arguments of judge checks: who is asked, and how often."""

    judge: Name | None = None
    """Name of the endpoint to ask; left out, the suite's judge."""
    votes: Votes | None = None
    """How often it is asked; left out, what the suite's judge says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to be judged."""

    instructions: str
    parts: Mapping[str, str]
    """The texts to be examined, by name."""
    offered: tuple[str, ...] = ()
    """Verdicts to choose from; empty where the instructions ask for another form."""


class Judged(Consulting):
    """Base of judge checks. A check words its tasks and says what a verdict means."""

    name: ClassVar[str]
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER
    version: ClassVar[int] = VERSION
    """Of the prompt, and so of the check: a changed one starts a new line of history."""

    def __init__(self, argument: JudgedArgument) -> None:
        self.judge = argument.judge
        self._votes = argument.votes

    # ---------------------------------------------------------------------------------------- what each check says
    @abstractmethod
    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        """What to put to the judge; an outcome where that is certain without, or cannot be asked."""

    @abstractmethod
    def read(self, tasks: Sequence[Task], replies: Sequence[str]) -> Outcome:
        """What the replies of one vote mean, one a task."""

    # ---------------------------------------------------------------------------------------- what all do
    def questions(self, sample: Sample, context: CheckContext) -> tuple[Inquiry, ...]:
        tasks = self.tasks(sample, context)
        if isinstance(tasks, Outcome) or any(too_long(task.parts) for task in tasks):
            return ()
        return tuple(self._inquiry(task, vote) for vote in range(self._number(context)) for task in tasks)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        """Read the verdicts; the majority of the votes counts."""
        tasks = self.tasks(sample, context)
        if isinstance(tasks, Outcome):
            return tasks
        if cut := next(filter(None, (too_long(task.parts) for task in tasks)), ""):
            return unmeasured(cut)
        heard = [
            [context.replies.get(self._inquiry(task, vote).key) for task in tasks]
            for vote in range(self._number(context))
        ]
        return majority([self._heard(tasks, replies) for replies in heard], _note(heard))

    def _heard(self, tasks: Sequence[Task], replies: Sequence[InquiryReply | None]) -> Outcome:
        told = []
        for reply in replies:
            if reply is None:
                return unmeasured(UNASKED)
            if reply.text is None:
                return unmeasured(reply.why or "the judge said nothing")
            if reply.suspect:
                return unmeasured(reply.suspect)
            told.append(reply.text)
        return self.read(tasks, told)

    def _number(self, context: CheckContext) -> int:
        return self._votes or context.votes

    def _inquiry(self, task: Task, vote: int) -> Inquiry:
        closing = f"\n\n{ending(task.offered)}" if task.offered else ""
        return Inquiry(
            purpose=f"{self.name}/{self.version}",
            kind="verdict",
            system=SYSTEM,
            text=f"{marked_off(task.parts)}\n\n{task.instructions}{closing}",
            endpoint=self.judge,
            offered=task.offered,
            vote=vote,
        )


class ByVerdict(Judged):
    """Base of judge checks whose every task ends with one of the offered verdicts."""

    @abstractmethod
    def decided(self, verdicts: Sequence[str]) -> Outcome:
        """What the verdicts mean, one a task, all of them offered. On a fail the judge's reasons are put behind."""

    def read(self, tasks: Sequence[Task], replies: Sequence[str]) -> Outcome:
        """What the replies of one vote mean, one a task."""
        verdicts = []
        for task, reply in zip(tasks, replies, strict=True):
            verdict = verdict_of(reply, task.offered)
            if verdict is None:
                offered = ", ".join(task.offered)
                return unmeasured(f"the judge gave no verdict (one of {offered}); it ended with '{ended_with(reply)}'")
            if any(holds_verdict(text, verdict) for text in task.parts.values()):
                return unmeasured(
                    f"the text it judged holds the verdict {verdict} itself, so the judge may have repeated it"
                )
            verdicts.append(verdict)
        outcome = self.decided(verdicts)
        if outcome.status is Status.PASS:
            return PASSED
        return Outcome(status=outcome.status, reason=f"{outcome.reason}; it said: {reason_of(replies[0])}")


def majority(votes: Sequence[Outcome], note: str = "") -> Outcome:
    """The outcome that more than half of all votes have, broken ones counted among them; an error where none has."""
    for status in (Status.PASS, Status.FAIL, Status.SKIPPED):
        alike = [vote for vote in votes if vote.status is status]
        if 2 * len(alike) > len(votes):
            return _told(alike, len(votes), note)
    broke = [vote for vote in votes if vote.status is Status.ERROR]
    if broke and (len(votes) == 1 or len(broke) == len(votes)):
        return broke[0]
    counts = ", ".join(
        f"{sum(v.status is s for v in votes)} {s.value}" for s in Status if s in [v.status for v in votes]
    )
    return unmeasured(f"the judge's {len(votes)} votes have no majority: {counts}")


def _told(alike: Sequence[Outcome], of: int, note: str) -> Outcome:
    first = alike[0]
    if first.status is Status.PASS:
        return PASSED
    count = f"{len(alike)} of {of} votes: " if of > 1 else ""
    behind = f" ({note})" if note else ""
    told = f"{count}{first.reason}"
    return failed(told + behind) if first.status is Status.FAIL else Outcome(status=first.status, reason=told)


def _note(heard: Sequence[Sequence[InquiryReply | None]]) -> str:
    return next((reply.moved for replies in heard for reply in replies if reply is not None and reply.moved), "")


def answer_of(sample: Sample) -> Outcome | str:
    """The text to be judged; an outcome where there is none."""
    return unmeasured("there is no text to be judged") if sample.answer is None else sample.answer


def shown(question: str, **parts: str) -> dict[str, str]:
    """The texts of a task by their names; the question first, where it is known."""
    named: dict[str, Any] = {name.replace("_", " "): text for name, text in parts.items()}
    return {"question": question, **named} if question else named

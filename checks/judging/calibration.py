"""The known verdicts of a suite, made ready to be asked, and what they say of the judge. Feeds the runner."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from checks.check import CheckContext
from checks.consulting import consultants
from checks.finding import Outcome, Status
from checks.inquiry import Inquiry, InquiryReply
from checks.mistakes import BindProblem, SuiteProblem
from checks.quote import shortened
from checks.run_checks import BoundCheck, examined
from probes.judge import CalibrationCase
from probes.sample import Sample
from probes.suite import CheckSpec, Suite

Bind = Callable[[Sequence[CheckSpec]], tuple[tuple[BoundCheck, ...], tuple[BindProblem, ...]]]
_TOLD = 5
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVerdict:
    """One case of a calibration with its check bound."""

    check: BoundCheck
    case: CalibrationCase

    def questions(self, context: CheckContext) -> tuple[Inquiry, ...]:
        """What to ask about it."""
        asked = self._context(context)
        return tuple(q for rule in consultants(self.check.rule) for q in rule.questions(self._sample(), asked))

    def judged(self, context: CheckContext) -> Outcome:
        """What the check says of it, by the replies in the context."""
        return examined(self.check.rule, self._sample(), self._context(context))

    def _context(self, context: CheckContext) -> CheckContext:
        return CheckContext(
            baseline_answers=self.case.baseline,
            question=self.case.question,
            votes=context.votes,
            replies=context.replies,
        )

    def _sample(self) -> Sample:
        return Sample(
            sample_id="calibration",
            run_id="",
            suite="",
            endpoint="",
            probe="",
            index=0,
            request_hash="",
            trace_id="",
            started_at=_BEGINNING,
            answer=self.case.answer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many known verdicts a judge gave."""

    agree: int
    total: int
    unanswered: int = 0
    """Cases to which the judge gave no reply at all."""
    told: tuple[str, ...] = ()
    """Of the first few that differ: which case, what it said, what is known."""


def known_verdicts(suite: Suite, bind: Bind) -> tuple[tuple[KnownVerdict, ...], tuple[SuiteProblem, ...]]:
    """The cases of the suite's calibration, and everything wrong with their checks."""
    if suite.judge is None or suite.judge.calibration is None:
        return (), ()
    known: list[KnownVerdict] = []
    problems: list[SuiteProblem] = []
    place = ("judge", "calibration", "cases")
    for number, case in enumerate(suite.judge.calibration.cases):
        bound, found = bind([case.spec])
        problems += [SuiteProblem(path=(*place, number, *p.path), message=p.message, hint=p.hint) for p in found]
        problems += [_useless(case, (*place, number)) for check in bound if not _judges(check)]
        known += [KnownVerdict(check=check, case=case) for check in bound]
    return tuple(known), tuple(problems)


def agreement(known: Sequence[KnownVerdict], replies: Mapping[str, InquiryReply], votes: int) -> Agreement:
    """How many of the known verdicts came; one that is broken or missing did not."""
    context = CheckContext(replies=replies, votes=votes)
    told, unanswered = [], 0
    for number, one in enumerate(known, 1):
        heard = [replies.get(inquiry.key) for inquiry in one.questions(context)]
        unanswered += any(reply is None or reply.text is None for reply in heard)
        outcome = one.judged(context)
        if outcome.status is not Status(one.case.verdict):
            why = f": {outcome.reason}" if outcome.reason else ""
            told.append(shortened(f"case {number}: {outcome.status.value}, known {one.case.verdict}{why}", 200))
    return Agreement(agree=len(known) - len(told), total=len(known), unanswered=unanswered, told=tuple(told[:_TOLD]))


def fingerprint_of(known: Sequence[KnownVerdict], votes: int) -> str:
    """Hash of all that is asked, 16 hex digits: a result counts only for the same questions."""
    keys = [inquiry.key for one in known for inquiry in one.questions(CheckContext(votes=votes))]
    verdicts = [one.case.verdict for one in known]
    return hashlib.sha256(json.dumps([keys, verdicts]).encode()).hexdigest()[:16]


def _judges(check: BoundCheck) -> bool:
    asking = list(consultants(check.rule))
    return any(not rule.embedding and rule.judge is None for rule in asking)


def _useless(case: CalibrationCase, place: tuple[str | int, ...]) -> SuiteProblem:
    message = f"{case.check} does not ask the suite's judge, so it cannot show whether that has changed"
    return SuiteProblem(path=place, message=message, hint="calibrate with rubric, closed_question or factuality")

"""The check ``closed_question``: a judge answers a question about the answer with yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter

from checks.argument import Text
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.judging.judged import ByVerdict, JudgedArgument, Task, answer_of, shown
from checks.judging.prompts import CLOSED_QUESTION
from checks.quote import quoted
from probes.sample import Sample


class ClosedQuestionArgument(JudgedArgument):
    """The question, and what is to be said to it."""

    main: ClassVar[str] = "about"
    examples: ClassVar[tuple[Any, ...]] = (
        "Does the answer say within how many days?",
        {"about": "Does the answer promise a refund?", "expect": "no"},
    )

    about: Text
    """A question that yes or no answers."""
    expect: Literal["yes", "no"] = "yes"
    """What passes. Default yes."""


class ClosedQuestion(ByVerdict):
    """A judge answers a question about the answer as expected."""

    name: ClassVar[str] = "closed_question"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ClosedQuestionArgument)

    def __init__(self, argument: ClosedQuestionArgument) -> None:
        super().__init__(argument)
        self._about = argument.about
        self._expect = argument.expect

    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        answer = answer_of(sample)
        if isinstance(answer, Outcome):
            return answer
        parts = shown(context.question, question_about_the_answer=self._about, answer=answer)
        return [Task(instructions=CLOSED_QUESTION, parts=parts, offered=("YES", "NO"))]

    def decided(self, verdicts: Sequence[str]) -> Outcome:
        said = verdicts[0].lower()
        if said == self._expect:
            return PASSED
        return failed(f"the judge says {said}, expected {self._expect}, to {quoted(self._about, 80)}")

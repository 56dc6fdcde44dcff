"""The check ``rubric``: a judge says whether the answer meets criteria in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter

from checks.argument import Text
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.judging.judged import ByVerdict, JudgedArgument, Task, answer_of, shown
from checks.judging.prompts import RUBRIC, SCORE
from checks.quote import quoted
from probes.forms import Whole
from probes.sample import Sample

SCORES = ("1", "2", "3", "4", "5")


class Criteria(JudgedArgument):
    """What the answer must fulfil, and from which score on it does."""

    main: ClassVar[str] = "criteria"
    examples: ClassVar[tuple[Any, ...]] = (
        "Names the period of 30 days and says that the receipt is needed.",
        {"criteria": "Is polite and offers one next step.", "pass_at": 4, "votes": 3},
    )

    criteria: Text
    pass_at: Annotated[Whole, Field(ge=2, le=5)] | None = None
    """Lowest score of 1 to 5 that passes; left out, the judge says pass or fail."""


class Rubric(ByVerdict):
    """A judge finds that the answer meets the criteria."""

    name: ClassVar[str] = "rubric"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Criteria)

    def __init__(self, argument: Criteria) -> None:
        super().__init__(argument)
        self._criteria = argument.criteria
        self._pass_at = argument.pass_at

    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        answer = answer_of(sample)
        if isinstance(answer, Outcome):
            return answer
        parts = shown(context.question, criteria=self._criteria, answer=answer)
        if self._pass_at is None:
            return [Task(instructions=RUBRIC, parts=parts, offered=("PASS", "FAIL"))]
        return [Task(instructions=SCORE, parts=parts, offered=SCORES)]

    def decided(self, verdicts: Sequence[str]) -> Outcome:
        (verdict,) = verdicts
        criteria = quoted(self._criteria, 80)
        if self._pass_at is None:
            return PASSED if verdict == "PASS" else failed(f"the judge finds that it does not meet {criteria}")
        if int(verdict) >= self._pass_at:
            return PASSED
        return failed(f"the judge gives {verdict} of 5, expected at least {self._pass_at}, for {criteria}")

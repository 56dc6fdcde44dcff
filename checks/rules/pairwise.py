"""The check ``pairwise``: a judge compares the answer with that of the baseline, in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Text, one_or_many
from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.finding import Outcome
from checks.goldens import NO_BASELINE
from checks.judging.judged import ByVerdict, JudgedArgument, Task, answer_of, shown
from checks.judging.prompts import PAIRWISE
from checks.quote import quoted
from probes.sample import Sample

OFFERED = ("FIRST", "SECOND", "EQUAL")
_ANSWER_FIRST = {"FIRST": "better", "SECOND": "worse", "EQUAL": "equal"}
_ANSWER_SECOND = {"FIRST": "worse", "SECOND": "better", "EQUAL": "equal"}
_One = {"enum": ["better", "equal", "worse"]}
Preference = Literal["better", "equal", "worse"]


class Comparison(JudgedArgument):
    """By what the answers are compared, and which outcome passes."""

    main: ClassVar[str] = "criteria"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        "Which answer is more correct and more complete?",
        {"criteria": "Which answer is easier to follow?", "pass_on": ["better", "equal"]},
        None,
    )

    criteria: Text = "Which answer helps the one who asked more, by being correct, complete and to the point?"
    pass_on: Annotated[
        tuple[Preference, ...],
        BeforeValidator(one_or_many),
        Field(min_length=1, max_length=2),
        WithJsonSchema({"anyOf": [_One, {"type": "array", "items": _One, "minItems": 1, "maxItems": 2}]}),
    ] = ("better", "equal")
    """How the answer may compare with the baseline's. Default better and equal."""


class Pairwise(ByVerdict):
    """A judge prefers the answer to that of the baseline, or finds them equal, whichever of the two comes first.

    Compared with the most frequent answer of the baseline. A judge that changes its mind with the order has not given
    a verdict: an error. Skipped while there is no baseline.
    """

    name: ClassVar[str] = "pairwise"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Comparison)

    def __init__(self, argument: Comparison) -> None:
        super().__init__(argument)
        self._criteria = argument.criteria
        self._pass_on = argument.pass_on

    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        answer = answer_of(sample)
        if isinstance(answer, Outcome):
            return answer
        if not context.baseline_answers:
            return skipped(NO_BASELINE)
        ((baseline, _),) = Counter(context.baseline_answers).most_common(1)
        if answer == baseline:
            return PASSED if "equal" in self._pass_on else failed("the answer is the baseline's own, word for word")
        return [self._task(context, answer, baseline), self._task(context, baseline, answer)]

    def _task(self, context: CheckContext, first: str, second: str) -> Task:
        parts = shown(context.question, criteria=self._criteria, first_answer=first, second_answer=second)
        return Task(instructions=PAIRWISE, parts=parts, offered=OFFERED)

    def decided(self, verdicts: Sequence[str]) -> Outcome:
        one, other = _ANSWER_FIRST[verdicts[0]], _ANSWER_SECOND[verdicts[1]]
        if one != other:
            return unmeasured(f"the judge changes its mind with the order: {one} as the first, {other} as the second")
        if one in self._pass_on:
            return PASSED
        accepted = " or ".join(self._pass_on)
        return failed(
            f"the judge finds it {one}, expected {accepted} than the baseline, by {quoted(self._criteria, 80)}"
        )

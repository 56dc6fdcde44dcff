"""The check ``factuality``: how the facts of the answer relate to those of an expert answer, in a judge's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Text, one_or_many
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.judging.judged import ByVerdict, JudgedArgument, Task, answer_of, shown
from checks.judging.prompts import FACTUALITY
from checks.quote import quoted
from probes.sample import Sample

Relation = Literal["subset", "superset", "same", "disagree", "differ"]
RELATIONS: dict[str, str] = {
    "subset": "states only a part of what is expected",
    "superset": "states more than what is expected",
    "same": "states just what is expected",
    "disagree": "contradicts what is expected",
    "differ": "differs harmlessly from what is expected",
}
"""What each relation says of the answer."""
_One = {"enum": list(RELATIONS)}


class Facts(JudgedArgument):
    """What is true, and which relations to it pass."""

    main: ClassVar[str] = "expected"
    examples: ClassVar[tuple[Any, ...]] = (
        "Canberra is the capital of Australia.",
        {"expected": "Returns are possible within 30 days, with the receipt.", "pass_on": ["same", "superset"]},
    )

    expected: Text
    pass_on: Annotated[
        tuple[Relation, ...],
        BeforeValidator(one_or_many),
        Field(min_length=1, max_length=4),
        WithJsonSchema({"anyOf": [_One, {"type": "array", "items": _One, "minItems": 1, "maxItems": 4}]}),
    ] = ("subset", "superset", "same", "differ")
    """Relations that pass; left out, all but disagree."""


class Factuality(ByVerdict):
    """A judge finds that the answer's facts stand in an accepted relation to the expected ones."""

    name: ClassVar[str] = "factuality"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Facts)

    def __init__(self, argument: Facts) -> None:
        super().__init__(argument)
        self._expected = argument.expected
        self._pass_on = argument.pass_on

    def tasks(self, sample: Sample, context: CheckContext) -> Sequence[Task] | Outcome:
        answer = answer_of(sample)
        if isinstance(answer, Outcome):
            return answer
        parts = shown(context.question, expert_answer=self._expected, answer=answer)
        return [Task(instructions=FACTUALITY, parts=parts, offered=tuple(word.upper() for word in RELATIONS))]

    def decided(self, verdicts: Sequence[str]) -> Outcome:
        relation = verdicts[0].lower()
        if relation in self._pass_on:
            return PASSED
        accepted = " or ".join(self._pass_on)
        return failed(
            f"the judge finds {relation}: it {RELATIONS[relation]}, {quoted(self._expected, 80)}; accepted: {accepted}"
        )

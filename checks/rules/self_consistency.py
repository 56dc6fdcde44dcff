"""The check ``self_consistency``: the answers to one question, asked several times, agree with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, model_validator

from checks.agreement import Agreement, Answer, TooMany, agreement, likeness
from checks.argument import Argument, Text
from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.comparable import Reader, by_json, by_number, by_place, by_text
from checks.finding import Outcome
from checks.json_place import JsonPlace
from checks.numbers_in_text import DecimalMark
from probes.fault import Fault
from probes.sample import Sample
from probes.suite import Share

_SIMILAR = 0.8


class Consistency(Argument):
    """The share of the answers that must agree, and what of them is compared."""

    main: ClassVar[str] = "at_least"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        "80%",
        {"by": "number", "at_least": 0.6},
        {"json_path": "$.total"},
        {"by": "similarity", "similarity": "75%"},
        None,
    )

    at_least: Annotated[Share, Field(gt=0)] = 1.0
    by: Literal["text", "json", "number", "similarity"] | None = None
    json_path: Text | None = None
    similarity: Annotated[Share, Field(gt=0)] | None = None
    decimal: DecimalMark | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Consistency:
        belongs = (("json_path", "json"), ("similarity", "similarity"), ("decimal", "number"))
        given = [(option, by) for option, by in belongs if getattr(self, option) is not None]
        for option, by in given:
            if self.by not in (None, by) or len(given) > 1:
                raise ValueError(f"{option} goes with by: {by} only")
        return self


class SelfConsistency:
    """Every answered sample agrees with the largest group of samples that say the same.

    Where that group is large enough, those outside it are skipped: so much disagreement was allowed. Where it is not,
    they fail; and where it is no majority either, all fail. With fewer than two answers there is nothing to compare.
    """

    name: ClassVar[str] = "self_consistency"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Consistency)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Consistency) -> None:
        self._at_least = argument.at_least
        alike = argument.by == "similarity" or argument.similarity is not None
        self._similarity = (argument.similarity or _SIMILAR) if alike else None
        self._read = _reader(argument)
        self._last: tuple[Sequence[Sample], tuple[Answer, ...], Agreement | TooMany] | None = None

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if len(context.siblings) < 2:
            return skipped(f"{len(context.siblings)} answered samples, two are needed to compare")
        answers, agreed = self._compared(context.siblings)
        if isinstance(agreed, TooMany):
            return unmeasured(str(agreed))
        number = next((n for n, other in enumerate(context.siblings) if other.sample_id == sample.sample_id), None)
        mine = self._read(sample) if number is None else answers[number]
        return self._judged(agreed, mine, member=number in agreed.members)

    def _compared(self, siblings: Sequence[Sample]) -> tuple[tuple[Answer, ...], Agreement | TooMany]:
        # the same for every sample of a run, so it is done once: each sample would read all answers again otherwise
        if self._last is None or self._last[0] is not siblings:
            answers = tuple(map(self._read, siblings))
            self._last = siblings, answers, self._agreement(answers)
        return self._last[1:]

    def _agreement(self, answers: Sequence[Answer]) -> Agreement | TooMany:
        if self._similarity is None:
            return agreement(answers)
        try:
            return likeness(answers, self._similarity)
        except TooMany as error:
            return error

    def _judged(self, agreed: Agreement, mine: Answer, *, member: bool) -> Outcome:
        count = f"{len(agreed.members)} of {agreed.total} on {agreed.shown}" if agreed.members else "none to compare"
        if agreed.reaches(self._at_least):
            return PASSED if member else skipped(f"outside the group that agrees, {count}; this one has {mine.shown}")
        wanted = f"expected {100 * self._at_least:g}% of the answers to agree, got {count}"
        if member and agreed.is_majority:
            return PASSED
        where = "one of them" if member else f"this one has {mine.shown}"
        return failed(f"{wanted}, no majority; {where}" if not agreed.is_majority else f"{wanted}; {where}")


def _reader(argument: Consistency) -> Reader:
    if argument.json_path is not None:
        return by_place(JsonPlace(argument.json_path))
    if argument.by == "number" or argument.decimal is not None:
        return by_number(argument.decimal or ".")
    return by_json if argument.by == "json" else by_text

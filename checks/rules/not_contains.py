"""The check ``not_contains``: texts that must not occur in the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.phrases import Phrases, around, find
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample


class NotContains:
    """None of the texts occurs, whichever list they stand in; ``span`` is the first hit of the first text found."""

    name: ClassVar[str] = "not_contains"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Phrases)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Phrases) -> None:
        self._texts = (*(argument.all_of or ()), *(argument.any_of or ()))
        self._ignore_case = argument.ignore_case

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        for text in self._texts:
            span = find(text, answer, ignore_case=self._ignore_case)
            if span:
                return failed(f"expected not to contain {quoted(text, 60)}, got {quoted(around(answer, span))}", span)
        return PASSED

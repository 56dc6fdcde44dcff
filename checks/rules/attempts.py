"""The check ``attempts``: how often we had to ask for one answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from probes.fault import FAULT_OF_FAILURE, Fault
from probes.sample import Sample


class MostAttempts(Argument):
    """The most requests one question may take, the successful one included."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = ({"max": 1}, 2)

    max: int = Field(ge=1, strict=True)


class Attempts:
    """The answer came within so many requests of ours; what a gateway repeats on its own is ``route``'s to judge."""

    name: ClassVar[str] = "attempts"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(MostAttempts)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.UNREACHABLE
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: MostAttempts) -> None:
        self._max = argument.max

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        took = sample.route.attempts
        if took <= self._max:
            return PASSED
        why = dict.fromkeys(attempt.failure.kind.value for attempt in sample.attempts if attempt.failure)
        told = f" after {', '.join(why)}" if why else ""
        broke = next((FAULT_OF_FAILURE[attempt.failure.kind] for attempt in sample.attempts if attempt.failure), None)
        return failed(f"expected an answer within {_times(self._max)}, got it in attempt {took}{told}", fault=broke)


def _times(number: int) -> str:
    return f"{number} attempt{'s' if number > 1 else ''}"

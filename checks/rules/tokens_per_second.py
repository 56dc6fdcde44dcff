"""The check ``tokens_per_second``: limits on how fast one answer was written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from probes.fault import Fault
from probes.sample import Sample


class SpeedLimits(Argument):
    """The slowest and the fastest allowed, in tokens a second; a number alone is the slowest."""

    main: ClassVar[str] = "min"
    examples: ClassVar[tuple[Any, ...]] = ({"min": 20}, 20, {"min": 20, "max": 500})

    min: float | None = Field(default=None, gt=0, allow_inf_nan=False, strict=True)
    max: float | None = Field(default=None, gt=0, allow_inf_nan=False, strict=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> SpeedLimits:
        if self.max is None and self.min is None:
            raise ValueError("no limit given; write min: or max:")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError(f"nothing is at least {self.min:g} and at most {self.max:g} tokens a second")
        return self


class TokensPerSecond:
    """The speed lies within the limits. Without a count of tokens it cannot be judged."""

    name: ClassVar[str] = "tokens_per_second"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(SpeedLimits)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.SLOW
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: SpeedLimits) -> None:
        self._min = argument.min
        self._max = argument.max

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        speed = sample.tokens_per_second
        if speed is None:
            return unmeasured("no speed to tell: the reply does not count its output tokens, or took no time")
        if self._min is not None and speed < self._min:
            return failed(f"expected at least {self._min:g} tokens a second, got {speed:.4g}")
        if self._max is not None and speed > self._max:
            return failed(f"expected at most {self._max:g} tokens a second, got {speed:.4g}")
        return PASSED

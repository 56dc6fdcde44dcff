"""The check ``output_tokens``: limits on the length of one answer, as the endpoint counts it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from probes.sample import Sample


class TokenLimits(Argument):
    """The most and the fewest tokens allowed, reasoning included; a number alone is the most."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = ({"max": 200}, 200, {"min": 5, "max": 200})

    max: int | None = Field(default=None, ge=1, strict=True)
    min: int | None = Field(default=None, ge=1, strict=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> TokenLimits:
        if self.max is None and self.min is None:
            raise ValueError("no limit given; write max: or min:")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError(f"no answer has at least {self.min} and at most {self.max} tokens")
        return self


class OutputTokens:
    """The endpoint's own count lies within the limits. A reply without a count cannot be judged."""

    name: ClassVar[str] = "output_tokens"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(TokenLimits)
    policy: ClassVar[bool] = False

    def __init__(self, argument: TokenLimits) -> None:
        self._max = argument.max
        self._min = argument.min

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        tokens = sample.usage.output_tokens
        if tokens is None:
            return unmeasured("the reply does not count its output tokens")
        if self._max is not None and tokens > self._max:
            return failed(f"expected at most {self._max} output tokens, got {tokens}")
        if self._min is not None and tokens < self._min:
            return failed(f"expected at least {self._min} output tokens, got {tokens}")
        return PASSED

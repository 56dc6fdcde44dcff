"""Limits on a number of tokens, as the endpoint counts them. Feeds the checks of input, output, reasoning tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from checks.argument import Argument
from checks.check import PASSED, failed, unmeasured
from checks.finding import Outcome
from probes.fault import Fault


class TokenLimits(Argument):
    """The most and the fewest tokens allowed; a number alone is the most."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = ({"max": 200}, 200, {"min": 5, "max": 200})

    max: int | None = Field(default=None, ge=1, strict=True)
    min: int | None = Field(default=None, ge=1, strict=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> TokenLimits:
        if self.max is None and self.min is None:
            raise ValueError("no limit given; write max: or min:")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError(f"nothing has at least {self.min} and at most {self.max} tokens")
        return self


def tokens_within(kind: str, tokens: int | None, limits: TokenLimits) -> Outcome:
    """Pass where the count lies within the limits; an error where there is no count. ``kind``: input, output, ..."""
    if tokens is None:
        return unmeasured(f"the reply does not count its {kind} tokens")
    if limits.max is not None and tokens > limits.max:
        return failed(f"expected at most {limits.max} {kind} tokens, got {tokens}")
    if limits.min is not None and tokens < limits.min:
        return failed(f"expected at least {limits.min} {kind} tokens, got {tokens}", fault=Fault.WRONG_ANSWER)
    return PASSED

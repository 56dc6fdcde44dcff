"""The check ``reasoning_tokens``: limits on how much the model thinks before it answers."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter

from checks.check import CheckContext
from checks.finding import Outcome
from checks.token_limits import TokenLimits, tokens_within
from probes.fault import Fault
from probes.sample import Sample


class ReasoningLimits(TokenLimits):
    """The most and the fewest tokens allowed; a number alone is the most, and 0 asks for no reasoning at all."""

    examples: ClassVar[tuple[Any, ...]] = ({"max": 2000}, 0, {"min": 1})

    max: int | None = Field(default=None, ge=0, strict=True)


class ReasoningTokens:
    """The endpoint's own count lies within the limits. A reply that does not tell it apart cannot be judged."""

    name: ClassVar[str] = "reasoning_tokens"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ReasoningLimits)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.EXPENSIVE
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: ReasoningLimits) -> None:
        self._limits = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return tokens_within("reasoning", sample.usage.reasoning_tokens, self._limits)

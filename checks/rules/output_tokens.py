"""The check ``output_tokens``: limits on the length of one answer, as the endpoint counts it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import CheckContext
from checks.finding import Outcome
from checks.token_limits import TokenLimits, tokens_within
from probes.fault import Fault
from probes.sample import Sample


class OutputTokens:
    """The endpoint's own count, reasoning included, lies within the limits. A reply without one cannot be judged."""

    name: ClassVar[str] = "output_tokens"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(TokenLimits)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.EXPENSIVE
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: TokenLimits) -> None:
        self._limits = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return tokens_within("output", sample.usage.output_tokens, self._limits)

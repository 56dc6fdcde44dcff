"""The check ``first_token``: a limit on the wait for the first token of one answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import CheckContext, skipped
from checks.finding import Outcome
from checks.limits import Longest, within
from probes.fault import Fault
from probes.sample import Sample


class FirstToken:
    """The first token came within the limit; skipped where the reply was not streamed."""

    name: ClassVar[str] = "first_token"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Longest)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.SLOW
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: Longest) -> None:
        self._limit_s = argument.max_s

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.timing.first_token_s is None:
            return skipped("no first token to time: the reply was not streamed, or held nothing")
        return within("first token", sample.timing.first_token_s, self._limit_s)

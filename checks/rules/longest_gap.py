"""The check ``longest_gap``: a limit on the longest silence within one streamed answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import CheckContext, skipped
from checks.finding import Outcome
from checks.limits import Longest, within
from probes.fault import Fault
from probes.sample import Sample


class LongestGap:
    """No two pieces of the stream came further apart; skipped where the answer did not come in pieces."""

    name: ClassVar[str] = "longest_gap"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Longest)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.SLOW
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: Longest) -> None:
        self._limit_s = argument.max_s

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.timing.longest_gap_s is None:
            return skipped("no gap to time: the reply was not streamed, or came in one piece")
        return within("next piece of the answer", sample.timing.longest_gap_s, self._limit_s)

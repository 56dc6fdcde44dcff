"""The check ``total_time``: a limit on the time until one answer is complete."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import CheckContext, unmeasured
from checks.finding import Outcome
from checks.limits import Longest, within
from probes.fault import Fault
from probes.sample import Sample


class TotalTime:
    """The reply was complete within the limit."""

    name: ClassVar[str] = "total_time"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Longest)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.SLOW
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: Longest) -> None:
        self._limit_s = argument.max_s

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.timing.total_s is None:
            return unmeasured("the time until the reply was complete is not known")
        return within("whole answer", sample.timing.total_s, self._limit_s)

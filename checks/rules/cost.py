"""The check ``cost``: a limit on what one answer costs."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, TypeAdapter

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from probes.fault import Fault
from probes.sample import Sample


class CostLimit(Argument):
    """The most US dollars one sample may cost, all its turns and rounds together."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = ({"max": 0.002}, 0.05)

    max: float = Field(ge=0, allow_inf_nan=False, strict=True)


class Cost:
    """The sample cost no more than the limit. Where the price is unknown it cannot be judged."""

    name: ClassVar[str] = "cost"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(CostLimit)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.EXPENSIVE
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: CostLimit) -> None:
        self._max = argument.max

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.cost_usd is None:
            return unmeasured("the cost is not known: the reply counts no tokens, or the model has no price")
        if sample.cost_usd <= self._max:
            return PASSED
        return failed(f"expected a cost of at most ${self._max:.9g}, got ${sample.cost_usd:.9g}")

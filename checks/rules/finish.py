"""The check ``finish``: why the model stopped."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Argument, one_or_many
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Finish as Reason
from probes.sample import Sample

_ONE = {"type": "string", "enum": [reason.value for reason in Reason]}
_Reasons = Annotated[
    tuple[Reason, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]


_FAULTS = {
    Reason.STOP: Fault.WRONG_ANSWER,
    Reason.LENGTH: Fault.TRUNCATED,
    Reason.PAUSE: Fault.TRUNCATED,
    Reason.TOOL_CALLS: Fault.TOOL_FAILURE,
    Reason.CONTENT_FILTER: Fault.CONTENT_FILTER,
    Reason.REFUSAL: Fault.REFUSAL,
    Reason.MALFORMED: Fault.MALFORMED,
    Reason.UNKNOWN: Fault.MALFORMED,
}
"""What broke, by the reason that came instead."""


class AllowedReasons(Argument):
    """The reasons to stop that are fine, in Holdfast's own words whatever the protocol calls them."""

    main: ClassVar[str] = "reasons"
    examples: ClassVar[tuple[Any, ...]] = ("stop", ["stop", "tool_calls"])

    reasons: _Reasons


class Finish:
    """The model stopped for one of these reasons. A reply that gives no reason cannot be judged."""

    name: ClassVar[str] = "finish"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(AllowedReasons)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.TRUNCATED
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: AllowedReasons) -> None:
        self._reasons = argument.reasons

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.finish in self._reasons:
            return PASSED
        if sample.finish is None or (sample.finish is Reason.UNKNOWN and not sample.finish_raw):
            return unmeasured("the reply does not say why it ended")
        raw = f" ({quoted(sample.finish_raw, 60)})" if sample.finish_raw not in (None, sample.finish.value) else ""
        told = f"expected to finish with {' or '.join(self._reasons)}, got {sample.finish.value}{raw}"
        return failed(told, fault=self._broke(sample.finish))

    def _broke(self, got: Reason) -> Fault:
        wanted_call = got is Reason.STOP and Reason.TOOL_CALLS in self._reasons
        return Fault.TOOL_FAILURE if wanted_call else _FAULTS[got]

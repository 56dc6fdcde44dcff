"""The check ``status``: which HTTP status the reply had."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

from checks.argument import Argument, one_or_many
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from probes.fault import Fault
from probes.forms import Whole
from probes.sample import Sample


def _of_an_answer(code: int) -> int:
    if not 200 <= code <= 299:
        raise ValueError(
            f"a reply of status {code} holds no answer, so it counts for availability and is never checked; "
            "write one from 200 to 299"
        )
    return code


class StatusArgument(Argument):
    """The HTTP status an answer must come with, or several of which any will do."""

    main: ClassVar[str] = "codes"
    examples: ClassVar[tuple[Any, ...]] = (200, [200, 203], {"codes": [200]})

    codes: Annotated[
        tuple[Annotated[Whole, AfterValidator(_of_an_answer)], ...],
        BeforeValidator(one_or_many, json_schema_input_type=int | list[int]),
        Field(min_length=1),
    ]


class StatusCheck:
    """The reply came with this HTTP status (RFC 9110, 15.3): 203 (changed on the way) and 206 (cut) answer, too."""

    name: ClassVar[str] = "status"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(StatusArgument)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.ROUTING
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: StatusArgument) -> None:
        self._codes = argument.codes

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.status is None:
            return unmeasured("the status of this reply is not known")
        if sample.status in self._codes:
            return PASSED
        return failed(f"expected status {' or '.join(map(str, self._codes))}, got {sample.status}")

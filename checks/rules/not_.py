"""The check ``not``: another check, which must fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter

from checks.check import PASSED, failed
from checks.composition import Composed, Said, of_first
from checks.finding import Outcome, Status
from checks.inner_check import InnerCheck
from checks.quote import quoted


class Not(Composed):
    """The check within fails; where it breaks, this one breaks too."""

    name: ClassVar[str] = "not"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(
        Annotated[InnerCheck, Field(examples=[{"contains": "TODO"}, "refusal"])]
    )

    def __init__(self, argument: InnerCheck) -> None:
        super().__init__([((), argument)])

    def concluded(self, said: Sequence[Said], answer: str) -> Outcome:
        (part,) = said
        if part.outcome.status is Status.FAIL:
            return PASSED
        if part.outcome.status is Status.PASS:
            told = f"expected to fail, and it passes: {part.label}; got {quoted(answer)}"
            return failed(told, part.outcome.span, part.fault)
        return of_first(part.outcome.status, said)

"""The check ``any_of``: several checks as one, of which one must pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED
from checks.composition import Composed, Said, in_list, of_first, reasons_of, those
from checks.finding import Outcome, Status
from checks.inner_check import AnyOfThese


class AnyOf(Composed):
    """At least one check of a list passes."""

    name: ClassVar[str] = "any_of"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(AnyOfThese)

    def __init__(self, argument: AnyOfThese) -> None:
        super().__init__(in_list(argument.checks))

    def concluded(self, said: Sequence[Said], answer: str) -> Outcome:
        if those(said, Status.PASS):
            return PASSED
        if those(said, Status.ERROR):
            return of_first(Status.ERROR, said)
        failed = those(said, Status.FAIL)
        if not failed:
            return of_first(Status.SKIPPED, said)
        none = f"none of {len(failed)} checks passes; " if len(failed) > 1 else ""
        span = next((part.outcome.span for part in failed if part.outcome.span), None)
        return Outcome(status=Status.FAIL, reason=none + reasons_of(failed), span=span, fault=failed[0].outcome.fault)

"""The check ``all_of``: several checks as one, of which all must pass, or a share by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED
from checks.composition import Composed, Said, in_list, of_first, share_decided, those, weight_of
from checks.finding import Outcome, Status
from checks.inner_check import AllOfThese


class AllOf(Composed):
    """Every check of a list passes, or those that pass weigh at least the share ``threshold`` of all."""

    name: ClassVar[str] = "all_of"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(AllOfThese)

    def __init__(self, argument: AllOfThese) -> None:
        super().__init__(in_list(argument.checks))
        self._threshold = argument.threshold

    def concluded(self, said: Sequence[Said], answer: str) -> Outcome:
        weighed = [part for part in said if part.weight]
        status = share_decided(weighed, 1.0 if self._threshold is None else self._threshold)
        if status is Status.PASS:
            return PASSED
        return of_first(status, weighed, self._counted(weighed) if status is Status.FAIL else "")

    def _counted(self, said: Sequence[Said]) -> str:
        failed, left = those(said, Status.FAIL), len(said) - len(those(said, Status.SKIPPED))
        if self._threshold is None:
            return f"{len(failed)} of {left} checks fail; " if left > 1 else ""
        passed, weight = weight_of(said, Status.PASS), sum(p.weight for p in said) - weight_of(said, Status.SKIPPED)
        return f"{passed:g} of {weight:g} by weight pass, expected at least {100 * self._threshold:g}%; "

"""The check ``starts_with``: what the answer begins with."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed
from checks.edges import Edges
from checks.finding import Outcome
from checks.quote import listed, quoted
from checks.unicode_forms import FORM_NOTE, composed
from probes.fault import Fault
from probes.sample import Sample


class StartsWith:
    """One of the texts stands at the very beginning, white space aside."""

    name: ClassVar[str] = "starts_with"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Edges)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Edges) -> None:
        self._edges = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        if self._edges.first_at_start(answer) is not None:
            return PASSED
        one_of = "" if len(self._edges.any) == 1 else "one of "
        start = len(answer) - len(answer.lstrip())
        end = min(len(answer), start + max(map(len, self._edges.any)))
        told = f"expected to start with {one_of}{listed(self._edges.any)}, got {quoted(answer)}"
        if self._edges.composed().first_at_start(composed(answer)) is not None:
            told += FORM_NOTE
        return failed(told, (start, end) if start < end else None)

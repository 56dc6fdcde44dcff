"""The check ``ends_with``: what the answer ends with."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed
from checks.edges import SHOWN_CHARS, Edges
from checks.finding import Outcome
from checks.quote import listed, quoted
from checks.unicode_forms import FORM_NOTE, composed
from probes.fault import Fault
from probes.sample import Sample


class EndsWith:
    """One of the texts stands at the very end, white space aside."""

    name: ClassVar[str] = "ends_with"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Edges)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Edges) -> None:
        self._edges = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        if self._edges.first_at_end(answer) is not None:
            return PASSED
        one_of = "" if len(self._edges.any) == 1 else "one of "
        end = len(answer.rstrip())
        start = max(0, end - SHOWN_CHARS)
        came = f"{'…' if start else ''}{quoted(answer[start:end])}"
        form = FORM_NOTE if self._edges.composed().first_at_end(composed(answer)) is not None else ""
        return failed(f"expected to end with {one_of}{listed(self._edges.any)}, got {came}{form}", (start, end))

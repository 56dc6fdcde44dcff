"""The check ``contains``: texts that must occur in the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.phrases import Phrases, find
from checks.quote import listed, quoted
from probes.sample import Sample


class Contains:
    """All texts of ``all`` and at least one of ``any`` occur, spelled exactly so (``ignore_case`` aside)."""

    name: ClassVar[str] = "contains"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Phrases)
    policy: ClassVar[bool] = False

    def __init__(self, argument: Phrases) -> None:
        self._all = argument.all_of or ()
        self._any = argument.any_of or ()
        self._ignore_case = argument.ignore_case

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        missing = tuple(text for text in self._all if not self._in(answer, text))
        if missing:
            return failed(f"expected to contain {listed(missing)}, got {quoted(answer)}")
        if self._any and not any(self._in(answer, text) for text in self._any):
            return failed(f"expected to contain any of {listed(self._any)}, got {quoted(answer)}")
        return PASSED

    def _in(self, answer: str, text: str) -> bool:
        return find(text, answer, ignore_case=self._ignore_case) is not None

"""The check ``contains``: texts that must occur in the answer, and beside them texts that must not."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.phrases import WantedPhrases, around, find
from checks.quote import listed, quoted
from checks.unicode_forms import FORM_NOTE, composed
from probes.fault import Fault
from probes.sample import Sample


class Contains:
    """All texts of ``all``, at least one of ``any`` and none of ``none`` occur, spelled so (``ignore_case`` aside)."""

    name: ClassVar[str] = "contains"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(WantedPhrases)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: WantedPhrases) -> None:
        self._all = argument.all_of or ()
        self._any = argument.any_of or ()
        self._none = argument.none_of or ()
        self._ignore_case = argument.ignore_case

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        missing = tuple(text for text in self._all if not self._in(answer, text))
        if missing:
            form = FORM_NOTE if all(self._in_any_form(answer, text) for text in missing) else ""
            return failed(f"expected to contain {listed(missing)}, got {quoted(answer)}{form}")
        if self._any and not any(self._in(answer, text) for text in self._any):
            form = FORM_NOTE if any(self._in_any_form(answer, text) for text in self._any) else ""
            return failed(f"expected to contain any of {listed(self._any)}, got {quoted(answer)}{form}")
        return self._unwanted(answer)

    def _unwanted(self, answer: str) -> Outcome:
        for text in self._none:
            span = find(text, answer, ignore_case=self._ignore_case)
            if span:
                return failed(f"expected not to contain {quoted(text, 60)}, got {quoted(around(answer, span))}", span)
        return PASSED

    def _in(self, answer: str, text: str) -> bool:
        return find(text, answer, ignore_case=self._ignore_case) is not None

    def _in_any_form(self, answer: str, text: str) -> bool:
        return self._in(composed(answer), composed(text))

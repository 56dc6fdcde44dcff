"""The check ``html``: the answer is HTML, with the elements it must have."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter, field_validator

from checks.argument import Texts
from checks.check import PASSED, CheckContext, failed
from checks.code_part import Broken, Placed, code_part
from checks.finding import Outcome
from checks.html_structure import elements_in, read_html
from checks.quote import listed, quoted
from probes.fault import Fault
from probes.sample import Sample


class HtmlPage(Placed):
    """Elements that must be there, by name, and where the HTML may stand."""

    main: ClassVar[str] = "required"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = ({"required": ["table", "th"]}, "table", {"anywhere": True}, None)

    required: Texts | None = None

    @field_validator("required")
    @classmethod
    def _names(cls, required: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in required or ():
            if not name.replace("-", "").isalnum():
                raise ValueError(f"{name!r} is not the name of an element; write it bare, like table")
        return required


class Html:
    """The answer is made of HTML elements, closed as they must be; every required one occurs."""

    name: ClassVar[str] = "html"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(HtmlPage)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: HtmlPage) -> None:
        self._placed = argument
        self._required = tuple(name.lower() for name in argument.required or ())

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        if self._placed.anywhere:
            return self._judged(elements_in(answer), answer)
        part = code_part(answer, self._placed, "html")
        try:
            return self._judged(read_html(part.text), part.text)
        except Broken as error:
            return part.told(error)

    def _judged(self, found: set[str], text: str) -> Outcome:
        missing = tuple(name for name in self._required if name not in found)
        if missing:
            return failed(f"expected the HTML elements {listed(missing)}, got {quoted(text)}")
        return PASSED if found else failed(f"expected an HTML element, got {quoted(text)}")

"""The check ``citations``: what the answer cites was really retrieved."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from checks.argument import Argument, Text, Texts
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.cited import Cited, addresses_in, comparable, matches_in
from checks.finding import Outcome
from checks.pattern import compile_pattern
from checks.quote import listed, quoted
from probes.fault import Fault
from probes.sample import Document, Sample


class Citing(Argument):
    """How citations are written in the text, how many there must be, and which sources are fine besides."""

    main: ClassVar[str] = "pattern"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        r"\[(doc-\d+)\]",
        None,
        {"pattern": r"\[(\d+)\]", "by": "position", "min": 2},
        {"urls": True, "among": ["https://docs.example.com/*"], "min": 0},
    )

    pattern: Text | None = None
    by: Literal["id", "position"] = "id"
    urls: bool = False
    among: Texts | None = None
    min: int = Field(default=1, ge=0, le=1_000, strict=True)


class Citations:
    """Every source that the reply marks, and that the text names, was retrieved or is named under ``among``."""

    name: ClassVar[str] = "citations"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Citing)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.UNGROUNDED

    def __init__(self, argument: Citing) -> None:
        if argument.by == "position" and argument.pattern is None:
            raise ValueError("by: position needs a pattern for the numbers in the text")
        self._asked = argument
        self._pattern = None if argument.pattern is None else compile_pattern(argument.pattern)

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        numbered = self._asked.by == "position"
        if sample.documents is None and (numbered or self._asked.among is None):
            return unmeasured("the reply does not tell which documents were retrieved")
        documents, answer = sample.documents or (), sample.answer or ""
        known = {comparable(document.id) for document in documents if document.id}
        by_name = [*_marked(sample), *(addresses_in(answer) if self._asked.urls else ())]
        in_text = tuple(matches_in(answer, self._pattern)) if self._pattern else ()
        names = by_name if numbered else [*by_name, *in_text]
        strangers = [cited for cited in names if not self._is_known(cited, known)]
        strangers += [cited for cited in in_text if numbered and not _is_position(cited.name, documents)]
        if strangers:
            return self._strange(strangers[0], documents)
        return self._counted(len({comparable(cited.name) for cited in (*by_name, *in_text)}), answer)

    def _is_known(self, cited: Cited, known: set[str]) -> bool:
        name = comparable(cited.name)
        return name in known or any(fnmatchcase(name, comparable(glob)) for glob in self._asked.among or ())

    def _strange(self, cited: Cited, documents: tuple[Document, ...]) -> Outcome:
        told = listed(tuple(document.id for document in documents)) if documents else "none"
        return failed(
            f"expected only retrieved sources to be cited, got {quoted(cited.name, 80)}; retrieved: {told}", cited.span
        )

    def _counted(self, number: int, answer: str) -> Outcome:
        if self._pattern and len(answer) > self._pattern.chars:
            return unmeasured(f"citations were looked for in the first {self._pattern.chars} characters only")
        if number < self._asked.min:
            return failed(f"expected at least {self._asked.min} different sources to be cited, got {number}")
        return PASSED


def _marked(sample: Sample) -> Iterator[Cited]:
    return (Cited(name=name, span=None) for name in sample.citations if name)


def _is_position(name: str, documents: tuple[Document, ...]) -> bool:
    """True for the number of a document, from 1; of a long row of digits nothing is converted."""
    return name.isascii() and name.isdecimal() and len(name) <= 4 and 1 <= int(name) <= len(documents)

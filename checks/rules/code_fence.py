"""The check ``code_fence``: the answer holds fenced blocks of a language, and what stands in them parses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, ClassVar

from pydantic import TypeAdapter, field_validator, model_validator

from checks.argument import Argument, Text
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.code_part import Broken, CodePart, Unread
from checks.exact_amounts import ExactAmount
from checks.fences import Fence, fenced_blocks, language_name
from checks.finding import Outcome
from checks.json_answer import NotJson, read_json
from checks.python_syntax import read_python
from checks.quote import quoted
from checks.sql_dialects import Dialect
from checks.xml_syntax import XmlReader
from probes.fault import Fault
from probes.sample import Sample

PARSED_BLOCKS = 100
"""Blocks of an answer that are parsed; where there are more, the rest is not judged."""
_PARSED = ("json", "python", "sql", "xml")


class FencedCode(Argument):
    """The language (any, where none is named), how many blocks, and whether their content must parse."""

    main: ClassVar[str] = "language"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        {"language": "python", "parses": True, "count": 1},
        "json",
        {"language": "sql", "parses": True, "dialect": "postgres"},
        {"language": "xml", "parses": True},
        {"count": {"max": 2}},
        None,
    )

    language: Text | None = None
    count: ExactAmount | None = None
    parses: bool = False
    dialect: Dialect | None = None

    @field_validator("language")
    @classmethod
    def _one_word(cls, language: str | None) -> str | None:
        if language is not None and len(language.split()) != 1:
            raise ValueError(f"{language!r} is not the name of a language; write it as after the fence, like python")
        return language_name(language.strip()) if language else None

    @model_validator(mode="after")
    def _can_be_parsed(self) -> FencedCode:
        if self.parses and self.language not in _PARSED:
            raise ValueError(f"parses: true needs a language that can be parsed; give one of {', '.join(_PARSED)}")
        if self.dialect is not None and not (self.parses and self.language == "sql"):
            raise ValueError("dialect goes with language: sql and parses: true")
        return self


class CodeFence:
    """So many closed blocks of the language (at least one, where no count is given), each of which parses."""

    name: ClassVar[str] = "code_fence"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(FencedCode)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: FencedCode) -> None:
        self._language = argument.language
        self._count = argument.count or ExactAmount(min=1)
        self._read = _reader(argument) if argument.parses else None

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        blocks = [block for block in fenced_blocks(answer) if self._language in (None, block.language)]
        unclosed = next((block for block in blocks if not block.closed), None)
        if unclosed is not None:
            return failed(
                f"expected fenced blocks that end, got one that does not: {_shown(answer, unclosed)}", unclosed.span
            )
        if not self._count.holds(len(blocks)):
            kind = f" of {self._language}" if self._language else ""
            return failed(f"expected {self._count.words} fenced blocks{kind}, got {len(blocks)} in {quoted(answer)}")
        return PASSED if self._read is None else self._parsed(blocks, self._read)

    def _parsed(self, blocks: list[Fence], read: Callable[[str], object]) -> Outcome:
        for block in islice(blocks, PARSED_BLOCKS):
            part = CodePart(text=block.text, starts=block.starts, block=block.span)
            try:
                read(block.text)
            except NotJson as error:
                return failed(str(error), block.span)
            except (Broken, Unread) as error:
                return part.told(error)
        if len(blocks) > PARSED_BLOCKS:
            return unmeasured(f"of {len(blocks)} fenced blocks only the first {PARSED_BLOCKS} were parsed")
        return PASSED


def _reader(argument: FencedCode) -> Callable[[str], object]:
    if argument.language == "sql":
        from checks.sql_syntax import read_sql  # slow to import, and few suites need it

        dialect = "" if argument.dialect in (None, "any") else argument.dialect
        return lambda text: read_sql(text, dialect or "")
    readers: dict[str | None, Callable[[str], object]] = {
        "json": read_json,
        "python": read_python,
        "xml": XmlReader().read,
    }
    return readers[argument.language]


def _shown(answer: str, block: Fence) -> str:
    return quoted(answer[block.span[0] : block.span[1]])

"""One assertion as its author wrote it, its value filled in. Feeds the converters of the table in ``assertions``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.templates import filled, jinja_of, js_text
from runner.importers.promptfoo.trouble import CannotCarry

Entry = dict[str, Any]
"""An entry of a check list: the check's name and its argument."""
Tools = Sequence[Mapping[str, Any]]
"""Functions the endpoints offer: name and parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An assertion without its ``not-``; what a converter reads of it counts as carried."""

    source: Located
    kind: str
    negated: bool
    variables: Mapping[str, Any]
    tools: Tools | None
    """None where endpoints offer different ones."""
    files: Callable[[Located], Any]
    """The value behind a text that begins with file://."""
    used: set[tuple[str, ...]] = field(default_factory=set)

    def value(self, *options: str) -> Any:
        """The value, rendered as promptfoo does: texts and lists of texts, nothing within mappings.

        ``options``: of a mapping, the keys that the converter reads; none where it takes it whole.

        Raises:
            CannotCarry: it cannot be rendered, or its file not be read.
        """
        found = self.source.at("value")
        if options and found is not None and found.is_map:
            self.used.update(("value", option) for option in options)
        else:
            self.used.add(("value",))
        if found is None:
            return None
        if isinstance(found.value, str):
            return self._text(found)
        if isinstance(found.value, list):
            return [self._text(one) if isinstance(one.value, str) else one.plain for one in found.value]
        return found.plain

    def _text(self, found: Located) -> Any:
        if found.value.startswith("file://"):
            return self.files(found)
        return filled(jinja_of(found.value), self.variables)

    def threshold(self, default: float | None) -> float:
        """The threshold as a number.

        Raises:
            CannotCarry: there is none, or it is no number.
        """
        self.used.add(("threshold",))
        found = self.source.at("threshold")
        value = default if found is None else found.plain
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CannotCarry("it has no threshold" if value is None else f"its threshold {value!r} is no number")
        return value

    def carry(self) -> None:
        """Mark what was read as carried."""
        for key, *inner in self.used:
            found = self.source.at(key)
            found = found.at(inner[0]) if found is not None and inner else found
            if found is not None:
                found.taken()

    def text(self) -> str:
        """The value as one text.

        Raises:
            CannotCarry: it is none.
        """
        value = self.value()
        if value is None or isinstance(value, (dict, list)):
            raise CannotCarry(f"its value is no text: {js_text(value)[:80]}")
        return js_text(value)

    def texts(self) -> list[str]:
        """The value as a list of texts; a single one holds them with commas between, quoted where they hold commas.

        Raises:
            CannotCarry: it is neither.
        """
        value = self.value()
        if isinstance(value, str):
            return comma_separated(value)
        if not isinstance(value, list) or not value:
            raise CannotCarry("its value is no list")
        return [js_text(one) for one in value]


def comma_separated(text: str) -> list[str]:
    """``a, "b, c"`` as two texts, by the rules of promptfoo's CSV assertions.

    Raises:
        CannotCarry: a quoted text does not end, or something stands behind it.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace() or text[at] == ",":
            at += 1
        elif text[at] == '"':
            one, at = _quoted(text, at + 1)
            found.append(one)
            at += len(text[at:]) - len(text[at:].lstrip())
            if at < len(text) and text[at] != ",":
                raise CannotCarry(f"a comma is missing behind the quotes in {text[:80]!r}")
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            found.append(text[at:end].strip())
            at = end
    return found


def _quoted(text: str, at: int) -> tuple[str, int]:
    field_ = ""
    while at < len(text):
        pair = text[at : at + 2]
        if pair in ('\\"', "\\\\", '""'):
            field_ += pair[1]
            at += 2
        elif text[at] == '"':
            return field_, at + 1
        else:
            field_ += text[at]
            at += 1
    raise CannotCarry(f"the quotes do not end in {text[:80]!r}")

"""Whether a text is well-formed XML, by expat, with nothing defined, expanded or fetched. Feeds ``xml``.

A document type with declarations of its own is refused: that is where entity bombs and external entities live.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from xml.parsers import (
    expat,
)  # expat resolves nothing external by itself, and the declarations of an answer are refused

from checks.code_part import Broken
from checks.quote import quoted, shortened

EMBEDDED_CHARS = 100_000
"""Characters of an answer in which an element among prose is looked for."""
ATTEMPTS = 20
"""Places at which such an element may begin."""
_BEGINS = re.compile(r"<(?:\?xml\s|[A-Za-z_])")


class _Ended(Exception):
    """The root element is closed: what follows is not looked at."""


class XmlReader:
    """Reads texts as XML and looks for elements by their path from the root (``invoice/total``)."""

    def __init__(self, required: Collection[str] = ()) -> None:
        self._required = tuple(required)
        self._levels = max((path.count("/") + 1 for path in required), default=0)

    def read(self, text: str) -> None:
        """A text that is one XML document and nothing else.

        Raises:
            Broken: it is not well-formed, declares a document type of its own, or lacks a required element.
        """
        seen = _Elements(self._levels)
        body = text.lstrip()
        try:
            seen.parse(body, whole=True)
        except expat.ExpatError as error:
            at = len(text) - len(body) + _characters(body, seen.parser.ErrorByteIndex)
            raise _broken(text, at, expat.ErrorString(error.code) or "an error") from None
        except UnicodeEncodeError as error:
            at = len(text) - len(body) + error.start
            raise _broken(text, at, "a character XML cannot hold") from None
        self._refuse_lacking(seen, text)

    def read_among_prose(self, text: str) -> bool:
        """Find a whole element that holds the required ones, prose around it allowed; False: places were left over.

        Raises:
            Broken: there is none.
        """
        lacking: Broken | None = None
        searched = text[:EMBEDDED_CHARS].encode("utf-8", "replace").decode("utf-8")
        for tried, begin in enumerate(_BEGINS.finditer(searched)):
            if tried == ATTEMPTS:
                return False
            seen = _Elements(self._levels)
            if not seen.closes(searched[begin.start() :]):
                continue
            try:
                self._refuse_lacking(seen, searched[begin.start() :])
            except Broken as error:
                lacking = lacking or error
            else:
                return True
        if len(text) > EMBEDDED_CHARS:
            return False
        raise lacking or Broken(f"expected an XML element in the answer, got {quoted(text)}")

    def _refuse_lacking(self, seen: _Elements, text: str) -> None:
        for path in self._required:
            if path not in seen.paths:
                raise Broken(f"expected the XML element {shortened(path, 80)}, got none in {quoted(text)}")


class _Elements:
    """One parse, with the paths of the elements it met down to a depth."""

    def __init__(self, levels: int) -> None:
        self.paths: set[str] = set()
        self._levels = levels
        self._open: list[str] = []
        self._depth = 0
        self._stop_at_end = False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def parse(self, text: str, *, whole: bool) -> None:
        self._stop_at_end = not whole
        self.parser.Parse(text, True)  # noqa: FBT003  # expat takes no names

    def closes(self, text: str) -> bool:
        """True where the text begins with a whole element."""
        try:
            self.parse(text, whole=False)
        except _Ended:
            return True
        except (expat.ExpatError, Broken):
            return False
        return False

    def _start(self, name: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth <= self._levels:
            self._open.append(name)
            self.paths.add("/".join(self._open))

    def _end(self, _name: str) -> None:
        if self._depth <= self._levels:
            self._open.pop()
        self._depth -= 1
        if self._stop_at_end and not self._depth:
            raise _Ended

    def _doctype(self, name: str, _system: object, _public: object, has_declarations: int) -> None:
        if has_declarations:
            raise Broken(f"expected XML without declarations of its own, got a DOCTYPE {shortened(name, 40)} with some")


def _broken(text: str, at: int, why: str) -> Broken:
    if not text.strip():
        return Broken("expected XML, got an empty answer")
    return Broken(f"expected XML, got {why} at {quoted(text[at : at + 60] or text[-60:])}", at)


def _characters(text: str, byte_index: int) -> int:
    return len(text.encode("utf-8")[:byte_index].decode("utf-8", "ignore"))

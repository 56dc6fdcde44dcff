"""What an answer cites in its own text, and names of sources made comparable. Feeds ``citations``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.pattern import SafePattern

_URL = re.compile(r"(?<!\w)(?i:https?)://[^\s<>\"'`“”«»|\\^{}]{1,2000}+")
_NOT_OF_AN_ADDRESS = ".,;:!?*_)]’"
NAME_CHARS = 199
"""Characters of a name that are compared: a document's id is kept in 200, an ellipsis among them where it was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """One source the answer names."""

    name: str
    span: tuple[int, int] | None
    """Where in the answer; None where the reply marks it beside the text."""


def addresses_in(text: str) -> Iterator[Cited]:
    """Web addresses of the text, without the marks that end a sentence or close a bracket."""
    for match in _URL.finditer(text):
        address = match[0]
        kept = address.rstrip(_NOT_OF_AN_ADDRESS)
        if address[len(kept) : len(kept) + 1] == ")" and kept.count("(") > kept.count(")"):
            kept += ")"  # https://en.wikipedia.org/wiki/Mercury_(planet)
        yield Cited(name=kept, span=(match.start(), match.start() + len(kept)))


def matches_in(text: str, pattern: SafePattern) -> Iterator[Cited]:
    """Every match within what the pattern may search: its first group, where it has one, else the whole."""
    group = 1 if pattern.compiled.groups else 0
    for match in pattern.compiled.finditer(text, 0, pattern.chars):
        if match[group]:
            yield Cited(name=match[group].strip(), span=match.span())


def comparable(name: str) -> str:
    """A name as it is compared: addresses without fragment, last slash and differences of case in scheme and host."""
    scheme, mark, rest = name.strip().partition("://")
    if not mark:
        return name.strip()[:NAME_CHARS]
    host, slash, path = rest.partition("#")[0].partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")[:NAME_CHARS]

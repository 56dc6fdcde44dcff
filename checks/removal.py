"""What is taken out of a text before it is kept: data with a shape, patterns of one's own, JSON fields. Feeds sinks.

Pure. The same detectors serve the checks ``no_pii`` and ``no_secret``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, get_args

from checks.field_removal import spans_of_fields
from checks.kinds import PersonalKind, SecretKind
from checks.national_ids import find_national_ids
from checks.pattern import compile_pattern
from checks.pattern_cost import degree

RemovedKind = Literal["email", "phone", "card", "iban", "ssn", "ip", "national_id", "secret"]
ALL_KINDS: tuple[RemovedKind, ...] = get_args(RemovedKind)
LONGEST_MATCH = 500
"""Characters of the longest match of a pattern that is found for certain."""
_WINDOW = 4 * LONGEST_MATCH
_MOST_DEGREE = 2
_QUOTE = re.compile(r"""\\*["']""")
_MARKS = "\"'\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One piece to be taken out: offsets [start, end) of the text, and what stands there instead."""

    start: int
    end: int
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Which data is taken out."""

    kinds: tuple[RemovedKind, ...] = ALL_KINDS
    patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """By the name that stands where they matched."""
    fields: tuple[str, ...] = ()
    """Names of JSON fields at any depth, or paths from the root (``customer.name``)."""

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that differ where something else is taken out."""
        told = repr((sorted(self.kinds), sorted((k, v.pattern) for k, v in self.patterns.items()), sorted(self.fields)))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def cuts(self, text: str) -> tuple[Cut, ...]:
        """What is to be taken out of a text, in order and apart from each other."""
        return apart([*self._fields(text), *self._patterns(text), *self._kinds(text)]) if text else ()

    def _fields(self, text: str) -> Iterator[Cut]:
        for start, end in spans_of_fields(text, self.fields):
            quote = _QUOTE.match(text, start)
            mark = '"' if quote is None else quote[0]  # what was JSON stays JSON
            yield Cut(start=start, end=end, instead=f"{mark}[removed]{mark}")

    def _patterns(self, text: str) -> Iterator[Cut]:
        for name, pattern in self.patterns.items():
            for start, end in _everywhere(pattern, text):
                yield Cut(start=start, end=end, instead=f"[{name}]")

    def _kinds(self, text: str) -> Iterator[Cut]:
        # their patterns take time to compile, and most installations keep texts as they are
        from checks.personal_data import find_personal_data
        from checks.secret_shapes import find_secrets

        if "secret" in self.kinds:
            yield from (Cut(start=s.span[0], end=s.span[1], instead="[secret]") for s in find_secrets(text, _SECRETS))
        personal = tuple(kind for kind in _PERSONAL if kind in self.kinds)
        for found in find_personal_data(text, personal):
            yield Cut(start=found.span[0], end=found.span[1], instead=f"[{found.kind}]")
        if "national_id" in self.kinds:
            yield from (Cut(start=start, end=end, instead="[national_id]") for start, end in find_national_ids(text))


_PERSONAL: tuple[PersonalKind, ...] = get_args(PersonalKind)
_SECRETS: tuple[SecretKind, ...] = get_args(SecretKind)


def removal_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of the settings, fit to search texts of any length.

    Raises:
        ValueError: it does not compile, matches nothing at all, or could take long.
    """
    compiled = compile_pattern(pattern).compiled
    if compiled.match(""):
        raise ValueError(f"{pattern!r} matches an empty text, so it would take out nothing; write what must be there")
    if degree(compiled) > _MOST_DEGREE:
        raise ValueError(
            f"{pattern!r} has several endless repetitions that match the same characters, which is too slow for every "
            "text; bound them, like {1,64} instead of +"
        )
    return compiled


def _everywhere(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Every match, looked for in windows that overlap, so that a long text costs in proportion to its length."""
    for begin in range(0, max(len(text) - LONGEST_MATCH, 1), _WINDOW - LONGEST_MATCH):
        for match in pattern.finditer(text, begin, begin + _WINDOW):
            if match.end() > match.start():
                yield match.span()


def apart(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    """In order; those that overlap become one, named as the longest of them."""
    merged: list[Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        if merged and cut.start < merged[-1].end:
            last = merged.pop()
            longer = max(last, cut, key=lambda each: each.end - each.start)
            cut = Cut(start=last.start, end=max(last.end, cut.end), instead=longer.instead)
        merged.append(cut)
    return tuple(merged)


def pieces(taken: str) -> tuple[str, ...]:
    """What is to be looked for elsewhere where this was taken out: a value, of JSON with several each of them, of a key
    each line."""
    from checks.private_keys import key_lines

    whole = taken.strip(_MARKS)
    if whole in ("null", "true", "false"):
        return ()
    if not whole.startswith(("{", "[")):
        return (whole, *key_lines(whole))
    try:
        return (whole, *_leaves(json.loads(taken)))
    except (ValueError, RecursionError):
        return (whole,)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _leaves(entry)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def without(text: str, cuts: Sequence[Cut]) -> str:
    """The text with every cut made."""
    parts, at = [], 0
    for cut in cuts:
        parts += [text[at : cut.start], cut.instead]
        at = cut.end
    return "".join((*parts, text[at:])) if cuts else text


def moved(span: tuple[int, int] | None, cuts: Sequence[Cut]) -> tuple[int, int] | None:
    """Where a place in a text stands once the cuts are made; one that touches a cut covers what stands there now."""
    if span is None:
        return None
    start, end = span
    shift_start = shift_end = 0
    for cut in cuts:
        change = len(cut.instead) - (cut.end - cut.start)
        if cut.end <= span[0]:
            shift_start += change
        elif cut.start < span[0]:
            start = cut.start
        if cut.end <= span[1]:
            shift_end += change
        elif cut.start < span[1]:
            end, shift_end = cut.end, shift_end + change
    return start + shift_start, max(end + shift_end, start + shift_start)

"""Text in which case does not count, by Unicode's full case folding, and the way back. Feeds the text checks.

ß and SS are the same, as are ς and Σ. Folding only ever makes characters longer, so a text that keeps its length keeps
every offset; only for others a table of offsets is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache


def case_folded(text: str) -> str:
    """The text folded; the Turkish dotted and dotless i count as i, as they do in Python's patterns."""
    return text.replace("İ", "i").replace("ı", "i").casefold()


class CaseFolded:
    """One text, folded, that is searched for folded words."""

    def __init__(self, text: str) -> None:
        self.text = case_folded(text)
        self._origins: list[int] | None = None
        if len(self.text) != len(text):
            self._origins = [offset for offset, character in enumerate(text) for _ in case_folded(character)]
            self._origins.append(len(text))

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the folded characters [start, end) stand in the text itself; None where they tear one in two."""
        if self._origins is None:
            return start, end
        return None if self._torn(start) or self._torn(end) else (self._origins[start], self._origins[end])

    def occurrences(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """Where a pattern of folded words stands in the text itself; places do not overlap."""
        match = pattern.search(self.text)
        while match:
            span = self.span(*match.span())
            if span:
                yield span
            match = pattern.search(self.text, match.end() if span else match.start() + 1)

    def _torn(self, offset: int) -> bool:
        return self._origins is not None and offset > 0 and self._origins[offset] == self._origins[offset - 1]


@lru_cache(maxsize=2)
def case_folding_of(text: str) -> CaseFolded:
    """The text folded, kept for the next word that is looked for in it."""
    return CaseFolded(text)

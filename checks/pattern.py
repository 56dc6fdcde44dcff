"""Regular expressions that are safe enough to run on hostile answers. Feeds every check that takes a pattern.

Python's ``re`` knows no time limit, so two things bound it. Patterns of exponential cost are refused when the suite
is read. Of any text only as many characters are searched as the pattern's structure allows to search in seconds.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from checks.pattern_cost import degree, is_exponential

EXAMINED_CHARS = {1: 20_000, 2: 20_000, 3: 3_000, 4: 700, 5: 250, 6: 130}
"""Characters of a text that a pattern gets to see, by the degree of its cost. Higher degrees are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafePattern:
    """A compiled pattern with the number of characters it may be let loose on."""

    compiled: re.Pattern[str]
    chars: int

    def find(self, text: str) -> tuple[int, int] | None:
        """Where it first matches within the first ``chars`` characters, as offsets [start, end).

        A match that ends exactly where a longer text was cut does not count: it may owe itself to the cut.
        """
        match = self.compiled.search(text, 0, self.chars)
        if match is None or (match.end() == self.chars < len(text)):
            return None
        return match.span()


def compile_pattern(pattern: str, *, ignore_case: bool = False, multiline: bool = False) -> SafePattern:
    """Compile a pattern of a suite.

    Raises:
        ValueError: it does not compile, is ambiguous, or could take far too long.
    """
    flags = (re.IGNORECASE if ignore_case else 0) | (re.MULTILINE if multiline else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, flags)
            exponential, exponent = is_exponential(compiled), degree(compiled)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    if exponential:
        raise ValueError(
            f"{pattern!r} repeats something that already repeats, so some answers would keep it busy for ever; "
            "drop one of the two, or put the inner one into (?>...)"
        )
    if exponent not in EXAMINED_CHARS:
        raise ValueError(
            f"{pattern!r} has too many repetitions that match the same characters, so some answers would keep it busy "
            "for hours; write several checks, or narrower repetitions than .*"
        )
    return SafePattern(compiled=compiled, chars=EXAMINED_CHARS[exponent])

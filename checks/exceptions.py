"""Values that a suite says are fine where they are found, with ``*`` and ``?``. Feeds ``no_pii`` and ``no_secret``."""

from __future__ import annotations

from fnmatch import fnmatchcase

_SEPARATORS = str.maketrans("", "", " \u00a0-./()")


class Exceptions:
    """Patterns in any case; blanks, dashes, dots, slashes and brackets within a value do not count."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = tuple(_plain(pattern) for pattern in patterns)

    def allow(self, value: str) -> bool:
        """True where one of the patterns fits the whole value."""
        plain = _plain(value)
        return any(fnmatchcase(plain, pattern) for pattern in self._patterns)


def _plain(text: str) -> str:
    return text.casefold().translate(_SEPARATORS)

"""Ids for what has none in promptfoo: endpoints and probes. Feeds the conversion.

An id keeps a probe's history, so it is made of what a test says, not of where it stands, wherever that is possible.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
"""Characters of a made id, without a number behind it; names of a suite may have 100."""
_OTHER = re.compile(r"[^a-z0-9._]+")


def slug(text: str) -> str:
    """``How do I return a keyboard?`` as ``how-do-i-return-a-keyboard``; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    joined = _OTHER.sub("-", plain).strip("-._")
    return joined if len(joined) <= LONGEST else joined[:LONGEST].rsplit("-", 1)[0].strip("-._")


class Names:
    """Gives every name once: a second ``refund`` becomes ``refund-2``. State: the names given."""

    def __init__(self, *taken: str) -> None:
        self._given: set[str] = set(taken)

    def unique(self, wanted: str, otherwise: str) -> str:
        """The wanted text as a name, or ``otherwise`` where nothing of it is left."""
        base = slug(wanted) or otherwise
        name, number = base, 1
        while name in self._given:
            number += 1
            name = f"{base}-{number}"
        self._given.add(name)
        return name

"""The right name for a wrong one: one measure and one wording for every hint. Feeds all errors about names."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

_LIKE = 60.0


def nearest(name: str, known: Iterable[str], *, alike: float = _LIKE) -> str | None:
    """The known name most like a wrong one, or None where none is like it (``alike``: 0 to 100)."""
    lowered = {other.lower(): other for other in known}
    found = process.extractOne(name.lower(), list(lowered), scorer=fuzz.ratio, score_cutoff=alike)
    return lowered[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str = "one of") -> str:
    """``did you mean 'prompt'?``, or what there is to choose from."""
    names = list(known)
    found = nearest(name, names)
    return f"did you mean {found!r}?" if found else f"{otherwise} {', '.join(names)}"

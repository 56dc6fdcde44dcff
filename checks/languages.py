"""In which language a text is written, as shares of all that are known, by py3langid's model. Feeds ``language``.

The model (naive Bayes over byte n-grams, 139 languages) lies inside the package: the same text always gets the same
shares, and nothing is fetched. It takes about a second to load, so that happens once and only where a suite asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

EXAMINED_CHARS = 5_000
"""Characters of an answer that are looked at, code and addresses left out."""
FEWEST_LETTERS = 12
"""Shorter texts are not judged: "OK" is a word of many languages."""
_WIDE_FROM = 0x2E80
_WIDE = 3  # a Chinese, Japanese or Korean character says as much as several letters
_NO_LANGUAGE = "zxx"
_MEMBERS = {
    # macrolanguages of ISO 639-3 and their members among the model's labels
    "ar": ("arz", "ary"),
    "ku": ("sdh",),
    "no": ("nn",),
    "uz": ("uzs",),
    "zh": ("wuu", "yue"),
}
_ALIASES = {"nb": "no"}
_NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\S+@\S+", re.DOTALL)


def prose_of(answer: str) -> str:
    """The beginning of the answer, without code and addresses."""
    return _NOT_PROSE.sub(" ", answer[: 2 * EXAMINED_CHARS])[:EXAMINED_CHARS].strip()


def long_enough(text: str) -> bool:
    """True where there are letters enough to tell languages apart."""
    return sum(_WIDE if ord(letter) >= _WIDE_FROM else 1 for letter in text if letter.isalpha()) >= FEWEST_LETTERS


def languages_of(text: str) -> list[tuple[str, float]]:
    """Each language with its share of the belief (all add up to 1), the likeliest first; ``zxx`` is no language."""
    return [(str(code), float(share)) for code, share in _identifier().rank(text)]


def members_of(codes: Iterable[str]) -> frozenset[str]:
    """The labels that these codes stand for: ``zh`` takes Cantonese and Wu with it, ``no`` both written forms.

    Raises:
        ValueError: a code is unknown.
    """
    known = frozenset(_identifier().labels) - {_NO_LANGUAGE}
    found: set[str] = set()
    for code in codes:
        label = _ALIASES.get(code.lower(), code.lower())
        if label not in known:
            raise ValueError(_unknown(code, known))
        found |= {label, *_MEMBERS.get(label, ())}
    return frozenset(found)


def _unknown(code: str, known: frozenset[str]) -> str:
    bare = re.split("[-_]", code.lower())[0]
    if bare != code.lower() and bare in known:
        return f"{code!r} names a region or script, and those are not told apart; write {bare}"
    return f"{code!r} is no code of a known language; they are those of ISO 639, like en, de, fr, es, pt, zh, ja"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # slow to import, and few suites need it

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

"""Credentials in a text: by the shape their issuers give them, or by what stands before them.

Feeds ``no_secret`` and what is taken out of texts before they are kept.

A shape alone is not enough where documentation is full of stand-ins: ``sk-your-key-here`` has no digit and
``AKIA...EXAMPLE`` says what it is. Every pattern begins with fixed letters or is bounded: answers are hostile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log2

from checks.kinds import SecretKind
from checks.private_keys import private_keys

NAMES: dict[SecretKind, str] = {
    "private_key": "a private key block",
    "aws": "an AWS access key",
    "github": "a GitHub token",
    "gitlab": "a GitLab token",
    "openai": "an API key (sk-)",
    "google": "a Google API key",
    "slack": "a Slack token",
    "stripe": "a Stripe key",
    "other_key": "an access token",
    "jwt": "a JSON web token",
    "address": "a password in an address",
    "named": "a value called a secret",
}
"""What a reason calls each kind."""
ENTROPY = 3.0
"""Bits a character (Shannon) from which a value looks drawn by chance; long words reach it, so a digit is asked too."""

_ALONE = r"(?<![A-Za-z0-9_-])"
_SHAPES: dict[SecretKind, str] = {
    "aws": rf"{_ALONE}(?:AKIA|ASIA)[A-Z2-7]{{16}}(?![A-Za-z0-9])",
    "github": rf"{_ALONE}(?:gh[pousr]_[A-Za-z0-9]{{36,255}}+|github_pat_[A-Za-z0-9_]{{22,255}}+)",
    "gitlab": rf"{_ALONE}gl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_.-]{{20,100}}+",
    "openai": rf"{_ALONE}sk-[A-Za-z0-9_-]{{20,300}}+",
    "google": rf"{_ALONE}(?:AIza[A-Za-z0-9_-]{{35}}(?![A-Za-z0-9_-])|ya29\.[A-Za-z0-9_-]{{20,300}}+)",
    "slack": rf"{_ALONE}(?:xox[abeoprs]-[A-Za-z0-9-]{{10,250}}+|xapp-[A-Za-z0-9-]{{10,250}}+)"
    r"|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}+",
    "stripe": rf"{_ALONE}(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{{16,250}}+",
    "other_key": rf"{_ALONE}(?:hf_[A-Za-z0-9]{{30,60}}+|npm_[A-Za-z0-9]{{36}}(?![A-Za-z0-9])|gsk_[A-Za-z0-9]{{40,80}}+"
    r"|pypi-AgE[A-Za-z0-9_-]{50,300}+|SG\.[A-Za-z0-9_-]{16,40}+\.[A-Za-z0-9_-]{30,60}+|dop_v1_[a-f0-9]{64})",
    "jwt": rf"{_ALONE}eyJ[A-Za-z0-9_-]{{8,4000}}+\.eyJ[A-Za-z0-9_-]{{8,8000}}+\.[A-Za-z0-9_-]{{8,2000}}+",
    "address": r"(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{1,20}+://[^\s/:@\"'<>]{1,100}+:(?P<value>[^\s/@\"'<>]{3,200}+)@[\w\[]",
    "named": r"(?i:(?<![^\W_])(?:api[_ -]?key|access[_ -]?key|secret[_ -]?key|client[_ -]?secret|secret|password|passwd"
    r"|passphrase|pwd|token|bearer|credentials?|passwort|kennwort|contraseña|mot de passe)(?![^\W_])"
    r"(?:[\"'*`]{0,3}\s{0,3}(?:[:=]|=>|is|ist|est|es)(?=[\s\"'*`])|[\"'*`]{0,3}\s{0,3}[:=]|(?<=bearer))\s{0,3}[\"'*`]{0,3})"
    r"(?P<value>[^\s\"'`<>(){}\[\],;*]{8,300}+)",
}
_NEEDED: dict[SecretKind, tuple[str, ...]] = {
    "private_key": ("private key",),
    "aws": ("akia", "asia"),
    "github": ("gh", "github_pat_"),
    "gitlab": ("gl",),
    "openai": ("sk-",),
    "google": ("aiza", "ya29."),
    "slack": ("xox", "xapp-", "hooks.slack.com"),
    "stripe": ("_live", "_test", "whsec_"),
    "other_key": ("hf_", "npm_", "gsk_", "pypi-", "sg.", "dop_v1_"),
    "jwt": ("eyj",),
    "address": ("://",),
    "named": ("key", "secret", "pass", "pwd", "token", "bearer", "credential", "kennwort", "contrase"),
}
"""Without one of these, in small letters, there is none of the kind: most answers are done with after a glance."""
_SHORT: frozenset[SecretKind] = frozenset({"aws", "address"})
"""Too short, or of a shape too rare, to ask for entropy."""
_STAND_IN = re.compile(r"example|your|placeholder|redacted|change.?me|dummy|sample|x{4}|\*{3}|\.{3}|…", re.IGNORECASE)
_RUN_CHARS = 4
"""Fewest characters of a run: neighbours of the alphabet or of the digits in a row, upwards or downwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFound:
    """One credential."""

    kind: SecretKind
    text: str
    """What it is known by: all of it, but of a private key its BEGIN or END line alone."""
    span: tuple[int, int]


def find_secrets(text: str, kinds: tuple[SecretKind, ...]) -> Iterator[SecretFound]:
    """Every credential of these kinds, kind by kind."""
    small = text.lower()
    for kind in kinds:
        if not any(mark in small for mark in _NEEDED[kind]):
            continue
        if kind == "private_key":
            yield from (SecretFound(kind=kind, text=line, span=span) for line, span in private_keys(text))
            continue
        for match in _compiled(kind).finditer(text):
            value = "value" if "value" in match.re.groupindex else 0
            if _looks_drawn(match[value], kind):
                yield SecretFound(kind=kind, text=match[value], span=match.span(value))


@cache
def _compiled(kind: SecretKind) -> re.Pattern[str]:
    return re.compile(_SHAPES[kind])


def _looks_drawn(value: str, kind: SecretKind) -> bool:
    """True for what no person would write as a stand-in."""
    if _STAND_IN.search(value) or 2 * _chars_in_runs(value) > len(value):
        return False
    if kind in _SHORT:
        return kind == "aws" or any(map(str.isdigit, value))
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and entropy(value) >= ENTROPY


def _chars_in_runs(value: str) -> int:
    """How many characters belong to runs such as 1234567890 or abcdef: chance draws few of them."""
    # behind 9 comes 0, as on a keyboard: the character behind 9 in ASCII stands in for it
    codes = [ord(character) for character in value.lower().replace("90", "9:").replace("09", ":9")]
    total, length, last = 0, 1, 0
    for one, other in pairwise([*codes, -9]):
        step = other - one
        if step in (1, -1) and (length == 1 or step == last):
            length, last = length + 1, step
            continue
        total += length if length >= _RUN_CHARS else 0
        length, last = 1, 0
    return total


def entropy(value: str) -> float:
    """Bits a character of the value's own letters (Shannon, A Mathematical Theory of Communication, 1948)."""
    counts = Counter(value)
    return -sum(count / len(value) * log2(count / len(value)) for count in counts.values()) if value else 0.0

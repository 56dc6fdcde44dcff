"""One secret, found and taken out however it is spelled: character by character, in base64 or hexadecimal.

Feeds ``hostile``. Time grows with the text and the secret's length, whatever the text is: a pattern finds where a
secret may begin, its rest is compared one character after the other, and nothing is repeated without bound.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby

from probes.character_spellings import backslashes, spelled
from probes.secret_forms import SHORTEST_ENCODED, all_forms, core

ANCHOR = 24
"""Characters by which a place is found. Compiling the whole of a long token would take longer than comparing it."""
_GAP = r"(?:\s|\\{1,16}[rn]|%(?:25){0,8}0[aAdD]|&#(?:1[03]|[xX]0?[aAdD]);?){0,8}"
"""A line break, however written, in what is cut into lines."""
_WRAPS = re.compile(r"(?<!\\)\\++[rn]|%(?:25)*+0[aAdD]|&#(?:1[03]|[xX]0?[aAdD]);?")
_RUN = re.compile(r"[A-Za-z0-9]+")
_CODE = re.compile(
    r"%(?:25)*+([0-9A-Fa-f]{2})|(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|u\{0*([0-9A-Fa-f]{1,6})\})"
    r"|&(?:amp;)*+#(?:[xX]0*([0-9A-Fa-f]{1,6})|0*(\d{1,7}));?"
)
"""A letter or digit that is written otherwise."""
_LAYERS = 4
"""How often such letters are read within each other."""


@dataclass(slots=True)
class Spelling:
    """A sequence of expressions, one a character; patterns are made when they are first needed."""

    units: Sequence[str]
    between: str = ""
    _anchor: re.Pattern[str] | None = None

    def taken_out(self, text: str, mark: str) -> str:
        """The text with ``mark`` wherever this spelling stands."""
        pieces, done, at = list[str](), 0, 0
        anchor = self._anchor = self._anchor or re.compile(self.between.join(self.units[:ANCHOR]))
        while found := anchor.search(text, at):
            end = self._end(text, found.end())
            if end is None:
                at = found.start() + 1
                continue
            pieces += [text[done : found.start()], mark]
            done = at = end
        return "".join([*pieces, text[done:]]) if pieces else text

    def _end(self, text: str, at: int) -> int | None:
        """Where the rest ends that begins at ``at``; None where something else stands there."""
        for unit in self.units[ANCHOR:]:
            found = _unit(self.between + unit).match(text, at)
            if found is None:
                return None
            at = found.end()
        return at


@lru_cache(maxsize=4096)
def _unit(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


@dataclass
class KnownSecret:
    """One secret and its spellings. Never shown."""

    secret: str = field(repr=False)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Its usual spellings, longest first."""
        return all_forms([self.secret])

    @property
    def long(self) -> bool:
        """True where it is long enough to be told from words in base64, hexadecimal and any case."""
        return len(self.secret) >= SHORTEST_ENCODED

    def taken_out(self, text: str, mark: str) -> str:
        """The text with ``mark`` instead of the secret in every spelling."""
        for form in self.forms:
            text = text.replace(form, mark)
        if self._may_be_spelled_in(text):
            text = self._characters.taken_out(text, mark)
        if self.long:
            for run, spelling in self._encodings(text):
                if run in _unwrapped(text):
                    text = spelling.taken_out(text, mark)
        return text

    def hides_in_name(self, name: str) -> bool:
        """True where a name made of it, as a header's must be, lacks nothing but punctuation and case."""
        return len(self._squeezed) >= SHORTEST_ENCODED and self._squeezed in _squeezed(name)

    def _may_be_spelled_in(self, text: str) -> bool:
        """A quick no for most texts: some letters and digits stand together in every spelling, once they are read.

        Not where the secret itself reads like a spelling (``000%0000``): reading would go on into the secret.
        """
        return self._reads_on or self._longest_run in _read(text)

    @cached_property
    def _reads_on(self) -> bool:
        return bool(_CODE.search(self.secret))

    @cached_property
    def _squeezed(self) -> str:
        return _squeezed(self.secret)

    @cached_property
    def _longest_run(self) -> str:
        return _longest_run(self.secret).lower()

    @cached_property
    def _characters(self) -> Spelling:
        any_case = self.long and any(letter.isalpha() for letter in self.secret)
        units: list[str] = []
        for backslash, run in groupby(self.secret, lambda letter: letter == "\\"):
            letters = "".join(run)
            units += [backslashes(len(letters))] if backslash else [spelled(c, any_case=any_case) for c in letters]
        return Spelling(units)

    def _encodings(self, text: str) -> Iterator[tuple[str, Spelling]]:
        """Each with letters that stand together in it, wherever it stands. Base64 needs a text that has room for it."""
        if len(text) >= len(self.secret):
            yield from self._coded

    @cached_property
    def _coded(self) -> tuple[tuple[str, Spelling], ...]:
        raw = self.secret.encode("utf-8", "replace")
        digits = [(raw.hex(), True), (raw.hex().upper(), True)]
        whole = [(b64encode(raw).decode(), False)]
        cores = [(core(raw, offset), False) for offset in range(3)]
        return tuple(
            (_longest_run(coded), Spelling([_coded_unit(c, any_case=case) for c in coded], between=_GAP))
            for coded, case in (*digits, *whole, *cores)
        )


def _coded_unit(character: str, *, any_case: bool) -> str:
    """A letter of base64 or hexadecimal. Addresses have another alphabet of base64 in two places."""
    other = {"+": "-", "/": "_"}.get(character)
    expression = spelled(character, any_case=any_case)
    return expression if other is None else f"(?:{expression}|{re.escape(other)})"


@lru_cache(maxsize=512)
def known(secret: str) -> KnownSecret:
    """What is known of a secret, worked out once."""
    return KnownSecret(secret)


def _longest_run(text: str) -> str:
    return max(_RUN.findall(text), key=len, default="")


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


@lru_cache(maxsize=2)
def _read(text: str) -> str:
    """The text in lower case with letters and digits for what stands for them: after every layer, one below the other.

    What stands before a secret may swallow its first letters in the next layer.
    """
    layers = [text]
    for _ in range(_LAYERS):
        if not ("%" in text or "\\" in text or "&" in text):
            break
        text = _CODE.sub(_letter, text)
        if text == layers[-1]:
            break
        layers.append(text)
    return "\n".join(layers).lower()


def _letter(code: re.Match[str]) -> str:
    number = int(code[6]) if code[6] else int(next(filter(None, code.groups())), 16)
    return chr(number) if number < 128 else " "


@lru_cache(maxsize=2)
def _unwrapped(text: str) -> str:
    """The text without line breaks, however written."""
    for sign in ("\\r", "\\n"):
        if sign in text:
            text = text.replace(sign, "")
    text = "".join(text.split())
    return _WRAPS.sub("", text) if "%" in text or "&#" in text or "\\" in text else text

"""The one sink for texts: what of a run's prompts and answers may be kept, told or printed. Feeds the engine, and
through the record it makes the store, alerts, reports, metrics and logs.

Pure. Checks and judges have seen the texts as they came; whatever is said of a run afterwards is said of its kept form.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from checks.drift.wording import normal_form
from checks.quote import FIRST_LETTERS
from checks.removal import Cut, Removal, apart, pieces, without
from probes.failure import IN_BETWEEN, IN_TURN, Failure, FailureClass
from probes.privacy import TextMode

NOT_KEPT = "(not kept)"
UNTOLD = "what the answer was is not kept"
"""The reason of a check where answers are not kept."""
UNSAID = "what the endpoint said is not kept"
"""What stands in the message of a failure instead."""
SHORTEST_REMEMBERED = 4
"""Characters of the shortest piece that is looked for outside the text it was taken from."""
MOST_REMEMBERED = 2_000
_SHORTEST_REST = 3
_LEAST_CUT = 200
"""Characters of the shortest line of an endpoint that is cut when it comes in (``probes.hostile``)."""
_LAST_WORD = re.compile(r"[^\s\u2e80-\U0010ffff]+\s*\Z")
"""Scripts from U+2E80 on are written without blanks; nothing of ours has its shape in them."""
_MARKS = "\"'\\"
_OURS = frozenset(
    {
        FailureClass.TIMEOUT_CONNECT,
        FailureClass.TIMEOUT_FIRST_TOKEN,
        FailureClass.TIMEOUT_TOTAL,
        FailureClass.CONNECTION,
        FailureClass.DNS_TLS,
        FailureClass.NOT_ASKED,
        FailureClass.SPEND_CAP,
        FailureClass.TIME_LIMIT,
    }
)
"""Failures that are told in our own words."""
_TURN = re.compile(rf"{IN_TURN}\d+: ")
_NOT_ASKED = re.compile(rf"not asked: \d+ requests failed \((?P<kind>\w+)\) {IN_BETWEEN}")


@dataclass(slots=True, kw_only=True)
class Pen:
    """Writes the texts of one run as they may be kept. It remembers what it took out, which other texts may quote."""

    mode: TextMode
    removal: Removal
    salt: bytes
    """Secret of the store: without it nobody can look a hash up."""
    _taken: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True where everything is kept as it came."""
        return self.mode == "full"

    @property
    def silent(self) -> bool:
        """True where no text is kept that a person could read."""
        return self.mode in ("none", "hash")

    @property
    def answers_as(self) -> str:
        """The form in which the judge sees answers; empty where it is their own."""
        return {"full": "", "redacted": f"redacted:{self.removal.fingerprint}"}.get(self.mode, self.mode)

    def cuts(self, text: str) -> tuple[Cut, ...]:
        """What is taken out of a text that an endpoint or a suite wrote: remembered now, and what was before."""
        cuts = self.removal.cuts(text)
        for cut in cuts:
            for piece in pieces(text[cut.start : cut.end]):
                if len(piece) >= SHORTEST_REMEMBERED and len(self._taken) < MOST_REMEMBERED:
                    self._taken.setdefault(piece, cut.instead.strip(_MARKS))
        return apart([*cuts, *self._known(text)])

    def _known(self, text: str) -> Iterator[Cut]:
        """Where a piece stands that was taken out of another text."""
        for piece, instead in self._taken.items():
            at = text.find(piece)
            while at >= 0:
                yield Cut(start=at, end=at + len(piece), instead=instead)
                at = text.find(piece, at + len(piece))

    def said(self, text: str | None) -> str | None:
        """Something a person or a model said: whole, without its removed pieces, as its hash, or not at all."""
        if text is None or self.whole:
            return text
        if self.mode == "redacted":
            return without(text, self.cuts(text))
        self.cuts(text)  # a message of a failure may quote it
        return self._hash(text) if self.mode == "hash" else None

    def _hash(self, text: str) -> str:
        """Equal texts, equal hashes: HMAC-SHA-256 of the normal form, 160 bits of it."""
        digest = hmac.digest(self.salt, normal_form(text).encode("utf-8", "surrogatepass"), "sha256")
        return "hash:" + b32encode(digest[:20]).decode().lower()

    def as_kept(self, text: str) -> str:
        """An answer in the form in which stored ones are compared with it; as it came where none can be."""
        return without(text, self.cuts(text)) if self.mode == "redacted" else text

    def line(self, text: str) -> str:
        """One line about texts, in which pieces of them may be quoted: without what was or is to be taken out."""
        if self.whole or not text:
            return text
        text = FIRST_LETTERS.sub("", text)
        for piece, instead in sorted(self._taken.items(), key=lambda each: -len(each[0])):
            text = _without_rest(text.replace(piece, instead), piece, instead)
        return without(text, self.removal.cuts(text))

    def cut_line(self, text: str) -> str:
        """``line`` of what an endpoint said and nobody has whole any more, without what a cut may have halved."""
        return self.line(text if self.whole else without_half(text))

    def quote(self, text: str) -> str:
        """A line whose point is to quote: nothing of it stays where texts are not kept."""
        return NOT_KEPT if self.silent and text else self.line(text)

    def named(self, text: str) -> str:
        """A line that tells things apart: where texts are not kept a short mark of it, the same for the same line."""
        return f"#{self._hash(text)[5:13]}" if self.silent and text else self.line(text)

    def lines(self, values: Mapping[str, str]) -> dict[str, str]:
        """``cut_line`` of every value, and ``line`` of its name where the endpoint chose it."""
        return {self.line(name): self.cut_line(value) for name, value in values.items()}

    def deep(self, value: Any) -> Any:
        """``line`` of every text in parsed JSON."""
        if isinstance(value, str):
            return self.line(value)
        if isinstance(value, Mapping):
            return {self.line(str(name)): self.deep(entry) for name, entry in value.items()}
        return [self.deep(entry) for entry in value] if isinstance(value, list | tuple) else value

    def failure(self, failure: Failure | None) -> Failure | None:
        """A failure whose message quotes no more than may be kept."""
        if failure is None or self.whole:
            return failure
        told = replace(failure, message=self.cut_line(failure.message))
        return unsaid(told) if self.silent else told


def unsaid(failure: Failure) -> Failure:
    """A failure without what the endpoint said of it: class and status stay, and our own words."""
    if failure.kind in _OURS and failure.status is None:
        why = _NOT_ASKED.match(failure.message)
        return failure if why is None or why["kind"] in _OURS else replace(failure, message=why[0] + UNSAID)
    turn = _TURN.match(failure.message)
    told = f"HTTP {failure.status}: {UNSAID}" if failure.status else UNSAID
    return replace(failure, message=(turn[0] if turn else "") + told)


def without_half(text: str) -> str:
    """A line that was cut, without its last word and the words with digits before it: half a card number or address
    has no shape by which anything would find it. Other lines as they are."""
    if len(text) < _LEAST_CUT or not text.endswith("…"):
        return text
    rest, halved = text[:-1], True
    while halved and (last := _LAST_WORD.search(rest)):
        rest = rest[: last.start()]
        before = _LAST_WORD.search(rest)
        halved = before is not None and any(character.isdigit() for character in before[0])
    return f"{rest}…"


def _without_rest(text: str, piece: str, instead: str) -> str:
    """The text without what an ellipsis left of a removed piece: its beginning before one, its end behind one."""
    for mark in _ellipses(text):
        before, after = text[: mark.start()], text[mark.end() :]
        for length in range(min(len(piece) - 1, len(text)), _SHORTEST_REST - 1, -1):
            if before.endswith(piece[:length]):
                return _without_rest(before[:-length] + instead + after, piece, instead)
            if after.startswith(piece[-length:]):
                return _without_rest(before + instead + after[length:], piece, instead)
    return text


def _ellipses(text: str) -> Iterable[re.Match[str]]:
    return re.finditer(r"…|\.\.\.", text)

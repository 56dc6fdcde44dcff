"""Texts that an answer begins or ends with, and whether it does. Feeds ``starts_with`` and ``ends_with``."""

from __future__ import annotations

from typing import Any, ClassVar

from checks.argument import Argument, Texts
from checks.case_folding import CaseFolded, case_folded
from checks.unicode_forms import composed

SHOWN_CHARS = 80
"""Characters of an answer's end that a reason shows."""


class Edges(Argument):
    """Texts of which one must stand there; white space around the answer counts only with ``trim: false``."""

    main: ClassVar[str] = "any"
    examples: ClassVar[tuple[Any, ...]] = (
        "Dear customer",
        ["Dear", "Hello"],
        {"any": "dear", "ignore_case": True, "trim": False},
    )

    any: Texts
    ignore_case: bool = False
    trim: bool = True

    def first_at_start(self, answer: str) -> tuple[int, int] | None:
        """Where one of the texts stands at the beginning, as offsets [start, end)."""
        start = len(answer) - len(answer.lstrip()) if self.trim else 0
        for text in map(self._plain, self.any):
            # folding never makes a text shorter, so this many characters are enough
            piece = CaseFolded(answer[start : start + len(text)]) if self.ignore_case else None
            said = answer[start : start + len(text)] if piece is None else piece.text
            span = (0, len(text)) if piece is None else piece.span(0, min(len(text), len(said)))
            if said.startswith(text) and span:
                return start, start + span[1]
        return None

    def first_at_end(self, answer: str) -> tuple[int, int] | None:
        """Where one of the texts stands at the end, as offsets [start, end)."""
        end = len(answer.rstrip()) if self.trim else len(answer)
        for text in map(self._plain, self.any):
            begin = max(0, end - len(text))
            piece = CaseFolded(answer[begin:end]) if self.ignore_case else None
            said = answer[begin:end] if piece is None else piece.text
            at = max(0, len(said) - len(text))
            span = (at, len(said)) if piece is None else piece.span(at, len(said))
            if said.endswith(text) and span:
                return begin + span[0], end
        return None

    def composed(self) -> Edges:
        """The same with its texts in one Unicode form, to tell whether only the form differs."""
        return self.model_copy(update={"any": tuple(map(composed, self.any))})

    def _plain(self, text: str) -> str:
        return case_folded(text) if self.ignore_case else text

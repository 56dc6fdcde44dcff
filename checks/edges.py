"""Texts that an answer begins or ends with, and whether it does. Feeds ``starts_with`` and ``ends_with``."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from checks.argument import Argument, Texts

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
        spans = ((start, start + len(text)) for text in self.any if self._same(text, answer[start : start + len(text)]))
        return next(spans, None)

    def first_at_end(self, answer: str) -> tuple[int, int] | None:
        """Where one of the texts stands at the end, as offsets [start, end)."""
        end = len(answer.rstrip()) if self.trim else len(answer)
        starts = ((text, max(0, end - len(text))) for text in self.any)
        return next(((start, end) for text, start in starts if self._same(text, answer[start:end])), None)

    def _same(self, text: str, piece: str) -> bool:
        if not self.ignore_case:
            return text == piece
        # a case-insensitive match keeps lengths; case folding would not (ß becomes ss)
        return re.fullmatch(re.escape(text), piece, re.IGNORECASE) is not None

"""Texts to look for in an answer, and where they are. Feeds ``contains`` and ``not_contains``."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import Field, model_validator

from checks.argument import Argument, Texts


class Phrases(Argument):
    """Texts that must (or must not) occur: ``all`` of them, and ``any`` of those."""

    main: ClassVar[str] = "all"
    examples: ClassVar[tuple[Any, ...]] = (
        "30 days",
        ["30 days", "receipt"],
        {"any": ["30 days", "a month"], "ignore_case": True},
    )

    all_of: Texts | None = Field(default=None, alias="all")
    any_of: Texts | None = Field(default=None, alias="any")
    ignore_case: bool = False

    @model_validator(mode="after")
    def _something_to_look_for(self) -> Phrases:
        if self.all_of is None and self.any_of is None:
            raise ValueError("nothing to look for; give all: or any:")
        return self


def find(phrase: str, answer: str, *, ignore_case: bool) -> tuple[int, int] | None:
    """Where the phrase first occurs, as offsets [start, end), or None."""
    if ignore_case:
        # a case-insensitive search keeps offsets; case folding would shift them (ß becomes ss)
        match = re.search(re.escape(phrase), answer, re.IGNORECASE)
        return match.span() if match else None
    start = answer.find(phrase)
    return None if start < 0 else (start, start + len(phrase))

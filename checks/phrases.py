"""Texts to look for in an answer, and where they are. Feeds ``contains`` and ``not_contains``."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import Field, model_validator

from checks.argument import Argument, Texts
from checks.case_folding import case_folded, case_folding_of

AROUND = 40
"""Characters that a reason shows at both sides of a hit."""


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
        lists = {
            f"{field.alias}:": getattr(self, name) for name, field in type(self).model_fields.items() if field.alias
        }
        if all(texts is None for texts in lists.values()):
            raise ValueError(f"nothing to look for; give {' or '.join(lists)}")
        return self


class WantedPhrases(Phrases):
    """The same, with texts that must not occur: ``none`` of those."""

    examples: ClassVar[tuple[Any, ...]] = (*Phrases.examples, {"all": "30 days", "none": ["14 days", "no refund"]})

    none_of: Texts | None = Field(default=None, alias="none")

    @model_validator(mode="after")
    def _can_hold(self) -> WantedPhrases:
        for text in self.none_of or ():
            inside = next(
                (wanted for wanted in self.all_of or () if find(text, wanted, ignore_case=self.ignore_case)), None
            )
            if inside is not None:
                raise ValueError(f"{inside!r} is wanted, but holds {text!r}, which must not occur")
        return self


def around(answer: str, span: tuple[int, int]) -> str:
    """The hit with a few characters at both sides, for reasons."""
    return answer[max(0, span[0] - AROUND) : span[1] + AROUND]


def find(phrase: str, answer: str, *, ignore_case: bool) -> tuple[int, int] | None:
    """Where the phrase first occurs, as offsets [start, end), or None."""
    if ignore_case:
        return next(case_folding_of(answer).occurrences(re.compile(re.escape(case_folded(phrase)))), None)
    start = answer.find(phrase)
    return None if start < 0 else (start, start + len(phrase))

"""How many of something, where a number alone means exactly so many. Feeds ``json_path`` and ``code_fence``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from checks.amounts import Amount


class ExactAmount(Amount):
    """So many exactly, or the most and the fewest allowed."""

    main: ClassVar[str] = "exactly"
    short_schema: ClassVar[dict[str, Any] | None] = {"type": "integer", "minimum": 0}
    examples: ClassVar[tuple[Any, ...]] = (3, {"min": 1, "max": 5})

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _says_something(self) -> ExactAmount:
        if self.open:
            raise ValueError("no amount given; write a number, min: or max:")
        return self

"""How many of something an answer may have: the least, the most, and the words for it. Feeds ``length``, ``occurs``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from checks.argument import Argument


class Amount(Argument):
    """The most and the fewest allowed, themselves included; a number alone is the most."""

    main: ClassVar[str] = "max"
    examples: ClassVar[tuple[Any, ...]] = (50, {"min": 20, "max": 50})

    min: int | None = Field(default=None, ge=0, strict=True)
    max: int | None = Field(default=None, ge=0, strict=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Amount:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"nothing is at least {self.min} and at most {self.max}")
        return self

    @property
    def open(self) -> bool:
        """True where no limit is given."""
        return self.min is None and self.max is None

    def holds(self, count: int) -> bool:
        """True where the count lies within the limits."""
        return (self.min is None or count >= self.min) and (self.max is None or count <= self.max)

    @property
    def words(self) -> str:
        """The limits as they follow "expected"; at least one is given."""
        if self.min == self.max:
            return f"exactly {self.min}"
        if self.max is None:
            return f"at least {self.min}"
        return f"at most {self.max}" if self.min is None else f"{self.min} to {self.max}"

"""How many of something there may be: limits or an exact number. Feeds ``tool_calls``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from checks.argument import Argument


class Count(Argument):
    """The fewest and the most; a number alone is both."""

    main: ClassVar[str] = "exactly"
    examples: ClassVar[tuple[Any, ...]] = (1, {"min": 1, "max": 3})

    exactly: int | None = Field(default=None, ge=0, strict=True)
    min: int | None = Field(default=None, ge=0, strict=True)
    max: int | None = Field(default=None, ge=0, strict=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Count:
        if self.exactly is self.min is self.max is None:
            raise ValueError("no count given; write a number, min: or max:")
        if self.exactly is not None and (self.min is not None or self.max is not None):
            raise ValueError("exactly says it all; drop min and max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"nothing is at least {self.min} and at most {self.max}")
        return self

    def holds(self, number: int) -> bool:
        """True where the number lies within the limits."""
        if self.exactly is not None:
            return number == self.exactly
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)

    @property
    def words(self) -> str:
        """The limits, to stand before the name of what is counted."""
        if self.exactly is not None:
            return f"{self.exactly}"
        least = f"at least {self.min}" if self.min is not None else ""
        most = f"at most {self.max}" if self.max is not None else ""
        return " and ".join(filter(None, (least, most)))

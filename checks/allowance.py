"""How far a number may lie from the expected one, written ``0.5`` or ``1%``. Feeds the ``number`` check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A distance: absolute, or as a share of the expected number."""

    amount: Decimal
    """In units of the number; with ``relative`` in percent of it."""
    relative: bool = False

    def reaches(self, value: Decimal, expected: Decimal) -> bool:
        """True where the value lies no further from the expected one than this."""
        if not value.is_finite() or abs(value.adjusted() - expected.adjusted()) > _MAGNITUDES:
            return value == expected or abs(value) <= self._distance(expected) - abs(expected)
        return abs(value - expected) <= self._distance(expected)

    def _distance(self, expected: Decimal) -> Decimal:
        return abs(expected) * self.amount / 100 if self.relative else self.amount

    def __str__(self) -> str:
        return f"{self.amount}{'%' if self.relative else ''}"

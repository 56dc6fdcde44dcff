"""How far a number may lie from the expected one, written ``0.5`` or ``1%``. Feeds the ``number`` check."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A distance: absolute, or as a share of the expected number."""

    amount: Decimal = Decimal(0)
    """In units of the number; with ``relative`` in percent of the expected one."""
    relative: bool = False

    def reaches(self, value: Decimal, expected: Decimal) -> bool:
        """True where the value lies no further from the expected one than this."""
        distance = abs(expected) * self.amount / 100 if self.relative else self.amount
        return abs(value - expected) <= distance

    def __str__(self) -> str:
        return f"{self.amount}{'%' if self.relative else ''}"


def _allowed(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*%\s*", value, re.ASCII):
        return Allowed(amount=Decimal(value.strip().rstrip("% ")), relative=True)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return Allowed(amount=Decimal(repr(value)))
    raise ValueError(f"{value!r} is not a tolerance; write it like 0.5 or 1%")


Allowance = Annotated[
    InstanceOf[Allowed],
    BeforeValidator(_allowed),
    WithJsonSchema({"type": ["string", "number"], "minimum": 0, "pattern": "%", "examples": ["1%", 0.5]}),
]
"""``1%`` of the expected number, or a distance as a bare number."""

"""Vectors of texts and the cosine of the angle between them. Feeds ``semantic_similarity``."""

from __future__ import annotations

import math
from collections.abc import Sequence


class Incomparable(ValueError):
    """Two vectors that no angle can be told of."""


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of the angle between two vectors: 1 the same direction, 0 nothing in common, -1 opposite.

    Both are scaled by their largest entry first, so that neither huge nor tiny numbers leave the range of floats.

    Raises:
        Incomparable: they differ in length, or one of them is empty, zero, or holds what is no finite number.
    """
    if len(left) != len(right):
        raise Incomparable(f"the vectors have {len(left)} and {len(right)} numbers")
    one, other = _scaled(left), _scaled(right)
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.sqrt(math.fsum(a * a for a in one) * math.fsum(b * b for b in other))
    return max(-1.0, min(1.0, product / lengths))


def _scaled(vector: Sequence[float]) -> list[float]:
    if not vector:
        raise Incomparable("a vector is empty")
    if not all(map(math.isfinite, vector)):
        raise Incomparable("a vector holds what is no finite number")
    largest = max(map(abs, vector))
    if not largest:
        raise Incomparable("a vector is zero, which has no direction")
    return [number / largest for number in vector]

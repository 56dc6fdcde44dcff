"""Vectors of texts and the cosine of the angle between them. Feeds ``semantic_similarity``."""

from __future__ import annotations

import math
from functools import lru_cache
from operator import mul

Vector = tuple[float, ...]
_REMEMBERED = 256
"""Vectors whose length is known already: the same expected texts are compared with every sample of a run."""


class Incomparable(ValueError):
    """Two vectors that no angle can be told of."""


def cosine(left: Vector, right: Vector) -> float:
    """The cosine of the angle between two directions: 1 the same, 0 nothing in common, -1 opposite.

    Args:
        left: A ``direction``.
        right: Another.

    Raises:
        Incomparable: they differ in length.
    """
    if len(left) != len(right):
        raise Incomparable(f"the vectors have {len(left)} and {len(right)} numbers")
    # rounding adds up to about 1e-13 over a few thousand numbers: no suite can ask for more digits than that
    return max(-1.0, min(1.0, float(sum(map(mul, left, right)))))


@lru_cache(maxsize=_REMEMBERED)
def direction(vector: Vector) -> Vector:
    """The same direction with length 1; scaled by the largest entry first, so that no square leaves the floats.

    Raises:
        Incomparable: it is empty, zero, or holds what is no finite number.
    """
    if not vector:
        raise Incomparable("a vector is empty")
    if not all(map(math.isfinite, vector)):
        raise Incomparable("a vector holds what is no finite number")
    largest = max(map(abs, vector))
    if not largest:
        raise Incomparable("a vector is zero, which has no direction")
    scaled = [number / largest for number in vector]
    length = math.sqrt(math.fsum(map(mul, scaled, scaled)))
    return tuple(number / length for number in scaled)

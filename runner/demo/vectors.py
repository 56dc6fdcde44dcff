"""Vectors of texts without a model: hashed character trigrams, so that texts that share wording are near. Feeds the
fake endpoint of embeddings."""

from __future__ import annotations

import hashlib
import math
from collections import Counter

DIMENSIONS = 256
_GRAM = 3


def vector_of(text: str, salt: str = "") -> list[float]:
    """A vector of length 1, the same for the same text; ``salt`` (the model's name) gives another space."""
    plain = f"  {' '.join(text.casefold().split())}  "
    grams = Counter(plain[at : at + _GRAM] for at in range(len(plain) - _GRAM + 1))
    vector = [0.0] * DIMENSIONS
    for gram, times in grams.items():
        digest = hashlib.blake2b(f"{salt}\0{gram}".encode("utf-8", "replace"), digest_size=4).digest()
        place, sign = int.from_bytes(digest[:2], "big") % DIMENSIONS, 1 if digest[2] & 1 else -1
        vector[place] += sign * math.sqrt(times)
    length = math.sqrt(math.fsum(number * number for number in vector)) or 1.0
    return [round(number / length, 8) for number in vector]

"""Identifiers and jitter as a parameter, so that tests and replays can hand in a seeded source. Feeds ``fire``."""

from __future__ import annotations

import random
from typing import Protocol


class Ids(Protocol):
    """Where ``fire`` gets its names and its chance from."""

    def sample_id(self) -> str:
        """A new sample id: 32 lower-case hex digits."""
        ...

    def trace_id(self) -> str:
        """A new W3C trace id: 32 lower-case hex digits, not all zero."""
        ...

    def span_id(self) -> str:
        """A new W3C span id: 16 lower-case hex digits, not all zero."""
        ...

    def jitter(self) -> float:
        """A number between 0 and 1."""
        ...


class RandomIds:
    """Ids from a random source: the system's, or a seeded one where a run must repeat."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.SystemRandom()

    def sample_id(self) -> str:
        return self._hex(32)

    def trace_id(self) -> str:
        return self._hex(32)

    def span_id(self) -> str:
        return self._hex(16)

    def jitter(self) -> float:
        return self._source.random()

    def _hex(self, digits: int) -> str:
        # W3C Trace Context forbids the id of all zeros
        return f"{self._source.randrange(1, 16**digits):0{digits}x}"

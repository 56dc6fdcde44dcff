"""How the allocator of a daemon that has many threads is set up, so that its memory stays flat. Feeds ``holdfast
daemon``."""

from __future__ import annotations

import ctypes
import sys

ARENAS = 2
_M_ARENA_MAX = -8
"""Of ``mallopt`` in glibc's ``malloc.h``."""


def few_arenas() -> bool:
    """Let all threads share two arenas of glibc's allocator; False where there is no such allocator.

    By default there are eight for each core, and each keeps the most that a run ever took in it. Before threads begin.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS))
    except (AttributeError, OSError):
        return False

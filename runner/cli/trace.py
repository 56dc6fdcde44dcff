"""Tracebacks for ``--debug``: where something went wrong, without what was there. Feeds ``main``.

The text of an exception quotes prompts, answers and keys, wherever it was raised; its type and the lines it passed
say where to look. Our own errors are worded for people and hold no secret: they keep their text.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from probes.errors import HoldfastError


def bare_traceback(error: BaseException) -> str:
    """The traceback of an exception and of what caused it, oldest first; texts of foreign ones are left out."""
    return "\n".join(_told(link) for link in reversed(list(_chain(error))))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _told(error: BaseException) -> str:
    places = "".join(traceback.format_tb(error.__traceback__))
    text = f": {error}" if isinstance(error, HoldfastError) else ""
    return f"Traceback (most recent call last):\n{places}{type(error).__qualname__}{text}"

"""JSONPath (RFC 9535) over parsed JSON: compiled once, strict. Feeds the ``http`` dialect and configured routes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

Finder = Callable[[Any], list[Any]]
"""All values a path finds in a tree, in document order."""


@lru_cache(maxsize=512)
def compile_path(path: str) -> Finder:
    """The path, ready to look into trees.

    Raises:
        ValueError: it is no JSONPath of RFC 9535; the message says what is wrong.
    """
    from jsonpath import JSONPathEnvironment, JSONPathError  # slow to import, and few suites need it

    try:
        compiled = JSONPathEnvironment(strict=True).compile(path)
    except JSONPathError as error:
        told = str(error).splitlines()[0]
        raise ValueError(f"{path!r} is not a JSONPath: {told}") from None
    return compiled.findall


def first(path: str, tree: Any) -> Any:
    """The first value the path finds; None where there is none."""
    found = compile_path(path)(tree)
    return found[0] if found else None

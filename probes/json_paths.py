"""JSONPath (RFC 9535) over parsed JSON: compiled once, strict. Feeds the ``http`` dialect and configured routes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator

from probes.json_fields import MalformedReply

Finder = Callable[[Any], list[Any]]
"""All values a path finds in a tree, in document order. Raises ``MalformedReply`` for a tree too deep to search."""

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d{1,9})\]", re.ASCII)
_PLAIN = re.compile(rf"\$(?:{_STEP.pattern})*", re.ASCII)


@lru_cache(maxsize=512)
def compile_path(path: str) -> Finder:
    """The path, ready to look into trees.

    Raises:
        ValueError: it is no JSONPath of RFC 9535; the message says what is wrong.
    """
    if _PLAIN.fullmatch(path):
        # nearly every path, looked up in every event of every stream: the library would take ten times as long
        steps = [name or int(index) for name, index in _STEP.findall(path)]
        return lambda tree: _walk(tree, steps)
    return _searching(path)


def _walk(tree: Any, steps: list[str | int]) -> list[Any]:
    for step in steps:
        if isinstance(step, str):
            if not isinstance(tree, dict) or step not in tree:
                return []
        elif not isinstance(tree, list) or step >= len(tree):
            return []
        tree = tree[step]
    return [tree]


def _searching(path: str) -> Finder:
    from jsonpath import JSONPathEnvironment, JSONPathError  # slow to import, and few suites need it

    if not path.startswith("$"):
        raise ValueError(f"{path!r} is not a JSONPath: it does not begin with $; write it like $.answer")
    try:
        compiled = JSONPathEnvironment(strict=True).compile(path)
    except JSONPathError as error:
        raise ValueError(f"{path!r} is not a JSONPath: {error.args[0]}; write it like $.items[*].text") from None

    def find(tree: Any) -> list[Any]:
        if not isinstance(tree, (dict, list)):  # the library would read a text as a JSON document
            return []
        try:
            return compiled.findall(tree)
        except (JSONPathError, RecursionError) as error:
            raise MalformedReply(f"the reply is nested too deeply to look for {path}") from error

    return find


def first(path: str, tree: Any) -> Any:
    """The first value the path finds; None where there is none.

    Raises:
        MalformedReply: the tree is too deep to search.
    """
    found = compile_path(path)(tree)
    return found[0] if found else None


def _checked(path: str) -> str:
    compile_path(path)
    return path


JsonPath = Annotated[str, AfterValidator(_checked)]
"""A JSONPath as suites write it, refused where it is none."""

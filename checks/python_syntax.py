"""Whether a text is Python, by the interpreter's own parser; nothing is compiled or run. Feeds ``python``,
``code_fence``."""

from __future__ import annotations

import ast
import warnings

from checks.code_part import Broken, Unread
from checks.quote import quoted

READ_CHARS = 100_000
"""Longest text that is parsed."""


def read_python(text: str) -> None:
    """Parse a text as a Python module, in the grammar of the Python that runs this.

    Raises:
        Broken: it is not Python, or holds no statement.
        Unread: it is too long, or nested too deeply for the parser.
    """
    if len(text) > READ_CHARS:
        raise Unread(f"expected Python, got {len(text)} characters; at most {READ_CHARS} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is a warning of the answer's, not of ours
            module = ast.parse(text)
    except SyntaxError as error:
        raise _broken(text, error) from None
    except (MemoryError, RecursionError):
        raise Unread("expected Python, got code nested too deeply to be read") from None
    except ValueError as error:  # null characters and lone surrogates
        raise Broken(f"expected Python, got characters no source can hold ({error})") from None
    if not module.body:
        raise Broken(f"expected Python, got no statement: {quoted(text)}")


def _broken(text: str, error: SyntaxError) -> Broken:
    lines = text.split("\n")
    number = min((error.lineno or 1) - 1, len(lines) - 1)
    at = sum(len(line) + 1 for line in lines[:number]) + max((error.offset or 1) - 1, 0)
    return Broken(f"expected Python, got {error.msg} in line {number + 1}: {quoted(lines[number])}", at)

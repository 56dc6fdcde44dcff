"""Strict JSON from endpoints and typed looks into it. Feeds the protocol readers and the failure classes.

A reply that is not what its protocol promises raises ``MalformedReply``; it is never guessed at.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NoReturn

MOST_TOKENS = 10**12
"""Counts beyond this are nonsense, and beyond what a database column holds."""

_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUOTED_BYTES = 2000
"""More than a message holds: what is cut here must not be what a secret is known by."""
_MEDIA_TYPE = re.compile(r"\s*[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,60}(?=\s*(;|$))")


class MalformedReply(ValueError):
    """The reply does not have the shape its protocol promises. Caught by the protocol's reader, never shown as is."""


class _NotJson(ValueError):
    """NaN or Infinity."""


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(name)


# made once: json.loads would make another for each event of each stream
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parse_json(raw: bytes, what: str = "the reply", content_type: str = "") -> object:
    """The value in UTF-8 JSON, with or without a byte order mark.

    Args:
        raw: The bytes.
        what: What they are, for the error.
        content_type: As the reply named it, for the error.

    Raises:
        MalformedReply: not UTF-8, not JSON (NaN and Infinity are not), nested too deeply, or with an endless number.
            It quotes the beginning, at the very end of its text: whoever shows it takes secrets out first, and
            shortens it after.
    """
    try:
        # not utf-8-sig: that codec is written in Python, and streams have many events
        value: object = _DECODER.decode(raw.removeprefix(_BOM).decode())
    except UnicodeDecodeError as error:
        raise MalformedReply(_unreadable(raw, f"{what} is not UTF-8", content_type)) from error
    except RecursionError as error:
        raise MalformedReply(f"{what} is nested too deeply") from error
    except (json.JSONDecodeError, _NotJson) as error:
        raise MalformedReply(_unreadable(raw, f"{what} is not JSON", content_type)) from error
    except ValueError as error:
        # Python reads no longer number, lest that take minutes
        most = sys.get_int_max_str_digits()
        raise MalformedReply(f"{what} has a whole number of more than {most} digits, which is not read") from error
    return value


def _unreadable(raw: bytes, message: str, content_type: str) -> str:
    """The message with what came instead: people know a proxy's error page by its first words."""
    media_type = _MEDIA_TYPE.match(content_type)
    kind = f" (content type {media_type[0].strip()})" if media_type else ""
    if not raw.strip():
        return f"{message}{kind}: it is empty"
    return f"{message}{kind}; it begins: {_written_out(raw[:_QUOTED_BYTES].decode('utf-8', 'backslashreplace'))}"


def _written_out(text: str) -> str:
    """White space as one blank, other control characters as their escapes."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", " ".join(text.split()))


def as_object(value: object, what: str) -> dict[str, Any]:
    """The value, which must be a JSON object; ``what`` names it in the error."""
    if not isinstance(value, dict):
        raise MalformedReply(f"{what} is not a JSON object")
    return value


def get_object(tree: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under ``key``; empty where the key is missing or null."""
    value = tree.get(key)
    return {} if value is None else as_object(value, key)


def get_list(tree: dict[str, Any], key: str) -> list[Any]:
    """The list under ``key``; empty where the key is missing or null."""
    value = tree.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedReply(f"{key} is not a list")
    return value


def get_text(tree: dict[str, Any], key: str) -> str | None:
    """The text under ``key``; None where the key is missing or null."""
    value = tree.get(key)
    if value is None or isinstance(value, str):
        return value
    raise MalformedReply(f"{key} is not text")


def get_count(tree: dict[str, Any], key: str) -> int | None:
    """The count under ``key``; None where nothing that can be a count is there.

    Lenient on purpose: an odd usage figure must not make a failure of a good answer.
    """
    value = tree.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
        return value
    return None

"""What every dialect reads from endpoint and question alike, and the failures all readers share. Pure.

Feeds the dialects; knows none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.hostile import whole_characters
from probes.json_fields import MalformedReply

RAW_USAGE_DEPTH = 10
RAW_USAGE_BYTES = 8192
"""A larger usage object is not kept as it came."""
NATIVE_DEPTH = 100
"""Levels within one part of a reply that goes back with the next request: far below what JSON writers can nest."""


def params_of(endpoint: Endpoint, question: Question) -> dict[str, Any]:
    """The endpoint's parameters with the probe's laid over."""
    return {**endpoint.params, **question.params}


def seed_of(endpoint: Endpoint, question: Question) -> int | None:
    """The probe's seed, else the endpoint's."""
    return endpoint.seed if question.seed is None else question.seed


def secret_of(endpoint: Endpoint) -> str | None:
    """The API key in the clear, for a header."""
    return None if endpoint.api_key is None else endpoint.api_key.get_secret_value()


def address(base_url: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """``base_url`` with a path behind it; a query that stands in ``base_url`` stays, at the end, before our own.

    A ``base_url`` that already ends in the path is left as it is.
    """
    whole, mark, own = base_url.partition("#")[0].partition("?")
    whole = whole.rstrip("/").removesuffix(path) + path + mark + own
    for name, value in (query or {}).items():
        whole += f"{'&' if '?' in whole else '?'}{name}={value}"
    return whole


def malformed(error: object, status: int) -> Failure:
    """The reply is not what its dialect promises."""
    return Failure(kind=FailureClass.PROTOCOL, message=str(error), status=status)


def cut_off(characters: int) -> Failure:
    """The stream ended before its end was announced."""
    message = f"the stream ended without a finish reason, after {characters} characters of answer"
    return Failure(kind=FailureClass.STREAM_TRUNCATED, message=message, status=200)


def raw_usage(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    """The usage object as it came, where it is small enough to keep and shallow enough for every reader of it."""
    kept = nested_within(usage, RAW_USAGE_DEPTH) and len(json.dumps(usage)) <= RAW_USAGE_BYTES
    return usage if kept else {}


def nested_within(value: object, most: int) -> bool:
    """True where objects and lists go at most this deep: JSON that was read is not always JSON that can be written."""
    return _depth(value, most) <= most


def shallow(value: object, what: str) -> None:
    """Let a value pass that can be written as JSON again, wherever it is put.

    Raises:
        MalformedReply: it is nested more than ``NATIVE_DEPTH`` levels deep; ``what`` names it.
    """
    if not nested_within(value, NATIVE_DEPTH):
        raise MalformedReply(f"{what} is nested too deeply")


def arguments_text(value: object) -> str:
    """The arguments of a tool call as JSON text, where a dialect sends them as an object.

    Raises:
        MalformedReply: they are nested too deeply, or hold a number beyond what JSON can say.
    """
    shallow(value, "the arguments of a tool call")
    try:
        return whole_characters(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except ValueError as error:
        raise MalformedReply("the arguments of a tool call cannot be written as JSON") from error


def _depth(value: object, most: int) -> int:
    """Levels of objects and lists in a value; stops counting past ``most``."""
    if not isinstance(value, (dict, list)) or most < 0:
        return 0
    parts = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(part, most - 1) for part in parts), default=0)

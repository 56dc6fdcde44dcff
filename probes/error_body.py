"""Error bodies of all shapes as one: message, codes, status, wait. Pure; never raises. Feeds ``classify``.

Shapes (docs/wire-formats.md): ``error{}`` nested, flat (vLLM), text, in a list (Gemini, Cloudflare), FastAPI's
``detail``, with Google's ``details``, Azure's ``innererror``, OpenRouter's ``metadata``; and the pages of proxies.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probes.json_fields import MalformedReply, parse_json
from probes.waits import wait_in_words, wait_of_duration

TEXT_CHARS = 5000
"""What is looked at of a text that is no JSON."""
ITEMS = 10
"""What is looked at of a list inside an error."""
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})|<h1[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)
_MARKUP = re.compile(r"\s*(<!--|<!doctype html|<html|<head|<body|<center|<h1)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says, whatever its shape."""

    message: str = ""
    codes: tuple[str, ...] = ()
    """Codes and types, most exact first, lower case."""
    status: int | None = None
    """A code that is an HTTP status, as some gateways send it under HTTP 200 (also as text)."""
    quotas: tuple[str, ...] = ()
    """Google: ids of the quotas that are used up, lower case; ``0`` where one is nothing at all."""
    retry_after_s: float | None = None
    """Seconds the body asks to wait."""


def is_error(tree: Mapping[str, Any]) -> bool:
    """True where a JSON object is an error rather than an answer, whatever the HTTP status said."""
    if bool(tree.get("error")) or tree.get("object") == "error":
        return True
    return tree.get("success") is False and bool(tree.get("errors"))


def read_error_tree(tree: object) -> ErrorBody:
    """The error in a JSON value."""
    return _read(tree, depth=2)


def read_error_text(text: str) -> ErrorBody:
    """The error in a text that is no JSON: of a page its title, for its markup says nothing."""
    text = text[:TEXT_CHARS].strip()
    message = _page_title(text) if _MARKUP.match(text) else text
    return ErrorBody(message=message, retry_after_s=wait_in_words(message))


def _page_title(page: str) -> str:
    found = _TITLE.search(page)
    title = html.unescape(found[1] or found[2]).strip() if found else ""
    return f"an HTML page: {title}" if title else "an HTML page without a title"


def _read(tree: object, depth: int) -> ErrorBody:
    tree = _first(tree)
    if not isinstance(tree, dict):
        return ErrorBody(message=tree if isinstance(tree, str) else "")
    error = _first(tree.get("error") or tree.get("errors") or tree.get("detail"))
    inner = error if isinstance(error, dict) and "msg" not in error else tree
    told = (inner.get("message"), error, inner.get("error"), inner.get("detail"))
    said = next((text for text in told if text and isinstance(text, str)), inner.get("detail"))
    upstream = _upstream(inner, depth)
    details = list(_details(inner))
    message = said if isinstance(said, str) else _said_in_items(said)
    if upstream.message and upstream.message not in message:
        message = f"{message}: {upstream.message}" if message else upstream.message
    named = (*upstream.codes, *_codes(inner, details, cloudflare="success" in tree))
    return ErrorBody(
        message=message,
        codes=tuple(dict.fromkeys(named)),
        status=_as_status(inner.get("code")),
        quotas=tuple(_quotas(details)),
        retry_after_s=_wait(details, message),
    )


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _codes(error: Mapping[str, Any], details: list[dict[str, Any]], *, cloudflare: bool) -> Iterator[str]:
    """Most exact first: what is tucked away in details says more than the code, the code more than the type."""
    more = error.get("details")
    places = [*_inner_errors(error), *details, *([more] if isinstance(more, dict) else [])]
    for place in places:
        yield from _texts(place, "code", "reason", "error_code")
    metadata = error.get("metadata")
    if isinstance(metadata, dict):
        yield from _texts(metadata, "error_type")
        if metadata.get("flagged_input") or metadata.get("reasons"):
            yield "flagged_input"
    if cloudflare and isinstance(code := error.get("code"), int):
        yield f"cloudflare {code}"
    yield from _texts(error, "code", "status", "type", "error_type")


def _texts(place: Mapping[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        if isinstance(value := place.get(key), str) and value:
            yield value[:200].lower()


def _inner_errors(error: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Azure's ``innererror``, also one level deeper and where LiteLLM tucks it away."""
    extra = error.get("provider_specific_fields")
    for place in (error, extra if isinstance(extra, dict) else {}):
        inner = place.get("innererror")
        if isinstance(inner, dict):
            if isinstance(deeper := inner.get("innererror"), dict):
                yield deeper
            yield inner


def _details(error: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Google's ``details``: ErrorInfo, QuotaFailure, RetryInfo."""
    details = error.get("details")
    yield from (item for item in (details[:ITEMS] if isinstance(details, list) else ()) if isinstance(item, dict))


def _quotas(details: list[dict[str, Any]]) -> Iterator[str]:
    for detail in details:
        violations = detail.get("violations")
        for violation in violations[:ITEMS] if isinstance(violations, list) else ():
            if isinstance(violation, dict):
                yield from _texts(violation, "quotaId")
                if str(violation.get("quotaValue")) == "0":
                    yield "0"


def _wait(details: list[dict[str, Any]], message: str) -> float | None:
    """RetryInfo's ``retryDelay`` (``46s``), else what the sentence says."""
    asked = [wait_of_duration(delay) for detail in details if isinstance(delay := detail.get("retryDelay"), str)]
    known = [seconds for seconds in asked if seconds is not None]
    return max(known) if known else wait_in_words(message)


def _upstream(error: Mapping[str, Any], depth: int) -> ErrorBody:
    """What OpenRouter quotes of the provider's own error (``metadata.raw``): JSON as text, or a sentence."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not depth or not raw:
        return ErrorBody()
    if isinstance(raw, str):
        try:
            return _read(parse_json(raw[:TEXT_CHARS].encode("utf-8", "replace")), depth - 1)
        except MalformedReply:
            return read_error_text(raw)
    return _read(raw, depth - 1)


def _said_in_items(said: object) -> str:
    """FastAPI's validation errors: a list of objects with ``msg``."""
    items = said[:ITEMS] if isinstance(said, list) else []
    return "; ".join(str(item["msg"]) for item in items if isinstance(item, dict) and isinstance(item.get("msg"), str))


def _as_status(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code, re.ASCII):
        code = int(code)
    return code if isinstance(code, int) and 400 <= code <= 599 else None

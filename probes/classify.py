"""Failure classes from what an endpoint said: HTTP status, error body, error code. Feeds every protocol reader.

Pure. Shapes and codes: docs/wire-formats.md. Messages come out as they came in;
``fire`` removes secrets and shortens them, in that order, so that no half of a secret survives the cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from probes.failure import Failure, FailureClass
from probes.json_fields import MalformedReply, parse_json

_F = FailureClass

CODES: Mapping[str, FailureClass] = {
    "content_filter": _F.CONTENT_FILTER,
    "content_policy_violation": _F.CONTENT_FILTER,
    "responsibleaipolicyviolation": _F.CONTENT_FILTER,
    "context_length_exceeded": _F.CONTEXT_LENGTH,
    "exceed_context_size_error": _F.CONTEXT_LENGTH,
    "billing_error": _F.BILLING,
    "billing_hard_limit_reached": _F.BILLING,
    "billing_not_active": _F.BILLING,
    "credit_balance_exhausted": _F.BILLING,
    "insufficient_credits": _F.BILLING,
    "payment_required": _F.BILLING,
    "budget_exceeded": _F.QUOTA_LONG,
    "insufficient_quota": _F.QUOTA_LONG,
    "quota_exceeded": _F.QUOTA_LONG,
    "engine_overloaded_error": _F.OVERLOADED,
    "overloaded": _F.OVERLOADED,
    "overloaded_error": _F.OVERLOADED,
    "server_is_overloaded": _F.OVERLOADED,
    "service_unavailable_error": _F.OVERLOADED,
    "slow_down": _F.OVERLOADED,
    "invalid_api_key": _F.AUTH,
    "deploymentnotfound": _F.NOT_FOUND,
    "model_not_found": _F.NOT_FOUND,
}
"""Codes and types that say more than the status does. Lower case."""

CODES_WITHOUT_STATUS: Mapping[str, FailureClass] = {
    "authentication_error": _F.AUTH,
    "badrequesterror": _F.BAD_REQUEST,
    "invalid_request_error": _F.BAD_REQUEST,
    "not_found_error": _F.NOT_FOUND,
    "permission_error": _F.PERMISSION,
    "rate_limit_error": _F.RATE_LIMIT_SHORT,
    "rate_limit_exceeded": _F.RATE_LIMIT_SHORT,
    "throttling_error": _F.RATE_LIMIT_SHORT,
    "timeout": _F.TIMEOUT_TOTAL,
    "timeout_error": _F.TIMEOUT_TOTAL,
}
"""Codes that only count where the status says nothing: an error object under HTTP 200."""


def _phrase(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_REQUEST = frozenset({200, 400, 413, 422})
_LIMIT = frozenset({200, 403, 429})
PHRASES: tuple[tuple[FailureClass, frozenset[int], re.Pattern[str]], ...] = (
    (_F.CONTENT_FILTER, _REQUEST, _phrase(r"content management policy|ContentPolicyViolation")),
    # never on 429: "request too large" there means tokens a minute, which passes
    (
        _F.CONTEXT_LENGTH,
        _REQUEST,
        _phrase(r"context[ _-]?(length|window|size)|(prompt|input) is too long|ContextWindowExceeded"),
    ),
    (_F.BILLING, _REQUEST | _LIMIT, _phrase(r"credit balance|insufficient (credits?|funds|balance)")),
    (
        _F.QUOTA_LONG,
        _LIMIT,
        _phrase(r"per[- ](day|month)|\b[RT]PD\b|\b(daily|monthly)\b|your plan and billing"),
    ),
    (_F.AUTH, _REQUEST, _phrase(r"api[ _]key (not valid|is invalid)|(invalid|incorrect) api[ _]key")),
    (
        _F.NOT_FOUND,
        _REQUEST,
        _phrase(r"invalid model name|\bmodel\b[^\n]{0,80}\b(does not exist|not found|not exist)"),
    ),
    (_F.OVERLOADED, frozenset({200, 500, 503}), _phrase(r"\boverloaded\b")),
)
"""What gateways leave of a code: they often keep only the sentence. Read in order, at these statuses only."""

STATUSES: Mapping[int, FailureClass] = {
    401: _F.AUTH,
    402: _F.BILLING,
    403: _F.PERMISSION,
    404: _F.NOT_FOUND,
    # a gateway that lost patience with its upstream: a timeout, though not our own
    408: _F.TIMEOUT_TOTAL,
    429: _F.RATE_LIMIT_SHORT,
    529: _F.OVERLOADED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says, whatever its shape."""

    message: str = ""
    codes: tuple[str, ...] = ()
    """Codes and types, most exact first, lower case."""
    status: int | None = None
    """A code that is an HTTP status, as some gateways send it under HTTP 200 (also as text)."""


def is_error(tree: Mapping[str, Any]) -> bool:
    """True where a JSON object is an error rather than an answer, whatever the HTTP status said."""
    return bool(tree.get("error")) or tree.get("object") == "error"


def read_error_tree(tree: object) -> ErrorBody:
    """The error in a JSON value: nested ``error{}``, flat (vLLM), ``error: text``, or FastAPI's ``detail``."""
    if isinstance(tree, list) and tree:
        tree = tree[0]
    if not isinstance(tree, dict):
        return ErrorBody(message=str(tree) if isinstance(tree, str) else "")
    error = tree.get("error")
    inner = error if isinstance(error, dict) else tree
    said = inner.get("message") or (error if isinstance(error, str) else None) or inner.get("detail") or ""
    codes = [inner.get("code"), *_inner_codes(inner), inner.get("type")]
    return ErrorBody(
        message=said if isinstance(said, str) else _said_in_items(said),
        codes=tuple(code.lower() for code in codes if isinstance(code, str)),
        status=_as_status(inner.get("code")),
    )


def _said_in_items(said: object) -> str:
    """FastAPI's validation errors: a list of objects with ``msg``."""
    items = said[:10] if isinstance(said, list) else []
    return "; ".join(str(item["msg"]) for item in items if isinstance(item, dict) and isinstance(item.get("msg"), str))


def _inner_codes(error: Mapping[str, Any]) -> list[Any]:
    """Azure's ``innererror.code``, also where LiteLLM tucks it away."""
    extra = error.get("provider_specific_fields")
    places = (error, extra if isinstance(extra, dict) else {})
    found = (place.get("innererror") for place in places)
    return [inner.get("code") for inner in found if isinstance(inner, dict)]


def _as_status(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code, re.ASCII):
        code = int(code)
    return code if isinstance(code, int) and 400 <= code <= 599 else None


def failure_class(*, status: int, error: ErrorBody) -> FailureClass:
    """The class of an error: by exact code, else by phrase, else by status, else by vaguer code."""
    for code in error.codes:
        if code in CODES:
            return CODES[code]
    succeeded = 200 <= status < 300
    effective = (error.status or 200) if succeeded else status
    for kind, statuses, phrase in PHRASES:
        if effective in statuses and phrase.search(error.message[:5000]):
            return kind
    if succeeded and error.status is None:
        return next((CODES_WITHOUT_STATUS[code] for code in error.codes if code in CODES_WITHOUT_STATUS), _F.SERVER)
    return _class_of_status(effective)


def _class_of_status(status: int) -> FailureClass:
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return _F.SERVER
    return _F.BAD_REQUEST if status >= 400 else _F.PROTOCOL


def classify_tree(tree: object, *, status: int) -> Failure:
    """The failure an error object stands for, at whatever HTTP status it came."""
    error = read_error_tree(tree)
    return Failure(
        kind=failure_class(status=status, error=error),
        message=error.message or f"The endpoint sent an error without a message (HTTP {status}).",
        status=status,
    )


def classify_reply(*, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure a reply of a status other than 2xx stands for. ``headers`` have lower-case names."""
    if 300 <= status < 400:
        return Failure(kind=_F.PROTOCOL, message=_redirect(status, headers), status=status)
    try:
        return classify_tree(parse_json(body), status=status)
    except MalformedReply:
        text = body[:5000].decode("utf-8", "replace").strip()
    error = ErrorBody(message=text)
    message = text or f"HTTP {status} without a body"
    return Failure(kind=failure_class(status=status, error=error), message=message, status=status)


def _redirect(status: int, headers: Mapping[str, str]) -> str:
    """Names the host only: the rest of such an address is often a credential."""
    try:
        host = urlsplit(headers.get("location", "")).hostname
    except ValueError:
        host = None
    return f"HTTP {status} redirects to {host or 'another path'}; a probe follows no redirect"

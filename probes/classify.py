"""Failure classes from what an endpoint said: HTTP status, error body, error code. Feeds every protocol reader.

Pure. Shapes are read by ``error_body``, codes are listed in ``error_codes`` (docs/wire-formats.md). Messages come out
as they came in; ``fire`` removes secrets and shortens them, in that order, so that no half of a secret survives the
cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from probes.error_body import ErrorBody, is_error, read_error_text, read_error_tree
from probes.error_codes import CODES, CODES_AT_STATUS, CODES_WITHOUT_STATUS, IMAGE_CODE, PHRASES, STATUSES
from probes.failure import Failure, FailureClass
from probes.json_fields import MalformedReply, parse_json

__all__ = ["classify_reply", "classify_tree", "failure_class", "is_error"]

_F = FailureClass
_LASTING = ("perday", "permonth")


def failure_class(*, status: int, error: ErrorBody) -> FailureClass:
    """The class of an error: by named quota, else exact code, else phrase, else status, else vaguer code."""
    succeeded = 200 <= status < 300
    effective = (error.status or 200) if succeeded else status
    if error.quotas and effective in (200, 429):
        lasting = any(quota == "0" or any(word in quota for word in _LASTING) for quota in error.quotas)
        return _F.QUOTA_LONG if lasting else _F.RATE_LIMIT_SHORT
    for code in error.codes:
        if code in CODES:
            return CODES[code]
    for kind, statuses, phrase in PHRASES:
        if effective in statuses and phrase.search(error.message[:5000]):
            return kind
    if succeeded and error.status is None:
        return _class_without_status(error)
    return _class_of_status(effective, error)


def _class_without_status(error: ErrorBody) -> FailureClass:
    for code in error.codes:
        if code in CODES_WITHOUT_STATUS:
            return CODES_WITHOUT_STATUS[code]
        if IMAGE_CODE.search(code):
            return _F.BAD_REQUEST
    return _F.SERVER


def _class_of_status(status: int, error: ErrorBody) -> FailureClass:
    told = (CODES_AT_STATUS.get((status, code)) for code in error.codes)
    exact = next((kind for kind in told if kind), None) or STATUSES.get(status)
    if exact is not None:
        return exact
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
        retry_after_s=error.retry_after_s,
    )


def classify_reply(*, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """The failure a reply of a status other than 2xx stands for. ``headers`` have lower-case names."""
    if 300 <= status < 400:
        return Failure(kind=_F.PROTOCOL, message=_redirect(status, headers), status=status)
    try:
        return classify_tree(parse_json(body), status=status)
    except MalformedReply:
        error = read_error_text(body[:5000].decode("utf-8", "replace"))
    return Failure(
        kind=failure_class(status=status, error=error),
        message=error.message or f"HTTP {status} without a body",
        status=status,
        retry_after_s=error.retry_after_s,
    )


def _redirect(status: int, headers: Mapping[str, str]) -> str:
    """Names the host only: the rest of such an address is often a credential."""
    if status == 304:
        return "HTTP 304 says that nothing has changed since an answer that a probe never had"
    location = headers.get("location", "").strip()
    if not location:
        return f"HTTP {status} is a redirect that does not say where to"
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return f"HTTP {status} redirects to {host or 'another path'}; a probe follows no redirect"

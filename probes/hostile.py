"""Text from endpoints made fit to keep: whole characters, bounded, secrets replaced. Feeds samples and failures.

Nothing here makes text safe to show: escaping belongs to whoever shows it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from probes.endpoint import Endpoint

SECRET = "[secret]"
MESSAGE_CHARS = 300
"""Length of a failure message, in characters."""
NAME_CHARS = 200
"""Length of one name an endpoint tells: a model, a fingerprint, a finish reason."""
HEADERS_KEPT = 100
HEADER_CHARS = 500
"""Length of one kept header value, in characters."""
SHORTEST_IN_MESSAGES = 3
SHORTEST_IN_ANSWERS = 8
"""Shorter secrets are left in answers: a header value such as ``dev`` is also an ordinary word."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SECRET_NAME = re.compile(r"cookie|authorization|api[-_]?key|secret|passw|credential|(?:^|[-_])token$")
_SECRET_QUERY = re.compile(r"key|token|secret|passw|sig", re.IGNORECASE)


def whole_characters(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced: these cannot be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters, control characters as blanks."""
    # cut first: the whole of a reply of many megabytes need not be walked for a line of it
    flat = " ".join(_CONTROL.sub(" ", whole_characters(text[: limit * 8])).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def secrets_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Every text that must never leave, longest first: key, header values, their tokens, credentials in the URL."""
    headers = [value.get_secret_value() for value in endpoint.headers.values()]
    tokens = [value.split()[-1] for value in headers if value.strip()]
    found = {*headers, *tokens, *_secrets_in_url(endpoint.base_url)}
    if endpoint.api_key is not None:
        found.add(endpoint.api_key.get_secret_value())
    # and as an endpoint may spell them when it repeats them: in an address, in JSON
    found |= {quote(secret, safe="", errors="replace") for secret in found}
    found |= {json.dumps(secret)[1:-1] for secret in found}
    return tuple(sorted((secret for secret in found if secret.strip()), key=lambda secret: (-len(secret), secret)))


def _secrets_in_url(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    found = {value for name, value in parse_qsl(parts.query) if _SECRET_QUERY.search(name)}
    if parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        found |= {password, b64encode(f"{user}:{password}".encode()).decode()}
    return found


def redact(text: str, secrets: Sequence[str], *, shortest: int = SHORTEST_IN_MESSAGES) -> str:
    """The text with every secret of at least ``shortest`` characters replaced by ``[secret]``."""
    for secret in secrets:
        if len(secret) >= shortest:
            text = text.replace(secret, SECRET)
    return text


def kept_headers(headers: Iterable[tuple[str, str]], secrets: Sequence[str]) -> dict[str, str]:
    """Response headers fit to keep: lower-case names, none that carry secrets, number and length bounded."""
    kept: dict[str, str] = {}
    lowered = [secret.lower() for secret in secrets]  # names come in lower case
    for name, value in headers:
        name = one_line(redact(name.lower(), lowered), 100)
        if len(kept) == HEADERS_KEPT:
            break
        if not _SECRET_NAME.search(name):
            kept[name] = one_line(redact(value, secrets), HEADER_CHARS)
    return kept

"""Text from endpoints made fit to keep: whole characters, bounded, secrets replaced. Feeds samples and failures.

Nothing here makes text safe to show: escaping belongs to whoever shows it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from probes.endpoint import Endpoint, OAuth2
from probes.secret_patterns import known

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
_SECRET_NAME = re.compile(
    r"cookie|authorization|api[-_]?key|(?:virtual|subscription|access)[-_]key|secret|passw|credential|signature"
    r"|(?:^|[-_])(?:token|auth|jwt)$|^(?:content-)?location$|last-used-option-params"
)
"""Where a redirect leads is often a credential; what Portkey used last may hold the keys it used."""
_ADDRESS = re.compile(r"(https?://)(?:[^/?#\s]*@)?([^?#\s]*)(?:\?\S*)?", re.IGNORECASE)
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
    """Every text that must never leave, longest first, so that no rest of a longer one stays.

    Keys, header values and their tokens, passwords and keys in addresses, whatever came from the environment.
    """
    return longest_first(_secrets(endpoint))


def longest_first(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order in which they are to be taken out; blank ones are dropped."""
    return tuple(sorted({secret for secret in secrets if secret.strip()}, key=lambda secret: (-len(secret), secret)))


def _secrets(endpoint: Endpoint) -> Iterator[str]:
    yield from endpoint.from_environment
    for value in endpoint.headers.values():
        yield value.get_secret_value()
        yield from value.get_secret_value().split()[-1:]
    for secret in (endpoint.api_key, endpoint.proxy, endpoint.tls.key_password if endpoint.tls else None):
        if secret is not None:
            yield secret.get_secret_value()
    for url in (endpoint.base_url, endpoint.proxy.get_secret_value() if endpoint.proxy else ""):
        yield from _secrets_in_url(url)
    if endpoint.oauth2 is not None:
        yield from _secrets_of_client(endpoint.oauth2)
    if endpoint.request is not None:
        named = (*endpoint.request.query.items(), *endpoint.request.headers.items())
        yield from (value for name, value in named if names_secret(name) and "{" not in value)


def _secrets_of_client(client: OAuth2) -> Iterator[str]:
    secret = client.client_secret.get_secret_value()
    yield secret
    yield from _secrets_in_url(client.token_url)
    # as HTTP Basic carries them: encoded for forms first (RFC 6749, section 2.3.1)
    yield b64encode(f"{quote_plus(client.client_id)}:{quote_plus(secret)}".encode()).decode()


def names_secret(name: str) -> bool:
    """True for names of headers and parameters that usually carry a secret."""
    return bool(_SECRET_QUERY.search(name) or _SECRET_NAME.search(name.lower()))


def keeps_header(name: str) -> bool:
    """True for response headers whose value may be kept and shown."""
    return not _SECRET_NAME.search(name.lower())


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
    """The text with ``[secret]`` instead of every secret of at least ``shortest`` characters, however it is spelled."""
    for secret in secrets:
        if len(secret) >= shortest:
            text = known(secret).taken_out(text, SECRET)
    return text


def without_half_secret(text: str, secrets: Sequence[str]) -> str:
    """The text without the beginning of a secret at its very end, which a cut before ours may have left there."""
    for form in (form for secret in secrets for form in known(secret).forms):
        for length in range(min(len(form), len(text)), SHORTEST_IN_ANSWERS - 1, -1):
            if text.endswith(form[:length]):
                return text[:-length] + SECRET
    return text


def kept_headers(headers: Iterable[tuple[str, str]], secrets: Sequence[str]) -> dict[str, str]:
    """Response headers fit to keep: lower-case names, none that carry secrets, number and length bounded."""
    kept: dict[str, str] = {}
    for name, value in headers:
        name = _kept_name(name, secrets)
        if len(kept) == HEADERS_KEPT:
            break
        if keeps_header(name):
            # addresses, such as that of LiteLLM's upstream, without user and query
            kept[name] = one_line(_ADDRESS.sub(r"\1\2", redact(value, secrets)), HEADER_CHARS)
    return kept


def _kept_name(name: str, secrets: Sequence[str]) -> str:
    """A header's name in lower case; one that is made of a secret is one, for only punctuation had to be left out."""
    if any(known(secret).hides_in_name(name) for secret in secrets):
        return SECRET
    lowered = [secret.lower() for secret in secrets]  # short ones are looked for as they are
    return one_line(redact(name.lower(), lowered), 100)

"""Who may ask the daemon, and what every answer tells a browser. Feeds ``web``.

A daemon on loopback needs no token, and yet a web page in a browser of the same machine could ask it: a name of the
page's own that is made to resolve to 127.0.0.1 (DNS rebinding) is of the page's origin to the browser. Such a request
names itself in ``Host`` (RFC 9110, 7.2), which no page can change.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
"""Of every answer: pages run nothing, load nothing, are shown in no frame, kept by nobody and named to nobody."""
NOT_OURS = (
    "without a listen_token this daemon answers only to names of its own machine (127.0.0.1, [::1], localhost) "
    "and to the host of public_url"
)

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\[\]:@/]+)(:[0-9]{1,5})?")


class Guarded:
    """Lets nobody in without the token. Compared in constant time."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scheme, _, given = _header(scope, b"authorization").partition(b" ")
        known = scheme.lower() == b"bearer"  # names of schemes have no case (RFC 9110, 11.1)
        right = hmac.compare_digest(given.lstrip(b" "), self._expected)
        if scope["type"] == "http" and not (known and right):
            denied = PlainTextResponse("a token is needed", 401, {"WWW-Authenticate": "Bearer"})
            await denied(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Bounded:
    """Answers 400 to a head that is too large: the server underneath bounds only one that is not there as a whole."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """``most``: bytes of the request line and the headers together."""
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _head_bytes(scope) > self._most:
            told = f"the request line and its headers are larger than {self._most} bytes"
            await PlainTextResponse(told, 400, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Local:
    """Lets in who calls this machine by a name of its own, or by the one that people know it by."""

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        self._public = (urlsplit(public_url).hostname or "") if public_url else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not ours(_header(scope, b"host").decode("latin-1"), self._public):
            await PlainTextResponse(NOT_OURS, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def ours(host: str, public: str = "") -> bool:
    """True where a ``Host`` header, its port aside, is an address of this machine, ``localhost`` or ``public``."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].strip("[]").lower().removesuffix(".")
    if name == "localhost" or (public and name == public.lower().removesuffix(".")):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _head_bytes(scope: Scope) -> int:
    """Bytes of a head as it came, but for blanks that need not be there; ``HTTP/1.1``, separators and ends counted."""
    asked = len(scope["method"]) + len(scope["raw_path"]) + len(scope["query_string"]) + len("  ? HTTP/1.1\r\n")
    return asked + sum(len(name) + len(value) + len(": \r\n") for name, value in scope["headers"]) + len("\r\n")


def _header(scope: Scope, name: bytes) -> bytes:
    """A header of a request; empty where it is not there."""
    headers: dict[bytes, bytes] = dict(scope.get("headers") or ())
    return headers.get(name, b"")

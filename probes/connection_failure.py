"""Failure classes of requests that brought no reply: errors of the HTTP client, translated. Feeds ``transport``.

This is the one place where exceptions of httpx2 and of httpcore2, its engine, become values.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

import h2.exceptions
import httpcore2
import httpx2

from probes.failure import Failure, FailureClass
from probes.network.certificates import BadCertificate

TROUBLES = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
    # httpcore2 2.16 lets these pass while a body is read
    h2.exceptions.H2Error,
    httpx2.InvalidURL,
    BadCertificate,
    UnicodeError,
)
"""All that may go wrong between a request and its reply, apart from our own deadline."""

_UNSENDABLE = Failure(
    kind=FailureClass.BAD_REQUEST,
    message="The URL or a header of this endpoint has characters that HTTP does not allow.",
)
_PLAIN_WORDS = (
    ("illegal header line", "a header line of the reply is malformed"),
    ("illegal header name", "a header of the reply has a malformed name"),
    ("illegal header value", "a header of the reply has a malformed value"),
    ("continuation line at start of headers", "the reply's headers begin in the middle of a header"),
    ("illegal status line", "the reply does not begin with a status line of HTTP/1.1"),
    ("no response line received", "the reply does not begin with a status line of HTTP/1.1"),
    ("receive buffer too long", "the reply's headers do not end: more than 100 KB of them came"),
    ("illegal chunk header", "the reply's body is not cut into chunks as it says"),
    ("malformed chunk footer", "the reply's body is not cut into chunks as it says"),
    ("bad content-length", "the reply states a length that is no number"),
    ("conflicting content-length headers", "the reply states two lengths"),
    ("multiple transfer-encoding headers", "the reply states two transfer encodings"),
    ("only transfer-encoding: chunked is supported", "the reply has a transfer encoding other than chunked"),
    ("got data when expecting eof", "more came after the end of the reply"),
)
"""What h11 says of a malformed reply, and plain words for it. h11's own also quote bytes of the reply."""
_HUNG_UP = ("disconnected", "peer closed connection")
"""How httpcore2 and h11 word a connection that ended early. They raise the same class for garbage, so only the words
tell; a loopback test pins them."""


def connection_failure(error: Exception, *, sent: bool = False) -> Failure:
    """The failure that one of ``TROUBLES`` stands for; ``sent`` is True where the request had left by then."""
    if isinstance(error, BadCertificate):
        return Failure(kind=FailureClass.DNS_TLS, message=str(error))
    if isinstance(error, httpcore2.ProxyError):
        return _refused_by_proxy(str(error))
    for said in (error, *error.args[:1]):
        if type(said).__module__.startswith("h2."):
            return _ended_by_http2(said, sent=sent)
    kind = _class_of(error)
    if kind is FailureClass.BAD_REQUEST:
        # the client library's own words quote the header or address it refuses, credentials included
        return _UNSENDABLE
    root = [cause for cause in _chain(error) if isinstance(cause, OSError)]
    message = _in_plain_words(str(error)) or type(error).__name__
    if root and isinstance(root[-1], ConnectionRefusedError):
        where = re.search(r"\('([^']+)', (\d+)", str(root[-1]))
        at = f" at {where[1]} port {where[2]}" if where else ""
        message = f"nothing listens{at}: the connection was refused"
    elif root and str(root[-1]) not in message:
        message = f"{message} ({root[-1]})"
    return Failure(kind=kind, message=message)


def _in_plain_words(said: str) -> str:
    return next((words for jargon, words in _PLAIN_WORDS if said.lower().startswith(jargon)), said)


def _refused_by_proxy(said: str) -> Failure:
    """``said`` is its status and reason. Its credentials are the endpoint's, so a wrong one is a matter of access."""
    kind = FailureClass.AUTH if said.startswith("407") else FailureClass.CONNECTION
    return Failure(kind=kind, message=f"the proxy did not connect us: {said}")


def _ended_by_http2(said: object, *, sent: bool) -> Failure:
    """``said`` is what httpcore2 raises for HTTP/2: h2's own event, or its own exception."""
    code = getattr(said, "error_code", None)
    name = type(said).__name__
    if name in ("StreamReset", "ConnectionTerminated"):
        what = "stream" if name == "StreamReset" else "connection"
        return Failure(kind=FailureClass.CONNECTION, message=f"the server ended the HTTP/2 {what} (error code {code})")
    if not sent:
        return _UNSENDABLE
    return Failure(kind=FailureClass.PROTOCOL, message=f"the server broke the rules of HTTP/2 ({name})")


def _class_of(error: Exception) -> FailureClass:
    if isinstance(
        error, (httpx2.InvalidURL, httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol, UnicodeError)
    ):
        return FailureClass.BAD_REQUEST
    # the operating system's own patience, where it is shorter than ours
    if isinstance(error, httpcore2.ConnectTimeout):
        return FailureClass.TIMEOUT_CONNECT
    if isinstance(error, httpcore2.ConnectError):
        unusable = any(isinstance(cause, (socket.gaierror, ssl.SSLError)) for cause in _chain(error))
        return FailureClass.DNS_TLS if unusable else FailureClass.CONNECTION
    if any(isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "") for cause in _chain(error)):
        # since TLS 1.3 a server refuses our certificate, or the lack of one, only after the handshake
        return FailureClass.DNS_TLS
    if isinstance(error, (httpcore2.NetworkError, httpcore2.TimeoutException)):
        return FailureClass.CONNECTION
    hung_up = any(words in str(error).lower() for words in _HUNG_UP)
    return FailureClass.CONNECTION if hung_up else FailureClass.PROTOCOL


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from; also by context, because httpcore2 raises ``from None`` on its way out."""
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__

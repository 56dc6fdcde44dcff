"""Failure classes of requests that brought no reply: errors of the HTTP client, translated. Feeds ``transport``.

This is the one place where httpx2's exceptions become values.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx2

from probes.failure import Failure, FailureClass

_HUNG_UP = ("disconnected", "peer closed connection")
"""How httpcore2 and h11 word a connection that ended early. They raise the same class for garbage, so only the words
tell; a loopback test pins them."""


def connection_failure(error: Exception) -> Failure:
    """The failure that an ``httpx2`` error, or an address that is none, stands for."""
    kind = _class_of(error)
    if kind is FailureClass.BAD_REQUEST:
        # the client library's own words quote the header or address it refuses, credentials included
        return Failure(
            kind=kind, message="The URL or a header of this endpoint has characters that HTTP does not allow."
        )
    root = [cause for cause in _chain(error) if isinstance(cause, OSError)]
    message = str(error) or type(error).__name__
    if root and str(root[-1]) not in message:
        message = f"{message} ({root[-1]})"
    return Failure(kind=kind, message=message)


def _class_of(error: Exception) -> FailureClass:
    if isinstance(error, (httpx2.InvalidURL, httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, UnicodeError)):
        return FailureClass.BAD_REQUEST
    # the operating system's own patience, where it is shorter than ours
    if isinstance(error, httpx2.ConnectTimeout):
        return FailureClass.TIMEOUT_CONNECT
    if isinstance(error, httpx2.ConnectError):
        unusable = any(isinstance(cause, (socket.gaierror, ssl.SSLError)) for cause in _chain(error))
        return FailureClass.DNS_TLS if unusable else FailureClass.CONNECTION
    if isinstance(error, (httpx2.NetworkError, httpx2.TimeoutException, OSError)):
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

"""Open connections, kept by who is at the other end and how one gets there. Feeds ``transport``."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import httpcore2
import httpx2

from probes.endpoint import Endpoint, Tls
from probes.network.backend import Network
from probes.network.certificates import trusting
from probes.network.readers import Readers

KEEPALIVE_S = 2.0
"""Idle seconds after which a connection is not used again: many servers hang up after five, and a request that
crosses such a hang-up on the wire would look like an outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart. Carries credentials: never shown."""

    url: httpcore2.URL
    host: bytes
    """What the Host header says."""
    userinfo: tuple[str, str] | None = None
    """Name and password that stood in the address."""

    def __repr__(self) -> str:
        return "Address()"


@lru_cache(maxsize=256)
def address_of(text: str) -> Address:
    """Take an address apart.

    Raises:
        httpx2.InvalidURL: it is none.
    """
    url = httpx2.URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise httpx2.InvalidURL("no http or https address")
    if url.port is not None and not 0 < url.port < 65536:
        raise httpx2.InvalidURL("port out of range")
    return Address(
        url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        host=url.netloc,
        userinfo=(unquote(url.username), unquote(url.password)) if url.userinfo else None,
    )


class Pools:
    """Connection pools, one for each origin, certificates, proxy and HTTP version; none has a limit of its own.

    Whoever fires bounds concurrency, so that no request ever waits in here.
    """

    def __init__(self) -> None:
        self._pools: dict[tuple[object, ...], httpcore2.AsyncConnectionPool] = {}
        self._readers: Readers | None = None
        self._contexts: dict[tuple[Tls | None, bool], ssl.SSLContext] = {}

    def to(self, endpoint: Endpoint, address: Address) -> httpcore2.AsyncConnectionPool:
        """The pool for this address by the endpoint's certificates, proxy and HTTP version.

        Raises:
            BadCertificate: a file of ``endpoint.tls`` cannot be used.
            httpx2.InvalidURL: the proxy's address is none.
        """
        origin = address.url.origin
        proxy = None if endpoint.proxy is None else endpoint.proxy.get_secret_value()
        key = (origin.scheme, origin.host, origin.port, endpoint.tls, proxy, endpoint.http2)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._opened(endpoint, secure=origin.scheme == b"https", proxy=proxy)
        return pool

    async def close(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()
        if self._readers is not None:
            self._readers.close()
            self._readers = None

    def _opened(self, endpoint: Endpoint, *, secure: bool, proxy: str | None) -> httpcore2.AsyncConnectionPool:
        self._readers = self._readers or Readers()
        over = None if proxy is None else _proxy(proxy)
        # the way to the proxy, and its greeting, are no part of what is asked
        layers = 0 if over is None or not secure else 1 + (over.url.scheme == b"https")
        return httpcore2.AsyncConnectionPool(
            ssl_context=self._context(endpoint.tls, endpoint.http2) if secure else None,
            proxy=over,
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=KEEPALIVE_S,
            http2=endpoint.http2 and secure,
            network_backend=Network(self._readers, layers=layers),
        )

    def _context(self, tls: Tls | None, http2: bool) -> ssl.SSLContext:
        # httpcore2 writes the offered protocols into the context, so one serves one choice of them
        if (tls, http2) not in self._contexts:
            self._contexts[tls, http2] = trusting(tls)
        return self._contexts[tls, http2]


def _proxy(text: str) -> httpcore2.Proxy:
    address = address_of(text)
    return httpcore2.Proxy(
        httpcore2.URL(scheme=address.url.scheme, host=address.url.host, port=address.url.port, target=b"/"),
        auth=None if address.userinfo is None else (address.userinfo[0].encode(), address.userinfo[1].encode()),
        ssl_context=trusting(None) if address.url.scheme == b"https" else None,
    )

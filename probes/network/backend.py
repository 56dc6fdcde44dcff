"""Opens connections for httpcore2: the name, then TCP, each step told to the request under way. Feeds ``pools``."""

# ruff: noqa: ASYNC109 - these parameters are httpcore2's

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

import httpcore2

from probes.network.raw_socket import RawSocket
from probes.network.readers import Readers
from probes.network.streams import TimedStream
from probes.network.timeline import CURRENT

HEAD_START_S = 0.25
"""Seconds an address has to itself before the next one is tried beside it (RFC 8305, section 5)."""
MOST_ADDRESSES = 8
"""More addresses of one name are not tried."""

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]

Attempt = asyncio.Task[socket.socket]


class Network(httpcore2.AsyncNetworkBackend):
    """Names and TCP. Time limits are the caller's deadline, not the parameters here.

    ``layers`` is how many layers of TLS come before what a connection carries is the probe's own: over a proxy, its
    greeting comes first.
    """

    def __init__(self, readers: Readers, *, layers: int = 0) -> None:
        self._readers = readers
        self._layers = layers

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of the name that answers.

        Raises:
            httpcore2.ConnectError: caused by the ``OSError`` that tells why.
        """
        timeline = CURRENT.get()
        if timeline is not None:
            timeline.connecting()
        try:
            addresses = _literal(host, port)
            if addresses is None:
                addresses = await _looked_up(host, port)
                if timeline is not None:
                    timeline.resolved()
            sock = await _first_to_answer(addresses)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        if timeline is not None:
            timeline.connected()
        return TimedStream(RawSocket(sock, self._readers), layers=self._layers)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Not offered: no endpoint names one."""
        raise httpcore2.ConnectError("Unix sockets are not offered")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _literal(host: str, port: int) -> Sequence[Address] | None:
    """The address itself, where the host is none but an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [(family, address) for family, _, _, _, address in found]


async def _looked_up(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, in the system's order but with the families taking turns (RFC 8305, section 4)."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(family, address) for family, _, _, _, address in found]
    leading = [entry for entry in addresses if entry[0] == addresses[0][0]]
    other = [entry for entry in addresses if entry[0] != addresses[0][0]]
    turns = chain.from_iterable(zip_longest(leading, other))
    return [entry for entry in turns if entry is not None][:MOST_ADDRESSES]


async def _first_to_answer(addresses: Sequence[Address]) -> socket.socket:
    """A socket connected to the first address that answers, each with a head start over the next."""
    if len(addresses) == 1:
        return await _connected(addresses[0])
    waiting, trying, error = list(addresses), set[Attempt](), OSError("the name has no address")
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_connected(waiting.pop(0))))
            patience = HEAD_START_S if waiting else None
            done, _ = await asyncio.wait(trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                trying.remove(task)
                failed = task.exception()
                if failed is None:
                    return task.result()
                if not isinstance(failed, OSError):
                    raise failed
                error = failed
        raise error
    finally:
        for task in trying:
            _give_up(task)


def _give_up(task: Attempt) -> None:
    """End an attempt nobody waits for, and close what it opened or is about to."""

    def close(ended: Attempt) -> None:
        if not ended.cancelled() and ended.exception() is None:
            ended.result().close()

    task.cancel()
    task.add_done_callback(close)


async def _connected(address: Address) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock

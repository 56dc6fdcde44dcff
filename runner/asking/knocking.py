"""Whether a machine answers at an address: it takes a connection or refuses it. Feeds ``connectivity``, the doctor."""

from __future__ import annotations

import asyncio
import socket

CONNECT_S = 3.0
"""How long it may take."""


async def reaches(host: str, port: int) -> bool:
    """True where a machine answers within three seconds: it takes a TCP connection or, from elsewhere, refuses it."""
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # a TimeoutError is an OSError, a name that cannot be a host a ValueError
        return False
    # each for itself: an unreachable one must not hide that another one answers
    return any(await asyncio.gather(*(_knock(address, port) for address in {str(at[0]) for *_, at in found})))


async def _knock(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, ValueError) as error:
        return answered(address, error)
    writer.close()
    return True


def answered(address: str, error: Exception) -> bool:
    """True where a connection failed because another machine refused it: the way to it and back is there.

    A refusal by this machine shows nothing of any network; no route, no name and no answer in time are what a lost
    network looks like.
    """
    return isinstance(error, ConnectionRefusedError) and not _of_this_machine(address)


def _of_this_machine(address: str) -> bool:
    """True for loopback and every other address of our own, which alone can be bound; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True

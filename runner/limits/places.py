"""Which endpoints are one, and how many requests may be in flight there at once. Feeds ``holding``.

Suites that ask the same endpoint (address, model, credentials) share what is counted here, whatever names they give
it. Each keeps its own limit over the common count: a request leaves while fewer than its own limit are counted.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import deque
from types import TracebackType
from urllib.parse import urlsplit

from probes.endpoint import Endpoint

_PEPPER = secrets.token_bytes(16)


def endpoint_key(endpoint: Endpoint) -> str:
    """The same for endpoints that are one: address without query, model, deployment, credentials. Not reversible."""
    parts = urlsplit(endpoint.base_url)
    oauth = endpoint.oauth2
    told = [
        f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}",
        endpoint.model,
        endpoint.deployment,
        endpoint.api_key and endpoint.api_key.get_secret_value(),
        sorted((name.lower(), value.get_secret_value()) for name, value in endpoint.headers.items()),
        oauth and [oauth.token_url, oauth.client_id, oauth.client_secret.get_secret_value(), oauth.scope],
    ]
    return hashlib.blake2b(repr(told).encode("utf-8", "replace"), key=_PEPPER).hexdigest()


class Places:
    """Requests in flight at one endpoint. First come, first served."""

    def __init__(self) -> None:
        self.taken = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, limit: int) -> None:
        """Wait until fewer than ``limit`` places are taken and everybody who came before has one, and take one."""
        if not self._queue and self.taken < limit:
            self.taken += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._queue.append((limit, waiter))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._serve()  # we may have been the one who kept the others waiting
            else:  # a place was given to us in the same instant
                self.give_back()
            raise

    def give_back(self) -> None:
        """One request is done."""
        self.taken -= 1
        self._serve()

    def _serve(self) -> None:
        while self._queue:
            limit, waiter = self._queue[0]
            if not waiter.done():
                if self.taken >= limit:
                    return
                self.taken += 1
                waiter.set_result(None)
            self._queue.popleft()


class PlacesFor:
    """The places as one suite may take them; an async context manager, any number of times at once."""

    def __init__(self, places: Places, limit: int) -> None:
        self._places = places
        self._limit = limit

    async def __aenter__(self) -> None:
        await self._places.take(self._limit)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._places.give_back()

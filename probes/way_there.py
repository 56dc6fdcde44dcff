"""Where on the way to an endpoint a request was lost: at its proxy, or in the TLS handshake. Feeds ``transport``."""

from __future__ import annotations

from dataclasses import replace

import httpx2

from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.network.pools import address_of
from probes.stopwatch import Stopwatch

_ON_THE_WAY = frozenset({FailureClass.TIMEOUT_CONNECT, FailureClass.CONNECTION, FailureClass.DNS_TLS})
_GIVEN_UP = frozenset({FailureClass.TIMEOUT_CONNECT, FailureClass.TIMEOUT_TOTAL})
BY_PROXY = "the proxy "
"""How a message of ``connection_failure`` begins that is about the proxy's refusal."""


def told_of_the_way(failure: Failure, endpoint: Endpoint, watch: Stopwatch) -> Failure:
    """The failure of a request that never left, in words that name the proxy or the handshake it was lost at."""
    if watch.sent is not None or failure.status is not None:
        return failure
    proxy = _proxy_of(endpoint)
    if proxy and failure.message.startswith(BY_PROXY):
        return replace(failure, message=f"{BY_PROXY}{proxy} {failure.message.removeprefix(BY_PROXY)}")
    if failure.kind in _GIVEN_UP and watch.shaking_hands:
        return replace(failure, message=_handshake(failure.message, proxy))
    if proxy and failure.kind in _ON_THE_WAY | _GIVEN_UP and not watch.shaking_hands:
        what = "said nothing in time" if watch.stands else "could not be reached"
        return replace(failure, message=f"{BY_PROXY}{proxy} {what}: {failure.message}")
    return failure


def _handshake(said: str, proxy: str) -> str:
    """``said`` ends with the limit that was missed."""
    limit = said.rpartition("within ")[2]
    way = f" through {BY_PROXY}{proxy}" if proxy else ""
    return f"TCP connected{way}; the TLS handshake did not finish within {limit}; is this a plain http:// port?"


def _proxy_of(endpoint: Endpoint) -> str:
    """Host and port of the proxy, without name and password; empty where there is none."""
    if endpoint.proxy is None:
        return ""
    try:
        return address_of(endpoint.proxy.get_secret_value()).host.decode()
    except httpx2.InvalidURL:
        return ""

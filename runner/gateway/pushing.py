"""Pushes the metrics of finished runs to a Prometheus pushgateway. Feeds ``holdfast run``.

One group for each suite at an endpoint, replaced whole by each push (``PUT``), so that nothing of an older run stays
beside a newer one: https://github.com/prometheus/pushgateway#command-line. Trouble is a sentence, never an error: a
gate that hangs on its own monitoring would be worse than a gap in a graph.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from urllib.parse import quote

import httpx2

from reports.metrics.exposition import CONTENT_TYPE
from reports.metrics.metrics import Metrics
from reports.notifiers.posting import keep_quiet
from reports.summary import RunRecord
from runner.gateway.push_settings import Pushgateway

TIMEOUT_S = 10.0
"""For all pushes of a command together."""


async def push(records: Sequence[RunRecord], gateway: Pushgateway, *, timeout_s: float = TIMEOUT_S) -> str:
    """Push what runs told; empty where the gateway took everything, else why it did not. Nothing in it is secret."""
    keep_quiet()
    try:
        async with asyncio.timeout(timeout_s), httpx2.AsyncClient(timeout=None, follow_redirects=False) as client:
            for place, metrics in by_place(records).items():
                if trouble := await _put(client, gateway, place, metrics):
                    return trouble
    except TimeoutError:
        return f"it did not answer within {timeout_s:g} s"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        return f"it could not be reached ({type(error).__name__})"  # not its text, which may quote the address
    return ""


def by_place(records: Sequence[RunRecord]) -> Mapping[tuple[str, str], Metrics]:
    """The metrics of runs, those of each suite at an endpoint on their own."""
    found: dict[tuple[str, str], Metrics] = defaultdict(lambda: Metrics(version("holdfast")))
    for record in records:
        found[record.suite, record.endpoint].ran(record)
    return found


async def _put(client: httpx2.AsyncClient, gateway: Pushgateway, place: tuple[str, str], metrics: Metrics) -> str:
    headers = {name: value.get_secret_value() for name, value in gateway.headers.items()}
    headers["Content-Type"] = CONTENT_TYPE
    url = address(gateway, *place)
    async with client.stream("PUT", url, content=metrics.of_suites(), headers=headers) as reply:
        return "" if reply.is_success else f"it answered HTTP {reply.status_code}"


def address(gateway: Pushgateway, suite: str, endpoint: str) -> str:
    """Where the metrics of a suite at an endpoint go: the grouping key is in the path. Names hold no slash."""
    path = "/".join(quote(part, safe="") for part in ("job", gateway.job, "suite", suite, "endpoint", endpoint))
    return f"{gateway.url.get_secret_value().rstrip('/')}/metrics/{path}"

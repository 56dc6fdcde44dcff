"""The outbound heartbeat: tells an address of somebody else's that this daemon is alive and well. Feeds ``watching``.

After healthchecks.io (https://healthchecks.io/docs/http_api/): GET on the address is a success, POST on the address
with ``/fail`` a failure with a short text. It is sent by a chore, so that a daemon whose loop stands still sends
nothing, which is what the other side waits for. The address is a secret: neither logs nor errors show it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import structlog

from probes.clock import Clock
from reports.metrics.metrics import Metrics
from runner.daemon.chores import Chore
from runner.settings.watch_settings import Heartbeat

log = structlog.get_logger("holdfast.daemon")

TIMEOUT_S = 10.0
TRIES = 3
BETWEEN_S = 2.0
MOST_BODY = 500


@dataclass(slots=True, kw_only=True)
class Pulse:
    """Sends the heartbeat of one daemon."""

    settings: Heartbeat
    clock: Clock
    metrics: Metrics
    sickness: Callable[[], Sequence[str]]
    """What is wrong with the daemon, one line each, beginning with its source."""
    ready: Callable[[], bool]
    """False while the daemon starts or stops: then nothing is sent."""
    failing: str = ""
    """Why the newest could not be told, without the address; empty where it was."""

    def chore(self) -> Chore:
        """What is to be done over and over."""
        self.metrics.expect_heartbeats(every_s=self.settings.every_s, since=self.clock.now().timestamp())
        return Chore(name="heartbeat", every_s=self.settings.every_s, work=self.beat)

    async def beat(self) -> None:
        """Tell how it is. Never raises: who cannot be told of trouble is no trouble of ours."""
        if not self.ready():
            return
        sick = tuple(self.sickness())
        why = await self._told(sick)
        self.metrics.heartbeat("failed" if why else "sent", self.clock.now().timestamp())
        if why and not self.failing:
            log.warning("heartbeat_failed", reason=why)
        elif self.failing and not why:
            log.info("heartbeat_delivered_again")
        self.failing = why

    async def _told(self, sick: Sequence[str]) -> str:
        """Why it could not be told, without the address; empty where it was."""
        why = ""
        for number in range(TRIES):
            if number:
                await self.clock.sleep(BETWEEN_S)
            why = await self._send(sick)
            if not why:
                return ""
        return why

    async def _send(self, sick: Sequence[str]) -> str:
        import httpx2

        for name in ("httpx2", "httpcore2"):  # they write whole addresses into logs
            logging.getLogger(name).setLevel(logging.WARNING)
        address = self.settings.url.get_secret_value()
        method, url = ("POST", failed_url(address)) if sick else ("GET", address)
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                httpx2.AsyncClient(timeout=None, follow_redirects=False) as client,
                client.stream(method, url, content=told_of(sick).encode() if sick else None) as response,
            ):
                return "" if response.is_success else f"HTTP {response.status_code}"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            return f"it could not be reached ({type(error).__name__})"


def failed_url(url: str) -> str:
    """The address that is told of trouble: ``/fail`` at the end of the path, before any query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def told_of(sick: Sequence[str]) -> str:
    """What is wrong, as sources and counts: names of suites and words of errors are nobody else's business."""
    sources = [line.partition(":")[0].partition(" (")[0] for line in sick]
    of_places = [source for source in sources if " at " in source]
    overdue = sum(source.endswith(" is overdue") for source in of_places)
    unstored = len(of_places) - overdue
    others = [source for source in sources if " at " not in source]
    lines = [
        *([f"runs overdue: {overdue}"] if overdue else []),
        *([f"runs not stored: {unstored}"] if unstored else []),
        *others,
    ]
    return "\n".join(lines)[:MOST_BODY]

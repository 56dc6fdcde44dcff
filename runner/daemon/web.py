"""What the daemon answers over HTTP: ``/metrics``, ``/healthz``, a list of suites and their report pages. Read only."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from importlib.metadata import version

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from checks.verdict import Health
from probes.errors import HoldfastError
from reports.alerts.no_data import INSTALLATION
from reports.formats.html import IndexEntry, IndexTop, render_index
from runner.alerting.incidents import open_views
from runner.daemon.callers import HEADERS, Bounded, Guarded, Local
from runner.daemon.daemon import Daemon
from runner.daemon.gauging import gauge
from runner.daemon.health import Standing, answer, health_of, readiness_of
from runner.daemon.patience import MOST_HEAD, Client
from runner.pages import latest, page, report_of

log = structlog.get_logger("holdfast.daemon")

CLIENTS_S = 2
"""How long clients may finish reading when the daemon stops."""


def web_app(daemon: Daemon) -> ASGIApp:
    """The pages of one daemon. With a token in the settings every page needs ``Authorization: Bearer TOKEN``; without
    one (on loopback) every request must call this machine by a name of its own."""
    pages = Pages(daemon)
    app = Starlette(
        routes=[
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.healthz),
            Route("/readyz", pages.readyz),
            Route("/", pages.index),
            Route("/report/{suite}/{endpoint}", pages.report),
        ]
    )
    settings = daemon.here.settings
    token = settings.listen_token
    let_in = Local(app, settings.public_url) if token is None else Guarded(app, token.get_secret_value())
    return Bounded(let_in, MOST_HEAD)


class Pages:
    """Handlers over one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    async def metrics(self, request: Request) -> Response:
        """Prometheus exposition, written off the loop: with thousands of suites it is a megabyte."""
        gauge(self._daemon)
        accept = request.headers.get("accept", "")
        body, content_type = await asyncio.to_thread(self._daemon.metrics.exposition, accept)
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(self, _request: Request) -> Response:
        """200 while the daemon does its work, 503 with the reasons while it does not."""
        return answer(health_of(self._daemon))

    async def readyz(self, _request: Request) -> Response:
        """The same, and 503 while the daemon starts and stops."""
        return answer(readiness_of(self._daemon))

    async def index(self, _request: Request) -> Response:
        """Every suite at every endpoint with its present health."""
        standing = health_of(self._daemon)  # on the loop, which alone changes what it looks at
        return await _from_store(lambda: self._index(standing))

    def _index(self, standing: Standing) -> Response:
        store, now = self._daemon.here.store, self._daemon.here.clock.now()
        entries = []
        going = open_views(store, now)
        for prepared in self._daemon.suites:
            suite = prepared.suite.name
            for endpoint in prepared.suite.monitored:
                newest = next(iter(store.runs(suite=suite, endpoint=endpoint, limit=1)), None)
                entries.append(
                    IndexEntry(
                        suite=suite,
                        endpoint=endpoint,
                        health=self._health((suite, endpoint), newest.health if newest else ""),
                        started_at=newest.started_at if newest else None,
                        alerts=going.get((suite, endpoint), ()),
                        maintenance=newest.maintenance if newest else "",
                    )
                )
        refused = [one.entry for one in self._daemon.reloading.roster.refused]
        alerts = tuple(view for place, views in going.items() if place[0] == INSTALLATION for view in views)
        top = IndexTop(as_of=now, reasons=standing.reasons, notes=standing.notes, alerts=alerts)
        return HTMLResponse(render_index(entries, version=version("holdfast"), refused=refused, top=top))

    def _health(self, place: tuple[str, str], stored: str) -> str:
        """The stored health, unless the newest run could not be stored: then nobody knows."""
        return Health.UNKNOWN.value if self._daemon.blind(place) else stored

    async def report(self, request: Request) -> Response:
        """The report page of one suite at one endpoint, made from what is stored."""
        suite, endpoint = request.path_params["suite"], request.path_params["endpoint"]
        return await _from_store(lambda: self._report(suite, endpoint))

    def _report(self, suite: str, endpoint: str) -> Response:
        prepared = next((p for p in self._daemon.suites if p.suite.name == suite), None)
        store = self._daemon.here.store
        run = latest(store, suite, endpoint) if prepared else None
        if prepared is None or run is None:
            return PlainTextResponse("no such suite or endpoint, or it has not run yet", 404)
        told = replace(run, reach=self._daemon.here.letterhead.reach)
        return HTMLResponse(page(report_of(store, told, owner=prepared.suite.owner)))


async def _from_store(answer: Callable[[], Response]) -> Response:
    """A page made off the loop; what keeps the store from being read is told."""
    try:
        return await asyncio.to_thread(answer)
    except HoldfastError as error:
        return PlainTextResponse(str(error), 503)


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on host and port; port 0 takes a free one.

    Raises:
        HoldfastError: the address cannot be listened on, with the operating system's reason.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        taken = "; is another daemon running?" if error.errno == errno.EADDRINUSE else ""
        raise HoldfastError(f"listen: {host}:{port} cannot be used: {error.strerror or error}{taken}") from error
    return listener


def origin(listener: socket.socket, host: str) -> str:
    """The address to link to: the host as the settings name it, the port as it was bound."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def listening(daemon: Daemon, listener: socket.socket) -> AsyncIterator[None]:
    """Answer on a bound socket while the block runs, and close it. Clients that read slowly get two seconds."""
    config = uvicorn.Config(
        web_app(daemon),
        log_config=None,  # uvicorn's own looks at standard output, which may be closed
        log_level="error",  # a malformed request is answered, and no line of ours
        access_log=False,
        lifespan="off",
        http=Client,
        ws="none",
        h11_max_incomplete_event_size=MOST_HEAD,
        headers=list(HEADERS),
        server_header=False,
        timeout_graceful_shutdown=CLIENTS_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        server.force_exit = daemon.hurried
        await _closed(server, task)


async def _closed(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    await asyncio.wait({task}, timeout=CLIENTS_S + 1)
    server.force_exit = True
    for connection in list(server.server_state.connections):
        if transport := connection.transport:
            transport.abort()
    await asyncio.wait({task}, timeout=1)
    task.cancel()
    for ended in await asyncio.gather(task, return_exceptions=True):
        if isinstance(ended, Exception):
            log.error("web_failed", error=type(ended).__name__)

"""What the daemon answers over HTTP: ``/metrics``, ``/healthz``, a list of suites and their report pages. Read only."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from probes.errors import HoldfastError
from reports.formats.html import IndexEntry, render_index
from reports.metrics import CONTENT_TYPE
from runner.daemon import Daemon
from runner.pages import latest, page, report_of


def web_app(daemon: Daemon) -> ASGIApp:
    """The pages of one daemon. With a token in the settings every page needs ``Authorization: Bearer TOKEN``."""
    pages = Pages(daemon)
    app = Starlette(
        routes=[
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.healthz),
            Route("/", pages.index),
            Route("/report/{suite}/{endpoint}", pages.report),
        ]
    )
    token = daemon.here.settings.listen_token
    return app if token is None else Guarded(app, token.get_secret_value())


class Guarded:
    """Lets nobody in without the token. Compared in constant time."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, self._expected):
            denied = PlainTextResponse("a token is needed", 401, {"WWW-Authenticate": "Bearer"})
            await denied(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Pages:
    """Handlers over one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    async def metrics(self, _request: Request) -> Response:
        """Prometheus exposition."""
        return Response(self._daemon.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def healthz(self, _request: Request) -> Response:
        """200 while the daemon does its work, 503 with the reasons while it does not."""
        sick = self._daemon.sickness()
        return JSONResponse({"status": "sick" if sick else "ok", "reasons": list(sick)}, 503 if sick else 200)

    async def index(self, _request: Request) -> Response:
        """Every suite at every endpoint with its present health."""
        return await asyncio.to_thread(self._index)

    def _index(self) -> Response:
        store = self._daemon.here.store
        entries = []
        for prepared in self._daemon.suites:
            suite = prepared.suite.name
            for endpoint in prepared.suite.monitored:
                newest = next(iter(store.runs(suite=suite, endpoint=endpoint, limit=1)), None)
                entries.append(
                    IndexEntry(
                        suite=suite,
                        endpoint=endpoint,
                        health=newest.health if newest else "",
                        started_at=newest.started_at if newest else None,
                    )
                )
        return HTMLResponse(render_index(entries, version=version("holdfast")))

    async def report(self, request: Request) -> Response:
        """The report page of one suite at one endpoint, made from what is stored."""
        suite, endpoint = request.path_params["suite"], request.path_params["endpoint"]
        try:
            return await asyncio.to_thread(self._report, suite, endpoint)
        except HoldfastError as error:
            return PlainTextResponse(str(error), 503)

    def _report(self, suite: str, endpoint: str) -> Response:
        prepared = next((p for p in self._daemon.suites if p.suite.name == suite), None)
        store = self._daemon.here.store
        run = latest(store, suite, endpoint) if prepared else None
        if prepared is None or run is None:
            return PlainTextResponse("no such suite or endpoint, or it has not run yet", 404)
        return HTMLResponse(page(report_of(store, run, owner=prepared.suite.owner, file=prepared.file)))


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(daemon: Daemon, host: str, port: int) -> AsyncIterator[int]:
    """Answer on host and port while the block runs; yields the port (useful with port 0).

    Raises:
        HoldfastError: the address cannot be listened on.
    """
    config = uvicorn.Config(web_app(daemon), host=host, port=port, log_level="error", access_log=False, lifespan="off")
    server = _Server(config)
    try:
        socket = config.bind_socket()
    except SystemExit as error:
        raise HoldfastError(f"listen: {host}:{port} cannot be used; is another daemon running?") from error
    task = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        yield int(socket.getsockname()[1])
    finally:
        server.should_exit = True
        await task

"""The fake endpoint served from a thread of this process: for tests, which may then look inside it.

The process of its own that the demo uses is in ``process``.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn

from probes.errors import HoldfastError
from runner.demo.app import FakeEndpoint, Received
from runner.demo.control import ControlChange
from runner.demo.scenarios import ScenarioName

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0


def _loopback_socket(port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only where it is; without it Nagle's algorithm and
    # delayed acknowledgements together would add 40 ms to every reply that is written in two parts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise HoldfastError(f"the fake endpoint cannot listen on 127.0.0.1:{port}: {error.strerror}") from error
    return listener


class LoopbackServer(uvicorn.Server):
    """A uvicorn server on a loopback socket that says when it is ready."""

    def __init__(self, endpoint: FakeEndpoint, port: int) -> None:
        self.socket = _loopback_socket(port)
        self.base_url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"
        self.ready = threading.Event()
        super().__init__(
            uvicorn.Config(
                endpoint.app,
                log_level="error",
                log_config=None,  # the program around us decides where logs go
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def serve_until_stopped(self) -> None:
        """Serve on the loopback socket; uvicorn closes it at the end."""
        self.run(sockets=[self.socket])


class RunningEndpoint:
    """A fake endpoint served from a thread of this process. A context manager; ``base_url`` ends in ``/v1``.

    ``settings`` are those of ``FakeEndpoint`` (``seed``, ``api_key``, ``latency_scale``, ``scenario``, ...).

    Raises:
        HoldfastError: on entering, where the port is taken.
    """

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.endpoint = FakeEndpoint(**settings)
        self._port = port
        self._server: LoopbackServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = LoopbackServer(self.endpoint, self._port)
        self._thread = threading.Thread(target=self._server.serve_until_stopped, name="fake-endpoint", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(START_TIMEOUT_S):
            raise HoldfastError("the fake endpoint did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_TIMEOUT_S)
            if self._thread.is_alive() and error is None:
                raise HoldfastError("the fake endpoint did not stop")

    @property
    def base_url(self) -> str:
        """Where it listens, ``http://127.0.0.1:PORT/v1``."""
        if self._server is None:
            raise HoldfastError("the fake endpoint is not running")
        return self._server.base_url

    @property
    def root_url(self) -> str:
        """The same without ``/v1``: where the dialects begin whose paths differ."""
        return self.base_url.removesuffix("/v1")

    @property
    def requests(self) -> list[Received]:
        """The questions received, oldest first."""
        return list(self.endpoint.requests)

    @property
    def request_count(self) -> int:
        """How many questions were received."""
        return self.endpoint.request_count

    def set_scenario(self, name: str) -> ScenarioName:
        """Change the scenario; gives the old one back. ``ValueError`` for a name that is none."""
        return self.endpoint.set_scenario(name)

    def change(self, **fields: Any) -> None:
        """Change anything a control request may (``latency_scale=0``, ``route={"fingerprint": "fp_x"}``)."""
        self.endpoint.change(ControlChange.model_validate(fields))

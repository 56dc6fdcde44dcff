"""A server of threads on loopback for as long as a ``with`` block lasts. Feeds the stand-ins of this folder."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Self


class Loopback:
    """Base of stand-ins: it listens once the block is entered, and nothing of it is left afterwards."""

    def __init__(self, server: ThreadingHTTPServer | ThreadingTCPServer) -> None:
        self._server = server
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """The same as an address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

"""A server of threads on loopback for as long as a ``with`` block lasts. Feeds the stand-ins of this folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, ClassVar, Self


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


class JsonHandler(BaseHTTPRequestHandler):
    """Takes JSON, replies with whole bodies, and writes no log: what was asked is the test's to tell."""

    protocol_version = "HTTP/1.1"

    def asked(self) -> Any:
        """The body of the request, read as JSON."""
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def reply(self, kind: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a body of this content type."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class ChatLoopback(Loopback):
    """Base of chat endpoints; ``base_url`` ends before ``/chat/completions``."""

    handler: ClassVar[type[BaseHTTPRequestHandler]]

    def __init__(self) -> None:
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), self.handler))

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"{self.origin}/v1"

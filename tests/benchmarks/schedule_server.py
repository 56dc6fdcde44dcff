"""Builds and runs the endpoint on an absolute schedule (``schedule_server.c``). Feeds the benchmarks of this folder.

The server gets the last processor of the machine, the measuring process the first, so that they take none of each
other's time.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("schedule_server.c")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleServer:
    """A running server."""

    name: str
    port: int

    @property
    def url(self) -> str:
        """The base URL of its chat API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, Any]:
        """How late the server itself was, in microseconds."""
        told: dict[str, Any] = json.loads(self._get("stats"))
        return told

    def reset(self) -> None:
        """Forget the lateness so far."""
        self._get("reset")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as reply:
            told: bytes = reply.read()
        return told


@contextmanager
def schedule_server(binary: str | None = None) -> Iterator[ScheduleServer]:
    """Our server, compiled anew, or another one that takes a port as its only argument."""
    with tempfile.TemporaryDirectory() as folder:
        command, port = binary or _compiled(Path(folder)), _free_port()
        process = subprocess.Popen([command, str(port)], stdout=subprocess.DEVNULL)
        try:
            _pin(process.pid, last=True)
            _pin(0, last=False)
            _wait_for(port)
            yield ScheduleServer(name=Path(command).name, port=port)
        finally:
            process.terminate()
            process.wait()


def _compiled(folder: Path) -> str:
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("The benchmarks need a C compiler named cc, or a server of yours with --mock PATH.")
    target = folder / SOURCE.stem
    subprocess.run([compiler, "-O2", "-o", str(target), str(SOURCE)], check=True)
    return str(target)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise SystemExit("the schedule server does not listen")


def _pin(pid: int, *, last: bool) -> None:
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(pid, {processors[-1 if last else 0]})

"""Real servers and clients from outside the project: found by environment, skipped with a reason, demanded in CI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest


def needs(variable: str, command: str) -> str:
    """Path of a real server's command; skips the test where it is missing, or fails it where CI demands it."""
    found = os.environ.get(variable) or shutil.which(command)
    return _found_or_not(found, f"{command} is not installed here (set {variable} to its path)")


def needs_python(variable: str, packages: str) -> str:
    """Path of an interpreter that has other people's packages; skips or fails as ``needs`` does."""
    reason = f"there is no Python with {packages} here (set {variable} to its path)"
    return _found_or_not(os.environ.get(variable), reason)


def _found_or_not(found: str | None, reason: str) -> str:
    if found and Path(found).exists():
        return found
    if os.environ.get("HOLDFAST_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(
    command: list[str], *, ready_url: str, env: Mapping[str, str], log: Path, patience_s: float
) -> Iterator[None]:
    """Run a real server until the block ends; fails with its log where it does not become ready."""
    with log.open("w", encoding="utf-8") as sink:
        process = subprocess.Popen(command, env=dict(env), stdout=sink, stderr=subprocess.STDOUT)
        try:
            _wait(process, ready_url, log, patience_s)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"{process.args!r} did not become ready:\n{log.read_text(encoding='utf-8')[-3000:]}")

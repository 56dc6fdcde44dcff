"""Whole processes: the installed command, a folder of its own for each test, and endpoints on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runner.demo.endpoint import RunningEndpoint

HOLDFAST = Path(sys.executable).parent / "holdfast"
COMMAND_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A folder with an environment, in which commands are run as a user would."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``holdfast`` to its end."""
        return subprocess.run(
            [str(HOLDFAST), *arguments],
            cwd=self.folder,
            env=self.full_environ(env),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def bash(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a line of bash in which ``$0`` is ``holdfast``."""
        return subprocess.run(
            ["bash", "-c", command, str(HOLDFAST), *arguments],
            cwd=self.folder,
            env=self.full_environ(),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ``holdfast`` and leave it running; the caller ends it."""
        return subprocess.Popen(
            [str(HOLDFAST), *arguments],
            cwd=self.folder,
            env=self.full_environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that prints one JSON object, and read it."""
        done = self.run(*arguments, "--format", "json")
        assert done.stdout, done.stderr
        value = json.loads(done.stdout)
        assert value["exit_code"] == done.returncode
        return value  # type: ignore[no-any-return]

    def full_environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a command: a bare one plus this place's own."""
        base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**base, "PYTHONWARNINGS": "error", **self.environ, **(more or {})}


@pytest.fixture
def endpoint() -> Iterator[RunningEndpoint]:
    """A fake endpoint on loopback, in a thread."""
    with RunningEndpoint(seed=7, latency_scale=2) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, endpoint: RunningEndpoint) -> Workplace:
    """An empty folder whose environment points at the fake endpoint."""
    return Workplace(
        folder=tmp_path,
        environ={
            "HOLDFAST_BASE_URL": endpoint.base_url,
            "HOLDFAST_API_KEY": "sk-planted-4711",
            "HOLDFAST_MODEL": "support-bot",
            "HOLDFAST_AUTHOR": "tests",
        },
    )

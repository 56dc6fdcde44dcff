"""The daemon as a real process: a place to work with a suite and a Slack channel, and what it says of itself."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.conftest import Workplace
from tests.acceptance.real import free_port
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack

SUITE = """\
version: 1
suite: watched
owner: {team: support, runbook: https://wiki.example.com/watched}
schedule: {every: 500ms}
endpoints:
  production:
    base_url: ${HOLDFAST_BASE_URL}
    api_key: ${HOLDFAST_API_KEY}
    model: support-bot
    retries: 0
probes:
  - id: invoice-json
    messages:
      - {role: system, content: Answer with one JSON object and nothing else.}
      - {role: user, content: "Extract total and due date: Invoice 4471, 1240.50 EUR, due 2026-07-01"}
    checks:
      - json_schema: {type: object, required: [total, due_date]}
  - id: capital
    prompt: What is the capital of Australia? Answer in one sentence.
    checks:
      - contains: Canberra
alerts:
  - {notify: slack, after: 2 of 3, resolve_after: 2}
"""


PATIENCE_S = 45.0


@pytest.fixture
def daemon_place(place: Workplace, slack: FakeSlack) -> Workplace:
    """A folder with a suite and settings that name Slack."""
    port = free_port()
    settings = (
        f"store: sqlite:///holdfast.db\nlisten: 127.0.0.1:{port}\nsuites: suites\nnotifiers:\n"
        f"  slack: {{type: slack, bot_token: ${{SLACK_BOT_TOKEN}}, channel: {CHANNEL}, base_url: {slack.base_url},"
        " group_wait: 0s}\n"
    )
    (place.folder / "suites").mkdir()
    (place.folder / "suites" / "watched.yaml").write_text(SUITE, encoding="utf-8")
    (place.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")
    return Workplace(folder=place.folder, environ={**place.environ, "SLACK_BOT_TOKEN": TOKEN, "PORT": str(port)})


@contextmanager
def running_daemon(place: Workplace) -> Iterator[subprocess.Popen[str]]:
    """A daemon that is stopped by SIGTERM when the block ends."""
    process = place.start("daemon")
    log: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: log.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join(5)
        (place.folder / "daemon.log").write_text("".join(log), encoding="utf-8")
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    assert process.returncode == 0, "".join(log)


def eventually(said: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if said():
            return
        time.sleep(0.1)
    pytest.fail(f"did not come to pass: {what}")


def get(place: Workplace, path: str) -> tuple[int, str]:
    """Status and text of one of the daemon's pages."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{place.environ['PORT']}{path}", timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return 0, ""


def logged(place: Workplace) -> list[dict[str, object]]:
    """The lines of the daemon that ran last; each must be JSON, whoever wrote it."""
    lines = (place.folder / "daemon.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]

"""The daemon as a real process in a maintenance window: heard of elsewhere, ready, labelled, silent and replayable."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.acceptance.daemon_process import SUITE, eventually, get, running_daemon
from tests.acceptance.real import free_port

SECRET = "9f1c7a52-planted"


class Listener(ThreadingHTTPServer):
    """Waits for heartbeats."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Beat)
        self.heard: list[tuple[str, str]] = []


class Beat(BaseHTTPRequestHandler):
    """One heartbeat."""

    server: Listener

    def do_GET(self) -> None:
        self.server.heard.append((self.command, self.path))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def listening() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_in_a_window_a_real_daemon_labels_its_runs_tells_nobody_and_sends_its_heartbeat(
    place: Workplace, endpoint: RunningEndpoint
) -> None:
    now, port = datetime.now(UTC), free_port()
    window = f'{{from: "{now - timedelta(hours=1):%FT%TZ}", until: "{now + timedelta(hours=1):%FT%TZ}", reason: move}}'
    (place.folder / "suites").mkdir()
    (place.folder / "suites" / "watched.yaml").write_text(SUITE + f"maintenance: [{window}]\n", encoding="utf-8")
    endpoint.set_scenario("broken-json")
    with listening() as elsewhere:
        (place.folder / "holdfast.yaml").write_text(
            f"store: sqlite:///holdfast.db\nlisten: 127.0.0.1:{port}\nsuites: suites\n"
            "notifiers: {slack: {type: console}}\n"
            f"heartbeat: {{url: 'http://127.0.0.1:{elsewhere.server_port}/{SECRET}', every: 10s}}\n",
            encoding="utf-8",
        )
        there = Workplace(folder=place.folder, environ={**place.environ, "PORT": str(port)})
        with running_daemon(there):
            eventually(lambda: elsewhere.heard, "a heartbeat")
            counted = r'holdfast_withheld_runs_total\{endpoint="production",reason="maintenance"[^}]*\} [1-9]'
            eventually(lambda: re.search(counted, get(there, "/metrics")[1]), "a run of the window")
            assert get(there, "/readyz")[0] == get(there, "/healthz")[0] == 200
            assert "maintenance: move" in get(there, "/")[1]
    assert elsewhere.heard[0] == ("GET", f"/{SECRET}")
    log = (place.folder / "daemon.log").read_text(encoding="utf-8")
    assert SECRET not in log and "OPENED" not in log and '"notice_delivered"' not in log
    told = json.loads(place.run("show", "watched", "--format", "json").stdout)
    assert [(run["maintenance"], run["health"], run["alerts"]) for run in told["runs"]] == [("move", "failing", [])]
    assert "maintenance: move" in place.run("show", "watched", "--list", "1").stdout
    replayed = place.run("replay", "watched")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr

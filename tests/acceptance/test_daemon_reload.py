"""The daemon as a real process: it takes up changed suites, and nobody else takes up its store."""

from __future__ import annotations

import json
import signal
import time

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.acceptance.daemon_process import SUITE, eventually, get, logged, running_daemon
from tests.acceptance.daemon_process import daemon_place as daemon_place
from tests.fakes.slack import FakeSlack


def test_suites_change_under_a_daemon_and_sighup_is_no_end(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    folder = daemon_place.folder / "suites"
    calm = SUITE.replace("every: 500ms", "every: 1h")
    (folder / "watched.yaml").write_text(calm, encoding="utf-8")
    with running_daemon(daemon_place) as process:
        eventually(lambda: get(daemon_place, "/readyz")[0] == 200, "the daemon serves")
        (folder / "added.yaml").write_text(calm.replace("suite: watched", "suite: added"), encoding="utf-8")
        (folder / "watched.yaml").write_text(calm.replace("prompt:", "promt:"), encoding="utf-8")
        time.sleep(0.2)
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "added" in get(daemon_place, "/")[1], "the added suite is listed")
        eventually(lambda: "promt" in get(daemon_place, "/")[1], "the page tells what is wrong")
        eventually(lambda: slack.messages, "Slack is told")
        second = daemon_place.run("daemon")
        assert second.returncode == 2
        assert f"another daemon (pid {process.pid}) runs with the store" in second.stderr
        assert get(daemon_place, "/healthz")[0] == 200
        (folder / "watched.yaml").write_text(calm, encoding="utf-8")
        (folder / "added.yaml").unlink()
        eventually(lambda: "resolved" in slack.messages[0].shown.lower(), "the alert is over")
        eventually(lambda: 'suite="added"' not in get(daemon_place, "/metrics")[1], "the removed suite has no series")
    assert len(slack.messages) == 1
    assert "watched.yaml" in json.dumps(slack.messages[0].shown)
    events = [line["event"] for line in logged(daemon_place)]
    assert events.count("removed") == 1
    assert endpoint.request_count >= 2


def test_sighup_ends_no_daemon_while_it_starts_or_stops(daemon_place: Workplace) -> None:
    calm = SUITE.replace("every: 500ms", "every: 1h")
    (daemon_place.folder / "suites" / "watched.yaml").write_text(calm, encoding="utf-8")
    lock = daemon_place.folder / "holdfast.db.daemon"
    with running_daemon(daemon_place) as process:
        eventually(lock.exists, "it reads its suites")

        def serves() -> bool:
            process.send_signal(signal.SIGHUP)
            assert process.poll() is None, "it was ended"
            return get(daemon_place, "/readyz")[0] == 200

        eventually(serves, "the daemon serves")
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(signal.SIGHUP)
            time.sleep(0.005)
    assert [line["event"] for line in logged(daemon_place)].count("stopped") == 1

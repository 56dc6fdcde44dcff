"""The daemon as a real process: one incident is one Slack message, and a clean stop loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from runner.store import open_store
from tests.acceptance.conftest import HOLDFAST, Workplace
from tests.acceptance.daemon_process import SUITE, eventually, get, logged, running_daemon
from tests.acceptance.daemon_process import daemon_place as daemon_place
from tests.fakes.slack import TOKEN, FakeSlack, Trouble, rate_limited
from tests.fakes.stored import entry, numbered, written


@pytest.mark.slow
def test_a_broken_contract_is_one_slack_message_and_the_same_message_is_resolved(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    with running_daemon(daemon_place):
        eventually(
            lambda: 'holdfast_runs_total{endpoint="production",health="healthy"' in get(daemon_place, "/metrics")[1],
            "healthy runs",
        )
        assert slack.messages == []
        endpoint.set_scenario("broken-json")
        eventually(lambda: slack.messages, "a message")
        assert "invoice-json" in slack.messages[0].shown
        assert "https://wiki.example.com/watched" in slack.messages[0].shown
        endpoint.set_scenario("normal")
        eventually(lambda: "resolved" in slack.messages[0].shown.lower(), "the message is resolved")
        assert len(slack.messages) == 1
        assert get(daemon_place, "/healthz")[0] == 200
        assert "watched" in get(daemon_place, "/")[1]
        status, page = get(daemon_place, "/report/watched/production")
        assert status == 200
        assert "watched" in page
        assert get(daemon_place, "/report/watched/nowhere")[0] == 404
    log = [json.loads(line) for line in (daemon_place.folder / "daemon.log").read_text(encoding="utf-8").splitlines()]
    assert {"started", "listening", "run", "stopping", "stopped"} <= {line["event"] for line in log}
    assert TOKEN not in json.dumps(log)
    assert "sk-planted-4711" not in json.dumps(log)


@pytest.mark.slow
def test_a_message_slack_would_not_take_is_delivered_later_even_by_the_next_daemon(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    slack.script(rate_limited(1), Trouble(status=500), Trouble(cut=True))
    endpoint.set_scenario("outage")
    with running_daemon(daemon_place):
        eventually(lambda: len(slack.requests) >= 2, "two attempts")
    first = len(slack.messages)
    with running_daemon(daemon_place):
        eventually(lambda: slack.messages, "the message")
        endpoint.set_scenario("normal")
        eventually(lambda: "resolved" in slack.messages[0].shown.lower(), "the message is resolved")
    assert first <= 1
    assert len(slack.messages) == 1


def test_a_daemon_refuses_an_address_off_loopback_without_a_token(daemon_place: Workplace) -> None:
    done = daemon_place.run("daemon", "--listen", "0.0.0.0:0")
    assert done.returncode == 2
    assert "listen_token" in done.stderr


def test_a_suite_that_names_an_unknown_notifier_stops_the_daemon_before_it_sends(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    suite = daemon_place.folder / "suites" / "watched.yaml"
    suite.write_text(SUITE.replace("notify: slack", "notify: slak"), encoding="utf-8")
    done = daemon_place.run("daemon")
    assert done.returncode == 2
    assert "watched.yaml:" in done.stderr
    assert "slak" in done.stderr
    assert endpoint.requests == []


@pytest.mark.slow
def test_a_daemon_killed_outright_keeps_every_finished_run_and_goes_on(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    process = daemon_place.start("daemon")
    eventually(lambda: endpoint.request_count > 20, "some runs")
    process.kill()
    process.communicate(timeout=10)
    suite = str(Path("suites") / "watched.yaml")
    before = daemon_place.run("show", suite, "--list", "100").stdout.splitlines()
    assert len(before) >= 3
    assert daemon_place.run("replay", suite).returncode == 0
    with running_daemon(daemon_place):
        count = endpoint.request_count
        eventually(lambda: endpoint.request_count > count + 10, "more runs")
    assert len(daemon_place.run("show", suite, "--list", "100").stdout.splitlines()) > len(before)


def test_a_run_under_way_is_finished_and_stored_after_sigterm(daemon_place: Workplace) -> None:
    with RunningEndpoint(seed=7, latency_scale=100) as slow:
        place = replace(daemon_place, environ={**daemon_place.environ, "HOLDFAST_BASE_URL": slow.base_url})
        with running_daemon(place):
            eventually(lambda: slow.request_count, "a request is out")
    events = [line["event"] for line in logged(place)]
    assert events.count("run") == 1
    assert events.index("stopping") < events.index("run") < events.index("stopped")
    with closing(open_store(str(place.folder / "holdfast.db"))) as store:
        assert [run.health for run in store.runs()] == ["healthy"]


def test_a_second_signal_ends_the_process_at_once(daemon_place: Workplace) -> None:
    with RunningEndpoint(seed=7, latency_scale=1000) as slow:
        place = replace(daemon_place, environ={**daemon_place.environ, "HOLDFAST_BASE_URL": slow.base_url})
        with running_daemon(place) as process:
            eventually(lambda: slow.request_count, "a request is out")
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            assert process.poll() is None
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    assert time.monotonic() - began < 5
    assert [line["event"] for line in logged(place)][-2:] == ["run_given_up", "stopped"]


def test_a_store_removed_under_the_daemon_is_told_by_healthz_and_the_daemon_still_stops(
    daemon_place: Workplace,
) -> None:
    with running_daemon(daemon_place):
        eventually(lambda: get(daemon_place, "/readyz")[0] == 200, "the daemon is well and runs")
        for file in daemon_place.folder.glob("holdfast.db*"):
            file.unlink()
        eventually(lambda: "removed or replaced" in get(daemon_place, "/healthz")[1], "the trouble is told")
        assert get(daemon_place, "/healthz")[0] == 503
    assert logged(daemon_place)[-1]["event"] == "stopped"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_daemon_works_without_standard_output_or_error(daemon_place: Workplace, closed: str) -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$0" daemon {closed}', str(HOLDFAST)],
        cwd=daemon_place.folder,
        env=daemon_place.full_environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: "holdfast_runs_total{" in get(daemon_place, "/metrics")[1], "a run")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(5)


def test_a_run_without_alerts_or_without_the_notifier_leaves_waiting_notices_alone(
    daemon_place: Workplace, slack: FakeSlack
) -> None:
    file = daemon_place.folder / "holdfast.db"
    with closing(open_store(str(file))) as store:
        store.save_run(written(numbered(1), outbox=[entry()]))
    suite = str(Path("suites") / "watched.yaml")
    assert daemon_place.run("run", suite, "--no-alerts").returncode == 0
    elsewhere = daemon_place.folder / "elsewhere"
    elsewhere.mkdir()
    text = SUITE.partition("alerts:")[0].replace("watched", "other")
    (elsewhere / "other.yaml").write_text(text, encoding="utf-8")
    place = replace(daemon_place, folder=elsewhere)
    assert place.run("run", "other.yaml", "--store", str(file)).returncode == 0
    with closing(open_store(str(file))) as store:
        (untouched,) = store.due(numbered(1).started_at, lease_s=0)
    assert (untouched.attempts, slack.requests) == (0, [])

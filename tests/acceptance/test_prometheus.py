"""Real Prometheus, Alertmanager, pushgateway: a failing endpoint becomes an alert there, a run's metrics arrive."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.acceptance.daemon_process import SUITE, running_daemon
from tests.acceptance.real import free_port, needs, server
from tests.acceptance.test_prometheus_files import choices, queries, series_in

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "holdfast-rules.yml"
PATIENCE_S = 40.0
READY_S = 20.0
DISCOVERY_S = 7.0
"""Prometheus drops what fires before it has found its Alertmanagers, and says it again only after a minute."""

EMPTY = {
    "holdfast_drift_score": "a pooled stream has a score when its baseline is large enough",
    "holdfast_samples_unpriced_total": "the suite names its prices",
    "holdfast_maintenance": "no maintenance window",
    "holdfast_quickened": "no suite has a while_failing",
    "holdfast_heartbeats_total": "the settings name no heartbeat",
    "holdfast_label_values_dropped_total": "there are few suites",
    "process_start_time_seconds": "the daemon was not started anew",
}
"""What a panel of the dashboard may lack here, and why."""


def said(url: str, accept: str = "*/*") -> str:
    """What a server answers."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=5) as reply:
        return str(reply.read().decode())


def until(asked: Callable[[], Any], what: str) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := asked():
            return found
        time.sleep(0.25)
    pytest.fail(f"did not come to pass: {what}")


def asked(prometheus: str, query: str) -> list[dict[str, Any]]:
    """The vector that a query gives."""
    answer = json.loads(said(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"))
    vector: list[dict[str, Any]] = answer["data"]["result"]
    return vector


def value_of(prometheus: str, query: str) -> float | None:
    """The value of a query of one series; None where there is none yet."""
    vector = asked(prometheus, query)
    return float(vector[0]["value"][1]) if vector else None


@pytest.fixture
def daemon_place(place: Workplace) -> Workplace:
    """A folder with a suite and settings."""
    port = free_port()
    (place.folder / "suites").mkdir()
    priced = SUITE.partition("alerts:")[0].replace("retries: 0", "retries: 0\n    prices: {input: 1, output: 2}")
    (place.folder / "suites" / "watched.yaml").write_text(priced, encoding="utf-8")
    settings = f"store: sqlite:///holdfast.db\nlisten: 127.0.0.1:{port}\nsuites: suites\nspend: {{usd_per_day: 5}}\n"
    settings += "notifiers: {desk: {type: console}}\n"
    (place.folder / "holdfast.yaml").write_text(settings, encoding="utf-8")
    return Workplace(folder=place.folder, environ={**place.environ, "PORT": str(port)})


def hasty_rules(folder: Path) -> Path:
    """The shipped rules, every ``for`` cut to a second: that time passes is Prometheus' own matter."""
    text = re.sub(r"for: \d+[mhd]", "for: 1s", RULES.read_text(encoding="utf-8"))
    path = folder / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """A real Alertmanager that tells nobody; its address."""
    command, port = needs("HOLDFAST_ALERTMANAGER", "prometheus-alertmanager"), free_port()
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    here = f"127.0.0.1:{port}"
    words = [f"--config.file={config}", f"--storage.path={folder / 'am'}", f"--web.listen-address={here}"]
    words.append("--cluster.listen-address=")
    log, url = folder / "alertmanager.log", f"http://{here}"
    with server([command, *words], ready_url=f"{url}/-/ready", env=os.environ, log=log, patience_s=READY_S):
        yield url


@contextmanager
def prometheus(folder: Path, daemon_port: str, alertmanager_url: str) -> Iterator[str]:
    """A real Prometheus that asks every second; its address."""
    command, port = needs("HOLDFAST_PROMETHEUS", "prometheus"), free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(hasty_rules(folder))],
        "scrape_configs": [{"job_name": "holdfast", "static_configs": [{"targets": [f"127.0.0.1:{daemon_port}"]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager_url.removeprefix("http://")]}]}]},
    }
    file = folder / "prometheus.yml"
    with file.open("w", encoding="utf-8") as sink:
        YAML(typ="safe").dump(config, sink)
    here = f"127.0.0.1:{port}"
    words = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={here}"]
    words.append("--enable-feature=exemplar-storage")
    log, url = folder / "prometheus.log", f"http://{here}"
    with server([command, *words], ready_url=f"{url}/-/ready", env=os.environ, log=log, patience_s=READY_S):
        yield url


def alerts_of(alertmanager_url: str) -> dict[str, dict[str, str]]:
    """The labels of what an Alertmanager shows as active, by name."""
    told = json.loads(said(f"{alertmanager_url}/api/v2/alerts"))
    return {entry["labels"]["alertname"]: entry["labels"] for entry in told if entry["status"]["state"] == "active"}


@pytest.mark.real
@pytest.mark.slow
def test_an_endpoint_that_fails_becomes_an_alert_in_a_real_alertmanager_and_a_daemon_that_is_gone_another(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    folder, port = daemon_place.folder, daemon_place.environ["PORT"]
    with alertmanager(folder) as told, prometheus(folder, port, told) as asks:
        began = time.monotonic()
        with running_daemon(daemon_place):
            until(lambda: asked(asks, 'holdfast_health{health="healthy", suite="watched"} == 1'), "a healthy run")
            assert value_of(asks, "holdfast_suites") == 1
            assert value_of(asks, 'holdfast_alert_open{kind="contract"} == 1') is None
            exemplars = json.loads(
                said(f"{asks}/api/v1/query_exemplars?query=holdfast_latency_seconds_bucket&start=0&end=9999999999")
            )
            ids = [entry["labels"]["trace_id"] for series in exemplars["data"] for entry in series["exemplars"]]
            with closing(sqlite3.connect(folder / "holdfast.db")) as db:
                stored = {trace_id for (trace_id,) in db.execute("SELECT trace_id FROM samples")}
            assert ids and set(ids) <= stored, "an exemplar leads to a sample that is stored"
            time.sleep(max(0.0, began + DISCOVERY_S - time.monotonic()))
            endpoint.set_scenario("outage")
            until(lambda: value_of(asks, "sum(holdfast_failures_total) > 0"), "failed samples")
            endpoint.set_scenario("broken-json")
            failing = until(lambda: alerts_of(told).get("HoldfastFailing"), "HoldfastFailing in Alertmanager")
            assert failing["suite"] == "watched" and failing["endpoint"] == "production"
            assert failing["severity"] == "page"
            (failed,) = [query for query in queries() if "holdfast_failures_total" in query]
            shown, told_of = value_of(asks, f"sum({failed})"), value_of(asks, "sum(holdfast_failures_total)")
            assert shown == told_of, "the first failures of a class are on the dashboard too"
            empty = {name for query in queries() if not asked(asks, query) for name in series_in(query)}
            assert empty <= EMPTY.keys(), "the panels of the dashboard show something"
            for metric, label in choices():
                chosen = f"{asks}/api/v1/label/{label}/values?{urllib.parse.urlencode({'match[]': metric})}"
                assert json.loads(said(chosen))["data"], "there is something to choose"
        down = until(lambda: alerts_of(told).get("HoldfastDown"), "HoldfastDown in Alertmanager")
        assert down["severity"] == "page"
        health = json.loads(said(f"{asks}/api/v1/rules"))["data"]["groups"]
        assert {rule["health"] for group in health for rule in group["rules"]} == {"ok"}


@pytest.mark.real
def test_the_metrics_of_a_run_arrive_at_a_real_pushgateway_and_replace_those_of_the_run_before(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    command, port = needs("HOLDFAST_PUSHGATEWAY", "prometheus-pushgateway"), free_port()
    folder, url, suite = daemon_place.folder, f"http://127.0.0.1:{port}", "suites/watched.yaml"
    words = [command, f"--web.listen-address=127.0.0.1:{port}"]
    with server(words, ready_url=f"{url}/-/ready", env=os.environ, log=folder / "gateway.log", patience_s=READY_S):
        assert daemon_place.run("run", suite, "--pushgateway", url).returncode == 0
        first = said(f"{url}/metrics")
        endpoint.set_scenario("broken-json")
        assert daemon_place.run("run", suite, "--pushgateway", url).returncode == 1
        second = said(f"{url}/metrics")
    place = 'instance="",job="holdfast-run",suite="watched"'
    runs = r'^holdfast_runs_total\{endpoint="production",health="(\w+)",' + place + r"\} 1$"
    assert re.findall(runs, first, re.M) == ["healthy"]
    assert re.findall(runs, second, re.M) == ["failing"]
    assert 'push_time_seconds{endpoint="production",' + place + "}" in second


def test_a_pushgateway_that_is_not_there_is_a_warning_and_the_exit_code_is_the_runs(daemon_place: Workplace) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = daemon_place.run("run", "suites/watched.yaml", "--pushgateway", url, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["exit_code"] == 0
    assert "the metrics were not pushed to the pushgateway: it could not be reached" in done.stderr


def test_what_is_no_address_of_a_pushgateway_is_refused_before_anything_is_sent(
    daemon_place: Workplace, endpoint: RunningEndpoint
) -> None:
    done = daemon_place.run("run", "suites/watched.yaml", "--pushgateway", "nowhere")
    assert done.returncode == 2
    assert "--pushgateway is not an http or https address" in done.stderr
    assert not (daemon_place.folder / "holdfast.db").exists()

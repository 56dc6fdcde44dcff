"""The main job from outside: a YAML suite in, a verdict, an alert and a report out, through the installed command."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from pathlib import Path

import jsonschema
import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

ROOT = Path(__file__).parents[2]
SECRET = "sk-planted-4711"


@pytest.fixture
def started(place: Workplace) -> Workplace:
    """A place after ``holdfast init``, with latency judged so mildly that other tests on this machine do not count."""
    assert place.run("init").returncode == 0
    suite = place.folder / "suite.yaml"
    text = suite.read_text(encoding="utf-8")
    suite.write_text(text.replace("tolerance: {latency: 5%,", "tolerance: {latency: 100%,"), encoding="utf-8")
    return place


def states(run: dict[str, object]) -> dict[tuple[str, str], str]:
    """(stream, scope) to state of one run in the JSON."""
    drift = run["drift"]
    assert isinstance(drift, list)
    return {(entry["stream"], entry["scope"]): entry["state"] for entry in drift}


def test_a_newcomer_gets_from_init_to_a_healthy_run(started: Workplace) -> None:
    assert started.run("validate", "suite.yaml").returncode == 0
    done = started.run("run", "suite.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy" in done.stdout.lower()
    assert "collecting" in done.stdout.lower()


def test_init_never_overwrites_what_is_there(started: Workplace) -> None:
    (started.folder / "suite.yaml").write_text("mine", encoding="utf-8")
    assert started.run("init").returncode == 2
    assert (started.folder / "suite.yaml").read_text(encoding="utf-8") == "mine"


def test_the_json_of_a_run_follows_its_schema_and_is_alone_on_stdout(started: Workplace) -> None:
    value = started.json("run", "suite.yaml", "--rounds", "2")
    schema = json.loads((ROOT / "docs" / "runs.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(value, schema)
    assert [run["trigger"] for run in value["runs"]] == ["manual", "manual"]
    assert len({run["run_id"] for run in value["runs"]}) == 2
    sample = value["runs"][0]["probes"][0]["samples"][0]
    assert sample["usage"]["output_tokens"] > 0
    assert 0 < sample["timing"]["first_token_s"] < sample["timing"]["total_s"]


def test_a_silent_model_swap_is_found_alerted_and_reported_and_nothing_alarmed_before(
    started: Workplace, endpoint: RunningEndpoint
) -> None:
    captured = started.json("baseline", "capture", "suite.yaml", "--rounds", "50", "--reason", "first")
    assert captured["exit_code"] == 0
    assert {run["trigger"] for run in captured["runs"]} == {"capture"}
    quiet = started.json("run", "suite.yaml", "--rounds", "5")
    assert quiet["exit_code"] == 0
    assert "alarm" not in {state for run in quiet["runs"] for state in states(run).values()}

    endpoint.set_scenario("model-swap")
    after = started.json("run", "suite.yaml", "--rounds", "6", "--report", "out")
    assert after["exit_code"] == 1
    last = after["runs"][-1]
    assert states(last)["route", "suite"] == "alarm"
    assert states(last)["answers", "suite"] == "alarm"
    assert [(alert["kind"], alert["state"]) for alert in last["alerts"]] == [("drift", "open")]
    page = (started.folder / "out" / "starter-production.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace(endpoint.base_url, "")
    assert "<script src" not in page

    replayed = started.run("replay", "suite.yaml")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "agree to the last digit" in replayed.stdout


def test_accepting_a_change_makes_it_the_new_normal_with_author_and_reason(
    started: Workplace, endpoint: RunningEndpoint
) -> None:
    started.json("baseline", "capture", "suite.yaml", "--rounds", "20")
    endpoint.set_scenario("model-swap")
    assert started.json("run", "suite.yaml", "--rounds", "6")["exit_code"] == 1
    assert started.run("baseline", "accept", "suite.yaml").returncode == 2, "a reason is needed"
    assert started.run("baseline", "accept", "suite.yaml", "--reason", "new model, wanted").returncode == 0
    after = started.json("run", "suite.yaml", "--rounds", "2")
    assert "alarm" not in states(after["runs"][-1]).values()
    shown = json.loads(started.run("baseline", "show", "suite.yaml", "--format", "json").stdout)
    assert [(act["kind"], act["author"], act["reason"]) for act in shown["acts"]][-1] == (
        "accept",
        "tests",
        "new model, wanted",
    )
    replayed = started.run("replay", "suite.yaml")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_reset_forgets_what_was_normal(started: Workplace) -> None:
    started.json("baseline", "capture", "suite.yaml", "--rounds", "20")
    assert started.run("baseline", "reset", "suite.yaml", "--reason", "moved house").returncode == 0
    after = started.json("run", "suite.yaml")
    assert set(states(after["runs"][0]).values()) == {"collecting"}
    assert started.run("replay", "suite.yaml").returncode == 0


def test_a_broken_contract_fails_at_once_with_the_reason(started: Workplace, endpoint: RunningEndpoint) -> None:
    endpoint.set_scenario("broken-json")
    value = started.json("run", "suite.yaml")
    assert value["exit_code"] == 1
    probe = next(probe for probe in value["runs"][0]["probes"] if probe["probe"] == "invoice-json")
    assert probe["health"] == "failing"
    assert any(check["status"] == "fail" and "JSON" in check["reason"] for check in probe["checks"])
    assert [(alert["kind"], alert["severity"]) for alert in value["runs"][0]["alerts"]] == [("contract", "page")]


def test_an_endpoint_that_is_down_could_not_be_measured_and_teaches_the_baseline_nothing(
    started: Workplace, endpoint: RunningEndpoint
) -> None:
    endpoint.set_scenario("outage")
    down = started.json("run", "suite.yaml")
    assert down["exit_code"] == 3
    assert down["runs"][0]["health"] == "unknown"
    failure = down["runs"][0]["probes"][0]["samples"][0]["failure"]
    assert (failure["class"], failure["status"]) == ("overloaded", 503)
    assert [alert["kind"] for alert in down["runs"][0]["alerts"]] == ["availability"]
    endpoint.set_scenario("normal")
    assert started.json("run", "suite.yaml")["exit_code"] == 0


def test_nobody_listening_is_a_classified_failure_and_no_traceback(started: Workplace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        done = started.run("run", "suite.yaml", "--format", "json", env={"HOLDFAST_BASE_URL": address})
    assert done.returncode == 3
    classes = {
        sample["failure"]["class"]
        for probe in json.loads(done.stdout)["runs"][0]["probes"]
        for sample in probe["samples"]
    }
    assert classes == {"connection", "not_asked"}  # a dead endpoint is left alone after a few
    assert "Traceback" not in done.stderr


def test_a_run_of_one_probe_leaves_the_pooled_streams_alone(started: Workplace) -> None:
    started.json("baseline", "capture", "suite.yaml", "--rounds", "10")
    part = started.json("run", "suite.yaml", "--probe", "capital", "--samples", "2")
    assert [probe["probe"] for probe in part["runs"][0]["probes"]] == ["capital"]
    assert "suite" not in {scope for _, scope in states(part["runs"][0])}
    whole = started.json("run", "suite.yaml")
    assert ("answers", "suite") in states(whole["runs"][0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "missing.yaml"), "missing.yaml"),
        (("run", "suite.yaml", "--endpoint", "nope"), "nope"),
        (("run", "suite.yaml", "--probe", "nope"), "nope"),
        (("run", "suite.yaml", "--label", "nope"), "KEY=VALUE"),
        (("run", "suite.yaml", "--format", "pdf"), "pdf"),
        (("run", "suite.yaml", "--samples", "0"), "samples"),
        (("frobnicate",), "frobnicate"),
        (("replay", "suite.yaml"), "nothing is stored"),
        (("show", "suite.yaml"), "nothing is stored"),
    ],
)
def test_wrong_usage_exits_with_2_names_the_word_and_sends_nothing(
    started: Workplace, endpoint: RunningEndpoint, arguments: tuple[str, ...], told: str
) -> None:
    done = started.run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert endpoint.requests == []


def test_a_missing_variable_is_an_error_with_its_place(started: Workplace) -> None:
    done = started.run("run", "suite.yaml", env={"HOLDFAST_API_KEY": ""})
    assert done.returncode == 2
    assert "suite.yaml:" in done.stderr
    assert "HOLDFAST_API_KEY" in done.stderr


def test_an_unwritable_store_is_one_line_and_exit_2_because_nothing_was_sent(started: Workplace) -> None:
    (started.folder / "not-a-database").write_text("plain text, long enough to be no header" * 10, encoding="utf-8")
    done = started.run("run", "suite.yaml", "--store", "not-a-database")
    assert done.returncode == 2
    assert "not-a-database" in done.stderr and done.stderr.endswith("; nothing was sent\n")
    assert "Traceback" not in done.stderr


def test_no_secret_reaches_store_output_or_report(started: Workplace, endpoint: RunningEndpoint) -> None:
    done = started.run("run", "suite.yaml", "--format", "json", "--report", "out", "--debug")
    assert done.returncode == 0, done.stderr
    assert endpoint.requests, "the endpoint was asked"
    for path in started.folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in done.stdout + done.stderr


def test_junit_and_markdown_go_to_files_whole(started: Workplace) -> None:
    assert started.run("run", "suite.yaml", "--format", "junit", "--output", "out/junit.xml").returncode == 0
    assert (started.folder / "out" / "junit.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert started.run("run", "suite.yaml", "--format", "markdown", "--output", "out/a.md").returncode == 0
    assert "starter" in (started.folder / "out" / "a.md").read_text(encoding="utf-8")


def test_the_store_holds_texts_apart_from_numbers(started: Workplace) -> None:
    assert started.run("run", "suite.yaml").returncode == 0
    with sqlite3.connect(started.folder / ".holdfast" / "holdfast.db") as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
        assert {"runs", "samples", "texts", "streams", "outbox", "migrations"} <= tables
        columns = {row[1] for row in database.execute("pragma table_info(samples)")}
    assert "answer" not in columns


@pytest.mark.paced
def test_two_hundred_quiet_runs_in_a_row_raise_no_alarm(started: Workplace) -> None:
    assert started.run("init", "--force").returncode == 0, "judged at the usual tolerance"
    value = started.json("run", "suite.yaml", "--rounds", "200", "--no-alerts")
    assert {state for run in value["runs"] for state in states(run).values()} & {"alarm"} == set()
    assert states(value["runs"][-1])["latency.total", "suite"] != "collecting"


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(
    started: Workplace, endpoint: RunningEndpoint
) -> None:
    (started.folder / "file").write_text("", encoding="utf-8")
    for option in ("--output", "--report"):
        done = started.run("run", "suite.yaml", option, "file/below")
        assert done.returncode == 2
        assert "file" in done.stderr
    assert endpoint.requests == []


def test_a_command_that_reads_leaves_no_empty_store_behind(started: Workplace) -> None:
    for command in (("show",), ("report",), ("replay",), ("baseline", "show")):
        assert started.run(*command, "suite.yaml", "--store", "typo.db").returncode == 2
    assert not (started.folder / "typo.db").exists()
    assert started.run("run", "suite.yaml", "--store", "mysql://user:pass@host/db").returncode == 2


def test_a_variable_that_is_missing_hides_no_other_problem(started: Workplace) -> None:
    suite = started.folder / "suite.yaml"
    text = suite.read_text(encoding="utf-8").replace("- contains: 30 days", "- contain: 30 days")
    suite.write_text(text, encoding="utf-8")
    done = started.run("validate", "suite.yaml", env={"HOLDFAST_API_KEY": ""})
    assert done.returncode == 2
    assert "HOLDFAST_API_KEY" in done.stderr
    assert "did you mean 'contains'" in done.stderr


def test_an_act_while_a_run_is_out_is_replayed_in_the_order_it_took_effect(
    started: Workplace, endpoint: RunningEndpoint
) -> None:
    started.json("run", "suite.yaml", "--rounds", "3")
    endpoint.change(latency_scale=40)
    slow = started.start("run", "suite.yaml")
    try:
        before = endpoint.request_count
        while endpoint.request_count == before:
            time.sleep(0.02)
        assert started.run("baseline", "reset", "suite.yaml", "--reason", "in between").returncode == 0
    finally:
        slow.communicate(timeout=60)
    replayed = started.run("replay", "suite.yaml")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr

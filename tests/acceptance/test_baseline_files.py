"""Baselines that people control, over the command line: marks, golden baselines, files for CI, and what differs."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runner.demo.endpoint import RunningEndpoint
from runner.store import open_store
from tests.acceptance.conftest import Workplace

SUITE = """version: 1
suite: bot
endpoints:
  production: {{base_url: "{base_url}", model: support-bot}}
  canary: {{like: production}}
probes:
  - id: refund-window
    prompt: {prompt}
    checks: [{{contains: 30 days}}, no_refusal]
    samples: 4
  - id: capital
    prompt: What is the capital of Australia? Answer in one sentence.
    checks: [{{contains: Canberra}}]
    samples: 4
drift: {{tolerance: {{latency: 100%, tokens: 50%}}}}
"""
REFUND = "How do I return a keyboard bought two weeks ago?"
CAPTURED = 22


def write_suite(place: Workplace, prompt: str = REFUND) -> None:
    base_url = place.environ["HOLDFAST_BASE_URL"]
    (place.folder / "suite.yaml").write_text(SUITE.format(base_url=base_url, prompt=prompt), encoding="utf-8")


@pytest.fixture
def captured(place: Workplace) -> Workplace:
    """A place with a baseline of 22 runs."""
    write_suite(place)
    place.json("baseline", "capture", "suite.yaml", "--rounds", str(CAPTURED), "--reason", "first")
    return place


def done(place: Workplace, *arguments: str) -> str:
    """What a command prints that must succeed."""
    ended = place.run(*arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def refused(place: Workplace, *arguments: str) -> str:
    """What a command says that must be refused."""
    ended = place.run(*arguments)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    return ended.stderr


def shown(place: Workplace, *arguments: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(done(place, *arguments, "--format", "json"))
    return value


def states_in(place: Workplace, store: str) -> dict[Any, Any]:
    with closing(open_store(f"sqlite:///{place.folder / store}")) as opened:
        return opened.stream_states("bot", "production")


def exported(place: Workplace, *more: str) -> dict[str, Any]:
    done(place, "baseline", "export", "suite.yaml", "base.json", "--reason", "for CI", *more)
    value: dict[str, Any] = json.loads((place.folder / "base.json").read_text(encoding="utf-8"))
    return value


def test_an_imported_file_gives_the_stream_states_of_the_store_it_came_from_to_the_last_digit(
    captured: Workplace, endpoint: RunningEndpoint
) -> None:
    captured.json("run", "suite.yaml", "--rounds", "3")
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    captured.json("run", "suite.yaml", "--rounds", "2")
    done(captured, "baseline", "accept", "suite.yaml", "--stream", "tokens.output", "--reason", "wanted")
    captured.json("run", "suite.yaml", "--rounds", "1")
    exported(captured)
    done(captured, "baseline", "import", "suite.yaml", "base.json", "--reason", "CI", "--store", "ci.db")
    before, after = states_in(captured, ".holdfast/holdfast.db"), states_in(captured, "ci.db")
    assert after == before
    assert any(stream.golden for stream in after)
    assert "agree to the last digit" in done(captured, "replay", "suite.yaml", "--store", "ci.db")
    run = captured.json("run", "suite.yaml", "--store", "ci.db")["runs"][0]
    assert {entry["state"] for entry in run["drift"]} <= {"quiet", "watch", "collecting"}
    endpoint.set_scenario("model-swap")
    assert captured.json("run", "suite.yaml", "--rounds", "6", "--store", "ci.db")["exit_code"] == 1


def test_after_an_import_list_show_and_report_know_the_suite_by_name_and_its_part_of_the_budget(
    captured: Workplace,
) -> None:
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    exported(captured)
    told = done(captured, "baseline", "import", "suite.yaml", "base.json", "--reason", "CI", "--store", "ci.db")
    assert f"bot at production: {CAPTURED} runs, all of which are what is normal; exported by tests" in told
    assert f"bot at production: {CAPTURED} runs" in done(captured, "baseline", "list", "--store", "ci.db")
    assert "reference" in done(captured, "baseline", "show", "bot", "--store", "ci.db")
    done(captured, "report", "bot", "--store", "ci.db", "--output", "page.html")
    captured.json("run", "suite.yaml")

    def entered(store: str) -> Any:
        with closing(open_store(f"sqlite:///{captured.folder / store}")) as opened:
            return opened.installed()

    assert entered("ci.db") == entered(".holdfast/holdfast.db")


def test_where_no_stream_has_a_baseline_nothing_is_exported(place: Workplace, endpoint: RunningEndpoint) -> None:
    write_suite(place)
    place.json("run", "suite.yaml")
    told = refused(place, "baseline", "export", "suite.yaml", "base.json", "--reason", "too soon")
    assert "nothing is normal yet: 1 run of bot at production stored, and no stream has a baseline" in told
    assert not (place.folder / "base.json").exists()


def test_export_tells_runs_in_the_file_apart_from_those_that_are_normal(captured: Workplace) -> None:
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    done(captured, "baseline", "mark", "suite.yaml", "--reason", "deploy")
    done(captured, "run", "suite.yaml", "--rounds", "3")
    told = done(captured, "baseline", "export", "suite.yaml", "base.json", "--reason", "CI")
    assert f"{CAPTURED + 3} runs, of which 3 since the mark are what is normal" in told


def test_accept_takes_a_stream_as_reports_name_it_and_lists_all_judged_streams_where_there_is_none(
    captured: Workplace,
) -> None:
    captured.json("run", "suite.yaml")
    accept = ("baseline", "accept", "suite.yaml", "--reason", "wanted", "--stream")
    assert done(captured, *accept, "answers of capital").startswith("answers of capital: the new normal")
    told = refused(captured, *accept, "answers of locale=de")
    assert "no stream answers of locale=de; the judged streams are: " in told and "answers of refund-window" in told


def test_where_golden_streams_alone_are_in_alarm_accept_says_so_and_what_to_do(
    captured: Workplace, endpoint: RunningEndpoint
) -> None:
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    endpoint.set_scenario("model-swap")
    captured.json("run", "suite.yaml", "--rounds", "8")
    captured.run("baseline", "accept", "suite.yaml", "--reason", "wanted")
    captured.json("run", "suite.yaml")
    ended = captured.run("show", "suite.yaml")
    assert "baseline freeze" in ended.stdout and "baseline accept" not in ended.stdout, ended.stdout
    told = refused(captured, "baseline", "accept", "suite.yaml", "--reason", "wanted")
    assert "only golden streams are in alarm (golden." in told and "holdfast baseline freeze" in told


def test_the_file_is_reviewable_and_the_same_baseline_gives_the_same_text(captured: Workplace) -> None:
    told = exported(captured)
    assert told["schema"] == "holdfast.baseline/1"
    assert (told["suite"], told["endpoint"], told["protocol"]) == ("bot", "production", "openai-chat")
    assert (told["author"], told["reason"]) == ("tests", "for CI")
    refund = told["probes"]["refund-window"]
    assert refund["runs"] == CAPTURED and refund["samples"] == 4 * CAPTURED
    assert sum(count for count, _ in refund["answers"]) == 4 * CAPTURED
    assert refund["total_ms"] == sorted(refund["total_ms"]) and len(refund["total_ms"]) == 4 * CAPTURED
    assert ["contains", '"30 days"', 4 * CAPTURED, 4 * CAPTURED] in refund["checks"]
    text = (captured.folder / "base.json").read_text(encoding="utf-8")
    assert str(captured.folder) not in text and captured.environ["HOLDFAST_API_KEY"] not in text
    again = exported(captured)
    assert {**again, "exported_at": "", "sha256": ""} == {**told, "exported_at": "", "sha256": ""}


def test_a_store_that_knows_the_suite_takes_no_import(captured: Workplace) -> None:
    exported(captured)
    told = refused(captured, "baseline", "import", "suite.yaml", "base.json", "--reason", "CI")
    assert "the store knows bot at production already" in told and "--store FILE" in told


def test_a_stale_file_is_refused_and_allow_stale_leaves_the_changed_probe_out(captured: Workplace) -> None:
    exported(captured)
    write_suite(captured, prompt="How may I send a keyboard back?")
    import_it = ("baseline", "import", "suite.yaml", "base.json", "--reason", "CI", "--store", "ci.db")
    told = refused(captured, *import_it)
    assert "a stale baseline: the request of refund-window has changed since it was exported" in told
    assert "--allow-stale" in told
    assert "left out, to be learned anew: the request of refund-window has changed" in done(
        captured, *import_it, "--allow-stale"
    )
    run = captured.json("run", "suite.yaml", "--store", "ci.db")["runs"][0]
    states = {(entry["stream"], entry["scope"]): entry["state"] for entry in run["drift"]}
    assert states["answers", "refund-window"] == "collecting"
    assert states["answers", "capital"] != "collecting"


def test_a_foreign_file_is_refused(captured: Workplace) -> None:
    exported(captured)
    told = refused(captured, "baseline", "import", "suite.yaml", "base.json", "--endpoint", "canary", "--reason", "CI")
    assert "a foreign baseline: it is of endpoint 'production', not of 'canary'" in told


def test_a_damaged_file_is_refused_with_the_place(captured: Workplace) -> None:
    exported(captured)
    path = captured.folder / "base.json"
    text = path.read_text(encoding="utf-8")
    import_it = ("baseline", "import", "suite.yaml", "base.json", "--reason", "CI", "--store", "ci.db")
    path.write_text(text.replace('"samples": 88', '"samples": 880'), encoding="utf-8")
    assert "base.json:" in refused(captured, *import_it) and "sha256" in refused(captured, *import_it)
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    assert "not JSON" in refused(captured, *import_it)
    assert not (captured.folder / "ci.db").exists()


def test_without_answers_the_file_holds_none_and_answer_streams_are_learned_anew(captured: Workplace) -> None:
    assert exported(captured, "--no-answers")["probes"]["capital"]["answers"] == []
    assert "Canberra" not in (captured.folder / "base.json").read_text(encoding="utf-8").replace('"Canberra', "")
    told = done(captured, "baseline", "import", "suite.yaml", "base.json", "--reason", "CI", "--store", "ci.db")
    assert "without answers" in told
    run = captured.json("run", "suite.yaml", "--store", "ci.db")["runs"][0]
    states = {(entry["stream"], entry["scope"]): entry["state"] for entry in run["drift"]}
    assert states["answers", "suite"] == "collecting" and states["checks", "suite"] != "collecting"


def test_a_deploy_marker_starts_all_streams_anew_and_stands_in_show_reports_and_replays(captured: Workplace) -> None:
    assert "needs a reason" in refused(captured, "baseline", "mark", "suite.yaml")
    done(captured, "run", "suite.yaml", "--rounds", "2")
    done(captured, "baseline", "mark", "suite.yaml", "--reason", "deploy <42>", "--author", "release")
    run = captured.json("run", "suite.yaml")["runs"][0]
    assert {entry["state"] for entry in run["drift"]} == {"collecting"}
    act = shown(captured, "baseline", "show", "suite.yaml")["acts"][-1]
    assert (act["kind"], act["author"], act["reason"]) == ("mark", "release", "deploy <42>")
    done(captured, "run", "suite.yaml", "--rounds", "2")
    done(captured, "report", "suite.yaml", "--output", "page.html")
    page = Path(captured.folder / "page.html").read_text(encoding="utf-8")
    assert 'class="declared"' in page and "deploy &lt;42&gt;" in page and "deploy <42>" not in page
    assert "agree to the last digit" in done(captured, "replay", "suite.yaml")


def test_nothing_moves_a_golden_baseline_but_freezing_and_its_own_reset(captured: Workplace) -> None:
    def golden() -> dict[Any, Any]:
        states = states_in(captured, ".holdfast/holdfast.db")
        return {stream: state["baseline"] for stream, state in states.items() if stream.golden}

    assert "needs a reason" in refused(captured, "baseline", "freeze", "suite.yaml")
    assert "no golden baseline" in refused(captured, "baseline", "reset", "suite.yaml", "--golden", "--reason", "no")
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    before = golden()
    assert len(before) == 10
    done(captured, "run", "suite.yaml")
    done(captured, "baseline", "accept", "suite.yaml", "--stream", "checks", "--reason", "wanted")
    done(captured, "baseline", "mark", "suite.yaml", "--reason", "deploy")
    done(captured, "baseline", "reset", "suite.yaml", "--reason", "moved")
    captured.json("baseline", "capture", "suite.yaml", "--rounds", "2", "--reason", "again")
    write_suite(captured, prompt="How may I send a keyboard back?")
    captured.json("run", "suite.yaml")
    assert golden() == before
    told = refused(captured, "baseline", "accept", "suite.yaml", "--stream", "golden.checks", "--reason", "no")
    assert "freezing anew" in told
    assert "needs 20 whole runs" in refused(captured, "baseline", "freeze", "suite.yaml", "--reason", "too soon")
    assert "agree to the last digit" in done(captured, "replay", "suite.yaml")
    done(captured, "baseline", "reset", "suite.yaml", "--golden", "--reason", "no longer wanted")
    assert golden() == {}
    assert "agree to the last digit" in done(captured, "replay", "suite.yaml")


def test_golden_streams_count_in_the_shared_budget(captured: Workplace) -> None:
    def streams() -> int:
        done(captured, "run", "suite.yaml")
        with closing(open_store(f"sqlite:///{captured.folder / '.holdfast/holdfast.db'}")) as opened:
            return sum(entry.streams for entry in opened.installed())

    before = streams()
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    assert streams() == before + 10
    done(captured, "baseline", "reset", "suite.yaml", "--golden", "--reason", "no longer wanted")
    assert streams() == before


def test_list_names_every_suite_and_endpoint_with_its_last_act_and_golden_baseline(captured: Workplace) -> None:
    captured.json("run", "suite.yaml", "--endpoint", "canary")
    done(captured, "baseline", "freeze", "suite.yaml", "--reason", "reference")
    told = {entry["endpoint"]: entry for entry in shown(captured, "baseline", "list")["baselines"]}
    assert told["production"]["runs"] == CAPTURED
    assert told["production"]["act"]["reason"] == "first"
    assert told["production"]["golden"]["reason"] == "reference"
    assert told["canary"]["act"] is None and told["canary"]["golden"] is None
    assert told["canary"]["streams"]["collecting"] > 0
    text = done(captured, "baseline", "list")
    assert "bot at production: 22 runs" in text and "golden: " in text


def test_show_tells_the_version_of_each_probe_and_an_edited_prompt_makes_a_new_one(captured: Workplace) -> None:
    before = {entry["probe"]: entry for entry in shown(captured, "baseline", "show", "suite.yaml")["probes"]}
    write_suite(captured, prompt="How may I send a keyboard back?")
    run = captured.json("run", "suite.yaml")["runs"][0]
    assert run["note"] == "the question of refund-window changed: it is learned anew"
    states = {(entry["stream"], entry["scope"]): entry["state"] for entry in run["drift"]}
    assert states["answers", "refund-window"] == "collecting"
    after = {entry["probe"]: entry for entry in shown(captured, "baseline", "show", "suite.yaml")["probes"]}
    assert after["refund-window"]["request_hash"] != before["refund-window"]["request_hash"]
    assert (after["refund-window"]["runs"], after["refund-window"]["earlier"]) == (1, 1)
    assert after["capital"]["request_hash"] == before["capital"]["request_hash"]
    assert (after["capital"]["runs"], after["capital"]["earlier"]) == (CAPTURED + 1, 0)


def test_diff_compares_files_acts_runs_and_the_latest(captured: Workplace, endpoint: RunningEndpoint) -> None:
    exported(captured)
    endpoint.set_scenario("longer-answers")
    write_suite(captured, prompt="How may I send a keyboard back?")
    run = captured.json("run", "suite.yaml")["runs"][0]["run_id"]
    told = shown(captured, "baseline", "diff", "suite.yaml", "base.json", "latest")
    assert told["before"] == {"name": "base.json", "runs": CAPTURED} and told["after"]["runs"] == 1
    probes = {entry["probe"]: entry for entry in told["probes"]}
    assert probes["refund-window"]["question_changed"] and probes["refund-window"]["request_changed"]
    assert not probes["capital"]["question_changed"]
    assert "output_tokens" in probes["capital"]["differing"]
    assert probes["capital"]["after"]["output_tokens"] > probes["capital"]["before"]["output_tokens"]
    for pair in (("act:1", run), ("baseline", "latest")):
        assert "refund-window: the question changed" in done(captured, "baseline", "diff", "suite.yaml", *pair)
    same = shown(captured, "baseline", "diff", "suite.yaml", "latest", run)
    assert {entry["change"] for entry in same["probes"]} == {"same"}
    assert "act:N as in 'baseline show'" in refused(captured, "baseline", "diff", "suite.yaml", "nothing", "latest")
    assert "numbered from 1 to 1" in refused(captured, "baseline", "diff", "suite.yaml", "act:7", "latest")

"""``holdfast plan`` over the command line: without a store, with one, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.acceptance.conftest import Workplace

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
SUITE = """\
version: 1
suite: support-bot
schedule: {every: 15m}
endpoints:
  production:
    base_url: ${HOLDFAST_BASE_URL}
    model: support-bot
    api_key: ${HOLDFAST_API_KEY}
    params: {max_tokens: 100}
    prices: {input: 1, output: 2}
defaults: {samples: SAMPLES}
probes:
  - {id: capital, prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
  - {id: refund, prompt: How do I return a keyboard bought two weeks ago?}
"""


def write(place: Workplace, suite: str = SUITE, samples: int = 3, name: str = "s.yaml") -> None:
    (place.folder / name).write_text(suite.replace("SAMPLES", str(samples)), encoding="utf-8")


def planned(place: Workplace, *options: str) -> dict[str, Any]:
    """The JSON of a plan, held against its schema."""
    done = place.run("plan", "s.yaml", "--quick", "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(told, SCHEMA)
    return told


@pytest.fixture
def bare(tmp_path: Path) -> Workplace:
    """A folder without endpoint, environment or store."""
    return Workplace(folder=tmp_path)


@pytest.mark.slow
def test_a_plan_needs_no_store_no_credentials_and_no_endpoint_and_leaves_nothing_behind(bare: Workplace) -> None:
    write(bare)
    told = planned(bare)
    assert [path.name for path in bare.folder.iterdir()] == ["s.yaml"]
    assert told["noise"]["recorded_runs"] == 0
    assert set(told["noise"]["assumptions"]) >= {"latency.total", "tokens.output", "refusals", "route", "answers"}
    assert told["threshold"]["streams"] == told["threshold"]["installation_streams"] == 26
    assert told["threshold"]["ln_c_events"] == pytest.approx(13.72, abs=0.01)
    assert told["monthly"]["requests"] == 35_040 // 12 * 6
    assert told["monthly"]["recorded"] is False
    choices = {choice["name"]: choice["monthly"] for choice in told["options"]["choices"]}
    assert choices["both"]["usd"] == pytest.approx(4 * told["monthly"]["usd"])


@pytest.mark.slow
def test_a_suite_of_one_sample_a_run_is_told_how_little_it_finds(bare: Workplace) -> None:
    write(bare, SUITE.replace("  - {id: refund, prompt: How do I return a keyboard bought two weeks ago?}\n", ""), 1)
    done = bare.run("plan", "s.yaml", "--quick")
    assert done.returncode == 0, done.stderr
    assert "1 sample a run: within a day, nine times in ten, only latency x" in done.stdout
    assert "latency.total.spread: needs 3 samples a run" in done.stdout
    assert "only 200 runs of a week were simulated" in done.stdout
    assert "ASSUMED, no quiet runs are recorded; 20 are needed" in done.stdout


@pytest.mark.slow
def test_a_plan_after_a_capture_is_made_of_the_recorded_noise_and_what_the_runs_used(place: Workplace) -> None:
    write(place)
    write(place, SUITE.replace("suite: support-bot", "suite: other"), name="other.yaml")
    assert place.run("baseline", "capture", "s.yaml", "--rounds", "22").returncode == 0
    assert place.run("run", "other.yaml").returncode == 0
    told = planned(place)
    assert [told["noise"][name] for name in ("recorded_runs", "formed_runs", "baseline_runs")] == [22, 22, 22]
    assert told["noise"]["assumptions"] == {}
    assert all(stream["recorded"] for stream in told["streams"])
    assert told["monthly"]["recorded"] is True
    assert told["monthly"]["usd"] > 0
    assert [(share["suite"], share["planned"]) for share in told["threshold"]["installation"]] == [
        ("support-bot", True),
        ("other", False),
    ]
    assert told["threshold"]["installation_streams"] == 52
    assert told["false_alarms"]["exact"]["per_year_at_most"] == pytest.approx(0.5)
    assert told["false_alarms"]["measured"]["new_baseline"] == pytest.approx(0.01 * 12)


@pytest.mark.slow
def test_a_plan_after_a_mark_is_assumed_and_says_since_when_and_how_many_runs_are_needed(place: Workplace) -> None:
    write(place)
    assert place.run("baseline", "capture", "s.yaml", "--rounds", "20").returncode == 0
    assert planned(place)["noise"]["recorded_runs"] == 20
    assert place.run("baseline", "mark", "s.yaml", "--reason", "deploy").returncode == 0
    assert place.run("run", "s.yaml", "--rounds", "3").returncode == 0
    noise = planned(place)["noise"]
    assert noise["recorded_runs"] == 0
    assert noise["assumed_because"].startswith("3 quiet runs since the mark of 20")
    assert noise["assumed_because"].endswith("UTC; 20 are needed")


def test_a_suite_that_runs_once_a_day_has_no_column_for_the_hour_in_which_it_does_not_run(bare: Workplace) -> None:
    write(bare, SUITE.replace("every: 15m", "every: 1d"))
    done = bare.run("plan", "s.yaml", "--quick")
    assert done.returncode == 0, done.stderr
    assert "hour," not in done.stdout
    assert re.search(r"\bday, 1 run\b.*\bweek, 7 runs\b", done.stdout)


@pytest.mark.slow
def test_a_baseline_that_formed_itself_gives_its_noise_with_the_quiet_runs_since(place: Workplace) -> None:
    write(place, samples=4)
    assert place.run("run", "s.yaml", "--rounds", "24").returncode == 0
    noise = planned(place)["noise"]
    assert noise["formed_runs"] < 10
    assert noise["recorded_runs"] >= 20


def test_a_wrong_suite_is_refused_with_its_place(bare: Workplace) -> None:
    write(bare, SUITE.replace("contains: Canberra", "contain: Canberra"))
    done = bare.run("plan", "s.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "s.yaml:13:" in done.stderr
    assert "contains" in done.stderr


def test_cases_from_a_file_need_the_environment_because_they_decide_the_number_of_questions(bare: Workplace) -> None:
    (bare.folder / "items.csv").write_text("id,item\na,keyboard\nb,mouse\n", encoding="utf-8")
    probe = '  - {id: item, prompt: "What is a {{ item }}?", cases: {file: items.csv}}\n'
    write(bare, SUITE + probe)
    done = bare.run("plan", "s.yaml")
    assert done.returncode == 2
    assert "HOLDFAST_BASE_URL" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--quick", "--thorough"), "exclude each other"),
        (("--format", "junit"), "it is one of text, json"),
        (("--endpoint", "producton"), "did you mean"),
        (("--store", "nowhere.db"), "there is no store nowhere.db"),
        (("--baseline-runs", "5"), "20"),
    ],
)
def test_a_wrong_option_is_refused(bare: Workplace, options: tuple[str, ...], told: str) -> None:
    write(bare)
    done = bare.run("plan", "s.yaml", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr

"""A candidate against production over the command line: two fake endpoints, the verdict, and what keeps it honest."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from runner.demo.control import ControlChange
from runner.demo.endpoint import RunningEndpoint
from runner.demo.scenarios import ScenarioName
from tests.acceptance.conftest import Workplace

SUITE = """\
version: 1
suite: support-bot
endpoints:
  production:
    base_url: ${PRODUCTION}
    model: support-bot
    retries: 0
    concurrency: 4
    prices: {input: 1, output: 2}
  candidate: {like: production, base_url: "${CANDIDATE}"}
defaults:
  checks: [no_refusal]
probes:
  - {id: capital, prompt: "What is the capital of Australia? Answer in one sentence.", checks: [contains: Canberra]}
  - {id: refund, prompt: How do I return a keyboard bought two weeks ago?, checks: [contains: 30 days]}
  - id: arithmetic
    prompt: 7 items at 19 euros plus 14 shipping, what is the total?
    checks: [{contains: "147", mode: tracked}]
"""
SIDES = ("--production", "production", "--candidate", "candidate")


class Pair:
    """Two endpoints, and a folder with a suite that knows both."""

    def __init__(self, place: Workplace, production: RunningEndpoint, candidate: RunningEndpoint) -> None:
        self.place, self.production, self.candidate = place, production, candidate

    def canary(self, *options: str, suite: str = SUITE) -> dict[str, Any]:
        """Run a canary and read its JSON."""
        self.write(suite)
        return self.place.json("canary", "s.yaml", *SIDES, *options)

    def write(self, suite: str = SUITE) -> None:
        (self.place.folder / "s.yaml").write_text(suite)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Production and a candidate that behave alike until one of them is changed."""
    with ExitStack() as stack:
        production, candidate = (stack.enter_context(RunningEndpoint(seed=seed, latency_scale=1.0)) for seed in (1, 2))
        environ = {"PRODUCTION": production.base_url, "CANDIDATE": candidate.base_url}
        yield Pair(Workplace(folder=tmp_path, environ=environ), production, candidate)


def dimension(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in told["dimensions"] if entry["dimension"] == name)


def test_a_candidate_that_behaves_like_production_passes(pair: Pair) -> None:
    told = pair.canary()
    assert (told["verdict"], told["exit_code"], told["schema"]) == ("PASS", 0, "holdfast.canary/1")
    assert {entry["verdict"] for entry in told["dimensions"]} == {"PASS"}
    assert 20 <= told["pairs"] <= 300
    assert told["cost_usd"] > 0


@pytest.mark.parametrize(
    ("scenario", "moved"),
    [
        ("slower", {"latency.total", "latency.first_token"}),
        ("longer-answers", {"tokens.output", "answers", "latency.total"}),
        ("model-swap", {"answers", "checks"}),
        ("outage", {"checks"}),
    ],
)
def test_a_candidate_that_is_worse_fails_by_what_is_worse(pair: Pair, scenario: ScenarioName, moved: set[str]) -> None:
    pair.candidate.endpoint.set_scenario(scenario)
    told = pair.canary()
    assert (told["verdict"], told["exit_code"]) == ("FAIL", 1)
    failed = [entry for entry in told["dimensions"] if entry["verdict"] == "FAIL"]
    assert failed
    assert {entry["dimension"] for entry in failed} <= moved
    assert all(entry["evidence_fail"] >= told["evidence_needed"]["fail"] for entry in failed)


def test_a_contract_that_only_the_candidate_breaks_fails_within_a_few_pairs(pair: Pair) -> None:
    pair.candidate.endpoint.set_scenario("refusals")
    told = pair.canary()
    assert (told["verdict"], told["exit_code"]) == ("FAIL", 1)
    assert told["broken_contracts"][0]["check"] in ("no_refusal", "contains")
    assert told["pairs"] < 20


def test_what_is_broken_on_both_sides_is_not_the_candidates_fault_and_is_told(pair: Pair) -> None:
    told = pair.canary(suite=SUITE.replace("contains: Canberra", "contains: Sydney"))
    assert (told["verdict"], told["broken_contracts"]) == ("PASS", [])
    assert [(one["check"], one["probe"]) for one in told["broken_on_both"]] == [("contains", "capital")]
    shown = pair.place.run("show", "s.yaml", "--canary", "latest")
    assert "broken on both sides, so not the candidate's fault: contains of capital" in " ".join(shown.stdout.split())


def test_a_dollar_cap_without_prices_is_refused_before_anything_is_sent(pair: Pair) -> None:
    pair.write(SUITE.replace("    prices: {input: 1, output: 2}\n", ""))
    done = pair.place.run("canary", "s.yaml", *SIDES, "--max-usd", "1")
    assert done.returncode == 2
    assert "the price of endpoint production is unknown" in done.stderr
    assert not pair.production.endpoint.request_count


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--max-pairs", "7"), "all 7 pairs were asked"),
        (("--max-time", "300ms"), "the time was up"),
        (("--max-usd", "0.0001"), "the cap of 0.0001 dollars was reached"),
        (("--max-tokens", "100"), "the cap of 100 tokens was reached"),
    ],
)
def test_a_canary_that_reaches_a_cap_is_inconclusive_and_says_what_is_missing(
    pair: Pair, options: tuple[str, ...], why: str
) -> None:
    told = pair.canary(*options)
    assert (told["verdict"], told["exit_code"], told["ended"]) == ("INCONCLUSIVE", 3, why)
    assert "not enough evidence on" in told["reason"].lower()


def test_a_pair_that_is_under_way_when_the_time_is_up_counts_for_neither_side(pair: Pair) -> None:
    pair.candidate.endpoint.change(ControlChange(latency_scale=1000))
    told = pair.canary("--max-time", "1s")
    assert (told["verdict"], told["ended"], told["pairs"]) == ("INCONCLUSIVE", "the time was up", 0)


def test_production_that_never_answers_ends_the_canary_without_a_verdict(pair: Pair) -> None:
    pair.production.endpoint.set_scenario("outage")
    told = pair.canary()
    assert (told["verdict"], told["exit_code"]) == ("INCONCLUSIVE", 3)
    assert told["ended"] == "production answered none of 10 questions"


def test_a_spending_cap_of_the_suite_ends_the_canary_without_a_verdict_and_what_it_spent_is_kept(pair: Pair) -> None:
    capped = SUITE + "spend: {tokens_per_day: 400}\n"
    told = pair.canary(suite=capped)
    assert (told["verdict"], told["exit_code"]) == ("INCONCLUSIVE", 3)
    assert "cap" in told["ended"]
    with sqlite3.connect(pair.place.folder / ".holdfast" / "holdfast.db") as db:
        spent = db.execute("SELECT sum(tokens), sum(requests) FROM spending").fetchone()
    assert spent[0] >= 400
    assert spent[1] >= 2 * told["pairs"]


def test_the_sides_are_asked_in_turns_and_in_random_order(pair: Pair) -> None:
    told = pair.canary("--max-pairs", "30", suite=SUITE.replace("concurrency: 4", "concurrency: 1"))
    assert told["pairs"] == 30
    asked = [side.endpoint.request_count for side in (pair.production, pair.candidate)]
    assert asked == [30, 30]


def test_margins_of_the_suite_decide_and_a_dimension_may_be_left_out(pair: Pair) -> None:
    pair.candidate.endpoint.set_scenario("longer-answers")
    lenient = "canary: {margins: {tokens.output: {tolerance: 90%, margin: 95%}, answers: off, latency.total: off}}\n"
    told = pair.canary(suite=SUITE + lenient)
    assert told["verdict"] == "PASS"
    assert "answers" not in [entry["dimension"] for entry in told["dimensions"]]


@pytest.mark.parametrize(
    ("written", "place", "said"),
    [
        ("canary: {margins: {latency: off}}\n", "19:20", "latency"),
        ("canary: {margins: {answers: none}}\n", "19:29", "none"),
        ("canary: {max_pairs: 0}\n", "19:21", "0"),
        ("canary: {min_pairs: 400}\n", "19:9", "nothing could pass"),
        ("canary: {margins: {latency.total: {tolerance: 30%, margin: 10%}}}\n", "19:35", "nothing could be decided"),
        ("canary: {max_pair: 5}\n", "19:10", "max_pairs"),
        ("canary: {false_fail: 70%}\n", "19:22", "70%"),
    ],
)
def test_a_mistake_in_the_canarys_settings_is_told_with_its_place(
    pair: Pair, written: str, place: str, said: str
) -> None:
    pair.write(SUITE + written)
    done = pair.place.run("canary", "s.yaml", *SIDES)
    assert done.returncode == 2
    assert f"s.yaml:{place}" in done.stderr
    assert said in done.stderr
    assert not pair.production.endpoint.request_count


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--production", "production", "--candidate", "candidat"), "did you mean 'candidate'"),
        (("--production", "candidate", "--candidate", "candidate"), "both 'candidate'"),
        ((*SIDES, "--max-time", "soon"), "'soon' is not a duration"),
        ((*SIDES, "--max-time", "0s"), "leaves no time"),
        ((*SIDES, "--format", "yaml"), "'yaml' is unknown"),
        ((*SIDES, "--probe", "captial"), "no probe 'captial'"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_sent(pair: Pair, options: tuple[str, ...], said: str) -> None:
    pair.write()
    done = pair.place.run("canary", "s.yaml", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not pair.production.endpoint.request_count


JUDGED = """\
version: 1
suite: judged
endpoints:
  production: {base_url: "${PRODUCTION}", model: support-bot, concurrency: 2, prices: {input: 1, output: 1}}
  candidate: {like: production, base_url: "${CANDIDATE}"}
  judge: {like: production, model: judge, prices: {input: 10, output: 10}}
judge: {endpoint: judge}
probes:
  - id: capital
    prompt: "What is the capital of Australia? Answer in one sentence."
    checks: [{rubric: The capital is Canberra.}]
"""


def sayings(*texts: tuple[str, str], model: str) -> ControlChange:
    """A change after which one model answers so to prompts that hold a text."""
    said = [{"contains": contains, "says": says, "models": [model]} for contains, says in texts]
    return ControlChange.model_validate({"sayings": said})


def test_judges_are_asked_about_both_answers_and_their_verdicts_and_costs_count(pair: Pair) -> None:
    verdicts = (("Sydney", "It names another city.\nVERDICT: FAIL"), ("", "It does.\nVERDICT: PASS"))
    pair.production.endpoint.change(sayings(*verdicts, model="judge"))
    told = pair.canary("--max-pairs", "3", suite=JUDGED)
    assert (told["broken_contracts"], told["verdict"]) == ([], "INCONCLUSIVE")
    assert told["cost_usd"] > 0
    pair.candidate.endpoint.change(sayings(("capital of Australia", "It is Sydney."), model="support-bot"))
    failing = pair.canary("--max-pairs", "3", suite=JUDGED)
    assert (failing["verdict"], failing["broken_contracts"][0]["check"]) == ("FAIL", "rubric")
    with sqlite3.connect(pair.place.folder / ".holdfast" / "holdfast.db") as db:
        asked = db.execute("SELECT sum(requests) FROM spending WHERE endpoint = 'judge'").fetchone()[0]
    assert asked >= 2 * (told["pairs"] + failing["pairs"])


def test_every_format_tells_the_verdict(pair: Pair) -> None:
    pair.write()
    pair.candidate.endpoint.set_scenario("slower")
    texts = {
        name: pair.place.run("canary", "s.yaml", *SIDES, "--format", name) for name in ("text", "markdown", "junit")
    }
    assert {done.returncode for done in texts.values()} == {1}
    assert texts["text"].stdout.startswith("\u2717 FAIL  candidate against production of support-bot")
    assert "| dimension | verdict | evidence | finding |" in texts["markdown"].stdout
    root = Xml.fromstring(texts["junit"].stdout)
    assert root.attrib["failures"] != "0"


def test_the_result_can_go_to_a_file(pair: Pair) -> None:
    pair.write()
    done = pair.place.run("canary", "s.yaml", *SIDES, "--format", "json", "--output", "c.json")
    assert done.stdout == ""
    assert json.loads((pair.place.folder / "c.json").read_text())["exit_code"] == done.returncode


def test_an_interrupted_canary_keeps_what_it_spent(pair: Pair) -> None:
    pair.write(SUITE + "spend: {tokens_per_day: 100000}\n")
    pair.production.endpoint.change(ControlChange(latency_scale=5))
    running = pair.place.start("canary", "s.yaml", *SIDES)
    deadline = time.monotonic() + 30
    while pair.candidate.endpoint.request_count < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 130
    with sqlite3.connect(pair.place.folder / ".holdfast" / "holdfast.db") as db:
        assert db.execute("SELECT sum(requests) FROM spending").fetchone()[0] >= 3


@pytest.fixture
def exported(pair: Pair) -> Pair:
    """A pair whose production has an exported baseline, ``normal.json``, and cannot be asked any more."""
    pair.write(SUITE.replace("defaults:\n", "defaults:\n  samples: 4\n"))
    made = pair.place.run("baseline", "capture", "s.yaml", "--rounds", "20", "--store", "then.db", "--reason", "normal")
    assert made.returncode in (0, 1), made.stderr
    told = pair.place.run("baseline", "export", "s.yaml", "normal.json", "--store", "then.db", "--reason", "for CI")
    assert told.returncode == 0, told.stderr
    pair.production.endpoint.set_scenario("outage")
    return pair


def against_file(pair: Pair, *options: str) -> dict[str, Any]:
    return pair.place.json(
        "canary", "s.yaml", "--against-baseline", "normal.json", "--candidate", "candidate", *options
    )


def test_a_baseline_file_stands_for_production_and_latency_is_not_judged(exported: Pair) -> None:
    asked = exported.production.endpoint.request_count
    told = against_file(exported)
    assert (told["verdict"], told["production"]) == ("PASS", "production")
    assert not [entry for entry in told["dimensions"] if entry["dimension"].startswith("latency")]
    assert "latency is not judged" in told["note"]
    assert exported.production.endpoint.request_count == asked
    text = exported.place.run("canary", "s.yaml", "--against-baseline", "normal.json", "--candidate", "candidate")
    assert "latency is not judged" in " ".join(text.stdout.split())
    again = exported.place.run("replay", "s.yaml", "--canary", "latest")
    assert again.returncode == 0


def test_a_worse_candidate_fails_against_a_file_too(exported: Pair) -> None:
    exported.candidate.endpoint.set_scenario("longer-answers")
    suite = (exported.place.folder / "s.yaml").read_text()
    exported.write(suite + "canary: {margins: {answers: off}}\n")
    told = against_file(exported)
    assert told["verdict"] == "FAIL"
    assert dimension(told, "tokens.output")["verdict"] == "FAIL"
    exported.candidate.endpoint.set_scenario("refusals")
    assert against_file(exported)["broken_contracts"]


def test_a_file_that_is_used_up_leaves_no_verdict(exported: Pair) -> None:
    told = against_file(exported, "--probe", "capital", "--max-pairs", "9")
    assert (told["verdict"], told["ended"]) == ("INCONCLUSIVE", "all 9 pairs were asked")


def test_a_stale_or_foreign_file_is_refused_before_anything_is_sent(exported: Pair) -> None:
    before = exported.candidate.endpoint.request_count
    suite = (exported.place.folder / "s.yaml").read_text()
    calls = {
        "stale": suite.replace("bought two weeks ago", "bought last year"),
        "foreign": suite.replace("suite: support-bot", "suite: other"),
    }
    for word, text in calls.items():
        exported.write(text)
        done = exported.place.run("canary", "s.yaml", "--against-baseline", "normal.json", "--candidate", "candidate")
        assert done.returncode == 2
        assert word in done.stderr
    both = exported.place.run("canary", "s.yaml", *SIDES, "--against-baseline", "normal.json")
    neither = exported.place.run("canary", "s.yaml", "--candidate", "candidate")
    assert (both.returncode, neither.returncode) == (2, 2)
    assert exported.candidate.endpoint.request_count == before

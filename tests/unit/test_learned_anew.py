"""What is still missing for a baseline is told in the right unit, and a question that changed is named once."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from checks.drift.events import missing_words
from checks.drift.observation import RunObservation
from checks.drift.questions import asked_anew_words
from checks.drift.result import StreamState
from checks.verdict import Health
from reports import verdict_words, wording
from runner.normal.judging import Judged, judge_run
from tests.fakes.records import a_run, a_stream
from tests.unit.drift_world import Weather, World, plan_for


@given(st.integers(0, 200), st.integers(0, 2000))
def test_only_what_is_missing_is_told_and_never_more_of_it_than_is_needed(runs: int, samples: int) -> None:
    words = missing_words(runs, samples)
    told = re.findall(r"(\d+) of (\d+) (runs|samples)", words)
    assert [noun for _, _, noun in told] == ["runs"] * (runs < 5) + ["samples"] * (samples < 30)
    assert all(int(k) < int(n) for k, n, _ in told)
    assert words == ", ".join(f"{k} of {n} {noun}" for k, n, noun in told)


def test_many_runs_of_few_samples_collect_samples_and_not_runs() -> None:
    world = World(samples=1)
    results = world.settle(23)
    waiting = [result for result in results.values() if result.state is StreamState.COLLECTING]
    notes = {result.note for result in waiting if result.key.dimension == "refusals"}
    assert notes == {"23 of 30 samples"}
    assert wording.collecting_words([r for r in waiting if r.key.dimension == "refusals"]) == "23 of 30 samples"


def judged(world: World, run: RunObservation, *, whole: bool = True) -> Judged:
    done = judge_run(world.states, run, plan_for(), whole=whole)
    world.states = dict(done.states)
    return done


def test_a_question_that_changed_is_told_by_name_in_the_run_that_asks_it_first_and_not_again() -> None:
    world, edited = World(), Weather(rewritten=("refund",))
    first = judged(world, world.observe(Weather()))
    assert first.note == ""
    assert judged(world, world.observe(edited)).note == "the question of refund changed: it is learned anew"
    assert judged(world, world.observe(edited)).note == ""


def test_a_question_that_changed_is_told_after_its_baseline_was_learned_too() -> None:
    world, edited = World(samples=8), Weather(rewritten=("refund", "invoice"))
    for _ in range(12):
        judged(world, world.observe(Weather()))
    note = judged(world, world.observe(edited)).note
    assert note == "the questions of invoice, refund changed: they are learned anew"
    assert judged(world, world.observe(edited)).note == ""


def test_a_run_without_any_answer_leaves_the_word_to_the_next_one() -> None:
    world, edited = World(), Weather(rewritten=("refund",))
    judged(world, world.observe(Weather()))
    assert "changed" not in judged(world, world.observe(replace(edited, failing=1.0))).note
    assert "the question of refund changed" in judged(world, world.observe(edited)).note


def test_of_many_questions_some_are_named() -> None:
    words = asked_anew_words(tuple(f"p{number}" for number in range(9)))
    assert words == "the questions of p0, p1, p2, p3, p4, p5 and 3 more changed: they are learned anew"


def test_a_healthy_run_says_that_it_is_fine_before_it_says_what_it_notes() -> None:
    note = "the question of refund-window changed: it is learned anew"
    run = a_run(drift=[a_stream("latency.total")], note=note)
    assert verdict_words.verdict_reason(run) == f"every contract kept and nothing moved; 2 probes, 6 samples; {note}"
    unknown = a_run([], health=Health.UNKNOWN, note="a bug kept this run from being judged")
    assert verdict_words.verdict_reason(unknown) == "could not measure: a bug kept this run from being judged"


def test_an_endpoint_that_only_retrieves_ends_learning_when_what_it_retrieves_is_known() -> None:
    world = World(samples=8)
    silent = Weather(wordings=("",))

    def searched() -> RunObservation:
        run = world.observe(silent)
        probes = tuple(
            replace(p, samples=tuple(replace(facts, answer=None, documents="kb-1 kb-2") for facts in p.samples))
            for p in run.probes
        )
        return replace(run, probes=probes)

    learned = [judged(world, searched()).learned for _ in range(9)]
    assert learned == [True] * 5 + [False] * 4

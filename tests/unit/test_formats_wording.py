"""The sentences say what happened, and never more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.drift.result import Effect, StreamResult, StreamState
from checks.finding import Status
from checks.verdict import Health
from probes.failure import Failure, FailureClass
from probes.route import Route
from probes.sample import Sample, TokenUsage
from reports import tally, verdict_words, wording
from reports.alerts.incidents import conditions
from reports.formats import formats
from reports.next_steps import next_steps
from tests.fakes.records import (
    a_failed_sample,
    a_finding,
    a_probe,
    a_run,
    a_sample,
    a_stream,
    failing_run,
    healthy_run,
    unknown_run,
)


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (Effect(kind="ratio", value=1.312, low=1.22, high=1.401), "x1.31 (between x1.22 and x1.40)"),
        (Effect(kind="difference", value=0.12, low=0.05, high=0.2), "+12 points (between +5 and +20)"),
        (Effect(kind="difference", value=-0.034, low=-0.051, high=0.0), "-3.4 points (between -5.1 and 0)"),
        (Effect(kind="distance", value=1.8), "1.8 times the usual distance"),
        (None, ""),
    ],
)
def test_effects_are_told_with_their_interval(effect: Effect | None, words: str) -> None:
    assert wording.effect_words(effect) == words


FELL = Effect(kind="difference", value=-0.53, low=-0.6, high=-0.4)


@pytest.mark.parametrize(
    ("dimension", "effect", "words"),
    [
        ("checks", FELL, "-53 points (between -60 and -40), improved"),
        ("failures", replace(FELL, high=0.02), "-53 points (between -60 and +2), only rises count"),
        ("latency.total.tail", FELL, "-53 points (between -60 and -40), improved"),
        ("route", FELL, "-53 points (between -60 and -40)"),
        ("checks", replace(FELL, value=0.5, low=0.4, high=0.6), "+50 points (between +40 and +60)"),
        ("latency.total", Effect(kind="ratio", value=0.5), "x0.50"),
        ("checks", None, ""),
    ],
)
def test_fewer_failures_are_told_as_an_improvement_and_other_moves_as_they_are(
    dimension: str, effect: Effect | None, words: str
) -> None:
    assert wording.moved_words(a_stream(dimension, effect=effect)) == words


@pytest.mark.parametrize("name", ["text", "markdown", "junit"])
def test_every_format_says_that_a_share_of_failures_fell_for_the_better(name: str) -> None:
    run = replace(healthy_run(), drift=(a_stream("checks", StreamState.WATCH, 60.0, effect=FELL),))
    shown = " ".join(formats()[name].render([run], exit_code=0).split())
    assert "-53 points (between -60 and -40), improved" in shown


@pytest.mark.parametrize(("score", "words"), [(99.99, "99"), (100.0, "100"), (0.0, "0"), (None, "–")])
def test_only_an_alarm_reads_100(score: float | None, words: str) -> None:
    assert wording.score_words(score) == words


def test_a_failing_run_is_told_worst_first() -> None:
    assert verdict_words.verdict_sentence(failing_run()) == (
        "FAILING: 2 contracts broken; 1 policy broken; "
        "route moved, which explains answers, tokens.output and latency.total; 1 of 12 samples failed (server)"
    )


def test_a_healthy_run_is_told_with_its_size() -> None:
    sentence = verdict_words.verdict_sentence(healthy_run())
    assert sentence == "HEALTHY: every contract kept and nothing moved; 2 probes, 6 samples"


def test_an_unknown_run_never_sounds_healthy() -> None:
    assert verdict_words.verdict_sentence(unknown_run()) == "UNKNOWN: could not measure: 3 of 3 samples failed (auth)"
    assert verdict_words.verdict_reason(a_run([], health=Health.UNKNOWN)) == "could not measure: nothing was measured"


def test_a_broken_check_is_named_as_ours() -> None:
    finding = a_finding("json_path", statuses=(Status.ERROR,), reason="it broke")
    run = a_run([a_probe(findings=[finding], health=Health.UNKNOWN)], health=Health.UNKNOWN)
    assert verdict_words.verdict_reason(run) == "could not measure: 1 check could not be evaluated"


def test_collecting_is_said_beside_the_health() -> None:
    run = a_run(drift=[a_stream("latency.total", StreamState.COLLECTING, runs=12)])
    assert verdict_words.verdict_reason(run) == (
        "every contract kept, drift not judged yet (12 of 20 runs); 2 probes, 6 samples"
    )
    assert "no baseline to compare with yet" in verdict_words.verdict_reason(a_run())


def test_a_second_request_is_mentioned() -> None:
    again = a_sample(route=a_failed_sample(FailureClass.SERVER, "x").route)
    run = a_run([a_probe(samples=[again], health=Health.DEGRADED)], health=Health.DEGRADED)
    assert verdict_words.verdict_sentence(run) == "DEGRADED: 1 answer needed a second request"


def test_many_moved_streams_are_counted_not_listed() -> None:
    names = verdict_words.stream_names([a_stream(f"d{index}", StreamState.ALARM, 100.0) for index in range(7)])
    assert names == "d0, d1, d2, d3 and 3 more streams"


def test_a_collecting_stream_with_enough_runs_waits_for_samples() -> None:
    assert wording.collecting_words([a_stream("finish", StreamState.COLLECTING, runs=6)]) == "more samples needed"


def test_a_cost_is_unknown_as_soon_as_one_price_is() -> None:
    known, unknown = a_sample(), a_sample(index=1, cost_usd=None)
    assert tally.cost_usd([known, known]) == pytest.approx(0.00084)
    assert tally.cost_usd([known, unknown]) is None
    assert tally.cost_usd([]) is None


def test_commands_quote_names_for_the_shell() -> None:
    run = a_run([a_probe(findings=[a_finding(statuses=(Status.FAIL,))])], health=Health.FAILING, run_id="a; rm -rf x")
    assert [step.command for step in next_steps(run)] == [
        "holdfast report support-bot --endpoint production --run 'a; rm -rf x'"
    ]


def test_a_page_sends_nobody_to_write_the_page_that_is_read() -> None:
    broken = a_run([a_probe(findings=[a_finding(statuses=(Status.FAIL,))])], health=Health.FAILING)
    assert [step.words for step in next_steps(broken)] == ["Read the answers:"]
    assert next_steps(broken, on_its_page=True) == ()
    drifted = a_run([a_probe()], drift=(a_stream("answers", StreamState.ALARM, 100.0),), health=Health.FAILING)
    assert next_steps(drifted, on_its_page=True) == next_steps(drifted) != ()


def test_where_golden_streams_alone_are_in_alarm_no_accept_is_advised() -> None:
    golden, usual = a_stream("golden.answers", StreamState.ALARM, 100.0), a_stream("answers", StreamState.ALARM, 100.0)
    place = "support-bot --endpoint production"
    moves = [f"holdfast baseline freeze {place} --reason WHY", f"holdfast baseline reset {place} --golden --reason WHY"]
    accept = f"holdfast baseline accept {place} --reason WHY"

    def commands(*drift: StreamResult) -> list[str]:
        run = a_run([a_probe()], drift=drift, health=Health.FAILING)
        return [step.command for step in next_steps(run) if "baseline" in step.command]

    assert commands(golden) == moves
    assert commands(usual) == [accept]
    assert commands(golden, usual) == [accept, *moves]


def test_a_healthy_run_asks_nothing_of_anyone() -> None:
    assert next_steps(healthy_run()) == ()


def held_back(count: int) -> list[Sample]:
    reason = "not asked: 9 requests failed (connection) with no answer in between: refused"
    failure = Failure(kind=FailureClass.NOT_ASKED, message=reason)
    return [replace(a_sample(), failure=failure, answer=None, attempts=(), route=Route(attempts=0))] * count


def test_a_run_that_stopped_asking_says_how_many_were_not_asked_and_why() -> None:
    lost = [a_failed_sample(FailureClass.CONNECTION, "refused") for _ in range(9)]
    run = a_run([a_probe("p", samples=[*lost, *held_back(21)], health=Health.UNKNOWN)], health=Health.UNKNOWN)
    assert verdict_words.verdict_reason(run) == (
        "could not measure: 9 of 30 samples failed (connection); "
        "21 not asked: 9 requests failed (connection) with no answer in between: refused"
    )
    assert tally.requests(run.samples) == sum(len(sample.attempts) for sample in lost)


def test_a_run_that_asked_nothing_says_so() -> None:
    run = a_run([a_probe("p", samples=held_back(3), health=Health.UNKNOWN)], health=Health.UNKNOWN)
    assert verdict_words.verdict_reason(run).startswith(
        "could not measure: 3 of 3 samples not asked: 9 requests failed"
    )
    assert tally.requests(run.samples) == 0


def test_a_run_that_stopped_asking_is_bad_for_the_availability_alert() -> None:
    samples = [a_sample(), a_failed_sample(FailureClass.CONNECTION, "refused"), *held_back(2)]
    kinds = {condition.kind: condition.bad for condition in conditions(a_run([a_probe("p", samples=samples)]))}
    assert kinds["availability"] is True


def test_a_cost_that_is_known_only_in_part_is_told_as_the_least_it_can_be() -> None:
    known, unknown = a_sample(cost_usd=0.5), a_sample(index=1, cost_usd=None)
    held = a_failed_sample(FailureClass.NOT_ASKED, "not asked: the cap is reached", index=2)
    assert wording.cost_words([known, known]) == "$1.00"
    assert wording.cost_words([known, unknown]) == "at least $0.5"
    assert wording.cost_words([unknown]) == "cost unknown"
    assert wording.cost_words([known, held]) == "$0.5"
    assert wording.cost_words([held]) == "$0.00"
    assert wording.cost_words([]) == "cost unknown"


def test_tokens_are_told_as_far_as_endpoints_counted_them() -> None:
    counted = a_sample(usage=TokenUsage(input_tokens=1204, output_tokens=87))
    assert wording.tokens_words([counted]) == "1,204 tokens in, 87 out"
    assert wording.tokens_words([a_sample(usage=TokenUsage(output_tokens=87))]) == "87 tokens out"
    assert wording.tokens_words([a_sample(usage=TokenUsage())]) == ""

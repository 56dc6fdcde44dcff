"""The canary's judge: pairs in, a verdict of every dimension and of the whole out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.canary.bets import ln_centre_above, ln_centre_below, ln_mean_above, ln_mean_below
from checks.canary.dimensions import DIMENSIONS
from checks.canary.interval import effect_of
from checks.canary.judge import judge_pairs
from checks.canary.pair import Pair
from checks.canary.plan import CanaryPlan, Margin
from checks.canary.verdict import BrokenContract, CanaryResult, CanaryVerdict, DimensionVerdict
from checks.drift.observation import SampleFacts

PASS, FAIL, INCONCLUSIVE = CanaryVerdict.PASS, CanaryVerdict.FAIL, CanaryVerdict.INCONCLUSIVE
LATENCY = CanaryPlan(dimensions=("latency.total",))
CHECKS = CanaryPlan(dimensions=("checks",))


def pair(number: int, candidate: SampleFacts, production: SampleFacts, **distances: float) -> Pair:
    return Pair(number=number, probe="p", candidate=candidate, production=production, **distances)


def timed(candidate_s: float, production_s: float, number: int = 0) -> Pair:
    return pair(number, SampleFacts(failed=False, total_s=candidate_s), SampleFacts(failed=False, total_s=production_s))


def slowed(factor: float, count: int, seed: int = 1, spread: float = 0.4) -> list[Pair]:
    """Pairs whose candidate takes ``factor`` times as long, under a load both feel."""
    chance = np.random.default_rng(seed)
    load = np.exp(np.cumsum(chance.normal(0, 0.05, count)))
    both = np.exp(chance.normal(0, spread, (2, count))) * load
    return [timed(factor * a, b, n) for n, (a, b) in enumerate(zip(*both, strict=True))]


def checked(candidate_failed: Sequence[bool], production_failed: Sequence[bool]) -> list[Pair]:
    return [
        pair(n, SampleFacts(failed=False, check_failed=a), SampleFacts(failed=False, check_failed=b))
        for n, (a, b) in enumerate(zip(candidate_failed, production_failed, strict=True))
    ]


def told(result: CanaryResult, dimension: str) -> DimensionVerdict:
    return next(entry for entry in result.dimensions if entry.dimension == dimension)


def test_a_candidate_that_takes_twice_as_long_fails_and_the_ratio_is_told_with_its_interval() -> None:
    result = judge_pairs(slowed(2, 40), LATENCY)
    assert result.verdict is FAIL
    effect = told(result, "latency.total").effect
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    assert 1.05 < effect.low < 2 < effect.high
    assert "answers take longer: x" in result.reason


def test_a_candidate_as_fast_as_production_passes() -> None:
    assert judge_pairs(slowed(1, 120), LATENCY).verdict is PASS


def test_too_few_pairs_are_inconclusive_and_say_how_many_are_missing() -> None:
    result = judge_pairs(slowed(1, 25), LATENCY)
    assert (result.verdict, result.decided) == (INCONCLUSIVE, False)
    needed = told(result, "latency.total").pairs_needed
    assert needed is not None
    assert 1 <= needed <= 200
    assert f"about {needed} more pairs" in told(result, "latency.total").reason


def test_a_dimension_in_between_never_passes_and_never_says_when_it_would() -> None:
    alternating = [timed(1.12 * (1.01 if n % 2 else 1 / 1.01), 1.0, n) for n in range(60)]
    result = judge_pairs(
        alternating,
        CanaryPlan(dimensions=("latency.total",), margins={"latency.total": Margin(tolerance=0.12, margin=0.12)}),
    )
    assert result.verdict is INCONCLUSIVE


def test_a_ratio_of_tokens_is_told_as_it_is() -> None:
    short, long = SampleFacts(failed=False, output_tokens=7), SampleFacts(failed=False, output_tokens=14)
    result = judge_pairs([pair(n, long, short) for n in range(30)], CanaryPlan(dimensions=("tokens.output",)))
    effect = told(result, "tokens.output").effect
    assert effect is not None
    assert effect.value == pytest.approx(2.0)


def test_evidence_is_told_before_the_least_number_of_pairs_too() -> None:
    result = judge_pairs([timed(1.0, 1.0, n) for n in range(12)], LATENCY)
    entry = told(result, "latency.total")
    assert entry.verdict is INCONCLUSIVE
    assert entry.evidence_pass > 1
    assert entry.evidence_fail == 0


def test_a_single_answer_a_thousand_times_slower_decides_nothing() -> None:
    pairs = [*slowed(1, 60), timed(1000.0, 1.0, 60)]
    assert judge_pairs(pairs, LATENCY).verdict is judge_pairs(pairs[:-1], LATENCY).verdict


def test_what_the_load_does_to_both_sides_is_not_the_candidates_fault() -> None:
    rising = [timed(1.0 * 1.05**n, 1.0 * 1.05**n, n) for n in range(100)]
    assert judge_pairs(rising, LATENCY).verdict is PASS


def test_requests_that_fail_count_against_the_side_they_failed_at() -> None:
    lost, fine = SampleFacts(failed=True), SampleFacts(failed=False, check_failed=False)
    assert judge_pairs([pair(n, lost, fine) for n in range(40)], CHECKS).verdict is FAIL
    assert judge_pairs([pair(n, fine, lost) for n in range(40)], CHECKS).verdict is PASS


def test_answers_that_fail_on_both_sides_are_not_the_candidates_fault() -> None:
    assert judge_pairs(checked([True] * 60, [True] * 60), CHECKS).verdict is PASS


def test_what_was_never_asked_is_not_judged() -> None:
    held = pair(0, SampleFacts(failed=True, held=True), SampleFacts(failed=False))
    result = judge_pairs([held] * 50, CHECKS)
    assert (result.verdict, result.pairs) == (INCONCLUSIVE, 0)


def test_a_dimension_that_most_pairs_tell_nothing_of_has_no_verdict() -> None:
    silent = [pair(n, SampleFacts(failed=False), SampleFacts(failed=False)) for n in range(20)]
    result = judge_pairs([*slowed(1, 70), *silent], LATENCY)
    assert result.verdict is INCONCLUSIVE
    assert "70 of 90 pairs" in told(result, "latency.total").reason


def test_what_neither_side_ever_tells_is_left_out_and_said_to_be() -> None:
    plan = CanaryPlan(dimensions=("latency.total", "tokens.output"))
    result = judge_pairs(slowed(1, 120), plan)
    assert result.verdict is PASS
    assert "neither endpoint tells" in told(result, "tokens.output").reason


def test_what_only_production_tells_keeps_a_candidate_from_passing() -> None:
    counted = SampleFacts(failed=False, total_s=1.0, output_tokens=9)
    pairs = [pair(n, SampleFacts(failed=False, total_s=1.0), counted) for n in range(120)]
    assert judge_pairs(pairs, CanaryPlan(dimensions=("latency.total", "tokens.output"))).verdict is INCONCLUSIVE


def test_the_first_answers_of_each_probe_have_nothing_to_be_held_against_and_that_is_nobodys_fault() -> None:
    same = SampleFacts(failed=False)
    first = [pair(n, same, same) for n in range(40)]
    later = [pair(40 + n, same, same, candidate_distance=0.1, production_distance=0.1) for n in range(40)]
    assert judge_pairs([*first, *later], CanaryPlan(dimensions=("answers",))).verdict is PASS
    lost = [pair(n, SampleFacts(failed=True), same) for n in range(40)]
    assert judge_pairs([*lost, *later], CanaryPlan(dimensions=("answers",))).verdict is INCONCLUSIVE


def test_a_pass_needs_every_dimension_and_a_fail_only_one() -> None:
    both = CanaryPlan(dimensions=("latency.total", "checks"))
    few = judge_pairs(slowed(1, 30), both)
    assert {entry.dimension: entry.verdict for entry in few.dimensions}["checks"] is INCONCLUSIVE
    assert few.verdict is INCONCLUSIVE
    assert judge_pairs(slowed(1, 120), both).verdict is PASS
    assert judge_pairs(slowed(3, 60), both).verdict is FAIL


def test_a_contract_that_only_the_candidate_breaks_fails_at_once() -> None:
    broken = BrokenContract(probe="refund", check="contains", argument='"30 days"', reason="no 30 days", pair=0)
    result = judge_pairs(slowed(1, 1), LATENCY, [broken])
    assert (result.verdict, result.decided) == (FAIL, True)
    assert "breaks a contract that production keeps: contains of refund" in result.reason


def test_no_pass_before_the_least_number_of_pairs() -> None:
    same = [timed(1.0, 1.0, n) for n in range(19)]
    eager = CanaryPlan(dimensions=("latency.total",), false_pass=0.9)
    assert judge_pairs(same, eager).verdict is INCONCLUSIVE
    assert judge_pairs([*same, timed(1.0, 1.0, 19)], eager).verdict is PASS


def test_evidence_once_reached_stays_reached() -> None:
    pairs = [*slowed(3, 40), *(timed(1.0, 3.0, 40 + n) for n in range(200))]
    assert judge_pairs(pairs, LATENCY).verdict is FAIL


def test_nothing_to_judge_is_inconclusive() -> None:
    assert judge_pairs([], LATENCY).verdict is INCONCLUSIVE
    assert judge_pairs(slowed(1, 50), CanaryPlan(dimensions=())).verdict is INCONCLUSIVE


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_side_without_data_tells_no_dimension_anything_but_that_it_failed(name: str) -> None:
    lost = SampleFacts(failed=True)
    told = DIMENSIONS[name].worse(pair(0, lost, lost))
    assert told == (0.0 if name == "checks" else None)


@given(
    st.lists(st.floats(0.01, 5), min_size=1, max_size=12),
    st.sampled_from([ln_centre_above, ln_centre_below]),
)
@settings(max_examples=60, deadline=None)
def test_the_wealth_of_a_bet_on_signs_averages_one_over_all_signs(sizes: list[float], bet: object) -> None:
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * len(sizes))).reshape(len(sizes), -1).T
    wealth = [math.exp(bet(np.array(sizes) * row, 0.0, 0.55)[-1]) for row in signs]  # type: ignore[operator]
    assert np.mean(wealth) == pytest.approx(1.0)


@given(st.floats(-0.5, 0.5), st.floats(0, 0.4))
@settings(max_examples=60, deadline=None)
def test_the_wealth_of_a_bet_on_a_mean_averages_one_where_the_mean_is_just_that(mean: float, both: float) -> None:
    up, down = (both + mean / 2 + abs(mean) / 2, both - mean / 2 + abs(mean) / 2)
    values, weights = np.array([1.0, -1.0, 0.0]), np.array([up, down, 1 - up - down])
    if weights.min() < 0:
        return
    for bet, at in ((ln_mean_above, up - down), (ln_mean_below, up - down)):
        average = sum(w * math.exp(bet(np.array([v]), at)[-1]) for v, w in zip(values, weights, strict=True))
        assert average == pytest.approx(1.0)


def test_an_interval_holds_the_truth_far_more_often_than_it_must() -> None:
    held = 0
    for seed in range(60):
        ratios = np.array([DIMENSIONS["latency.total"].worse(entry) for entry in slowed(1.3, 60, seed)], dtype=float)
        effect = effect_of(DIMENSIONS["latency.total"], ratios)
        held += (effect.low or 0) <= 1.3 <= (effect.high or math.inf)
    assert held >= 57


def test_an_interval_of_one_pair_is_open() -> None:
    effect = effect_of(DIMENSIONS["latency.total"], np.array([0.1]))
    assert (effect.low, effect.high) == (None, None)
    shares = effect_of(DIMENSIONS["checks"], np.array([1.0]))
    assert (shares.value, shares.high) == (1.0, 1.0)
    assert (shares.low or 0) < -0.97


def test_false_verdicts_keep_their_rates_over_many_canaries() -> None:
    """A short version of tests/benchmarks/canary_table.py: rates there are over thousands."""
    plan = CanaryPlan(dimensions=("checks", "latency.first_token", "latency.total", "tokens.output", "answers"))
    dimension = plan.dimension("latency.total")
    chance = np.random.default_rng(7)
    fails = passes = 0
    for _ in range(300):
        same = chance.normal(0, 0.57, 300)
        worse = same + math.log(1.25)
        fails += dimension.ln_worse(same, math.log(1.05)).max() >= plan.ln_fail
        passes += dimension.ln_better(worse, math.log(1.25))[plan.min_pairs - 1 :].max() >= plan.ln_pass
    assert fails <= 1
    assert passes <= 22  # 5 % of 300, and what chance adds to it

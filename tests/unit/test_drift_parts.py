"""The parts of the judge one by one: thresholds, noise, rates, categories, wording, incidents."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.drift.bets import ln_beta_binomial_ratio
from checks.drift.bounds import correlation, upper, without_rarest
from checks.drift.continuous import Engine, advance, evidence, kept_starts
from checks.drift.evidence import Evidence, band, score_of
from checks.drift.incident import Incident
from checks.drift.mixes import Mix, new_mix, step_mix
from checks.drift.noise import step_channel
from checks.drift.plan import JudgePlan
from checks.drift.rates import Rate, Rules, difference, new_rate, restarted, step_rate
from checks.drift.reference import Reference, amounts, day_value
from checks.drift.result import Effect, StreamState
from checks.drift.wording import key_of, normal_form, wording_of
from checks.drift.words import named, percent

PLAN = JudgePlan(runs_per_year=35040, streams=150)


# ------------------------------------------------------------------------------------------------- plan and score


def test_thresholds_are_the_stated_budget() -> None:
    assert pytest.approx(16.17, abs=0.01) == PLAN.ln_c_step
    assert pytest.approx(11.60, abs=0.01) == PLAN.ln_c_day
    assert pytest.approx(15.47, abs=0.01) == PLAN.ln_c_discrete
    assert pytest.approx(1 / 300) == PLAN.delta


def test_twice_the_streams_cost_ln_2() -> None:
    double = JudgePlan(runs_per_year=35040, streams=300)
    assert double.ln_c_discrete - PLAN.ln_c_discrete == pytest.approx(math.log(2))


def test_a_suite_with_few_runs_a_day_alarms_from_a_single_run_and_waits_three() -> None:
    daily = JudgePlan(runs_per_year=365, streams=20)
    assert (daily.min_runs(3), daily.gap) == (1, 3)
    assert (PLAN.min_runs(3), PLAN.gap) == (3, 24)


def test_the_last_bound_is_never_looser_than_the_second() -> None:
    assert JudgePlan(runs_per_year=365, streams=2).delta == 0.01


def test_a_plan_survives_json() -> None:
    assert JudgePlan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


@pytest.mark.parametrize(
    "wrong",
    [
        {"runs_per_year": 0},
        {"streams": 0},
        {"false_alarms_per_year": -1},
        {"tolerance_rates": 0.5},
        {"tolerance_latency": float("nan")},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        JudgePlan(**{"runs_per_year": 35040, "streams": 150, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ln_m", "state"),
    [
        (-3.0, "quiet"),
        (4.9, "quiet"),
        (5.0, "watch"),
        (7.5, "warn"),
        (9.99, "warn"),
        (10.0, "alarm"),
        (80.0, "alarm"),
    ],
)
def test_bands_begin_at_50_75_and_100(ln_m: float, state: str) -> None:
    assert band(score_of(ln_m, 10.0)) is StreamState(state)


# ------------------------------------------------------------------------------------------------- continuous


def test_closed_sums_equal_sums_over_the_responses() -> None:
    grid = step_channel(0.05, counts=False).grid
    responses = np.array([grid.response(age) for age in range(60)])
    start, age = 17, 43
    own = (responses[:age] ** 2).sum(axis=0)
    cross = (responses[:age] * responses[start : start + age]).sum(axis=0)
    assert grid.own_sum(np.array([float(age)]))[:, 0] == pytest.approx(own, rel=1e-12)
    assert grid.cross_sum(np.array([float(start)]), np.array([float(age)]))[:, 0] == pytest.approx(cross, rel=1e-12)


def test_three_thousand_runs_leave_an_engine_small_and_quiet() -> None:
    rng, channel = np.random.default_rng(3), step_channel(0.05, counts=False)
    engine = Engine.new(sampling_sd=0.06, centre=0.0, warmup=20, channel=channel)
    for number in range(3000):
        engine = advance(engine, float(rng.normal(0, 0.06)), f"run-{number:08}", channel)
    shift = evidence(engine, channel)
    assert shift is not None
    assert shift.ln_m < 0.5 * PLAN.ln_c_step
    assert len(engine.starts) <= 80
    assert len(json.dumps(engine.to_json())) < 20_000


def test_candidates_are_thinned_to_eight_at_every_spacing() -> None:
    kept = [range(2000)[position] for position in kept_starts(range(2000), 2000, 1024)]
    assert kept[-8:] == list(range(1992, 2000))
    assert min(kept) > 2000 - 1024
    assert len(kept) < 80


def test_one_wild_run_cannot_alarm_alone() -> None:
    rng, channel = np.random.default_rng(3), step_channel(0.05, counts=False)
    engine = Engine.new(sampling_sd=0.06, centre=0.0, warmup=20, channel=channel)
    for _ in range(100):
        engine = advance(engine, float(rng.normal(0, 0.06)), "", channel)
    shift = evidence(advance(engine, 10.0, "", channel), channel)
    assert shift is not None
    assert shift.ln_m < 0.5 * PLAN.ln_c_step


@given(st.lists(st.one_of(st.none(), st.integers(-(10**30), 10**400), st.floats()), max_size=20), st.booleans())
def test_hostile_amounts_become_numbers_a_logarithm_can_take(values: list[float | None], counts: bool) -> None:
    for value in amounts(values, counts=counts):
        assert math.isfinite(math.log(value + (2 if counts else 0)))


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=30), st.floats(0.1, 10))
def test_the_level_moves_by_exactly_the_common_factor(values: list[float], factor: float) -> None:
    reference = Reference.of({"a": [1.0, 1.2, 0.9], "b": [4.0, 5.0]}, offset=0.0)
    moved = reference.level({"a": [value * factor for value in values]})
    assert moved - reference.level({"a": values}) == pytest.approx(math.log(factor), abs=1e-9)


def test_a_day_value_evens_out_the_daily_cycle_and_one_slow_hour() -> None:
    cycle = np.sin(np.linspace(0, 2 * np.pi, 96, endpoint=False))
    cycle[40:44] += 5
    assert abs(day_value(cycle.tolist())) < 0.1


# ------------------------------------------------------------------------------------------------- rates


@settings(max_examples=50)
@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.001, 0.9))
def test_the_upper_bound_holds_the_share_and_grows_with_caution(events: int, more: int, level: float) -> None:
    bound = upper(events, events + more, level / 10)
    assert upper(events, events + more, level) <= bound <= 1
    exact_tail = sum(
        math.comb(events + more, k) * bound**k * (1 - bound) ** (events + more - k) for k in range(events + 1)
    )
    assert 0.8 * level / 10 <= exact_tail <= 1.001 * level / 10  # the grid errs to the careful side


@pytest.mark.parametrize("rate", [0.003, 0.0137, 0.05, 0.3])
@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_a_run_mean_bet_is_fair_whatever_the_correlation_inside_a_run(rate: float, rho: float) -> None:
    rng, n = np.random.default_rng(1), 30
    mass = (1 - max(rho, 1e-9)) / max(rho, 1e-9)
    rates = rng.beta(rate * mass, (1 - rate) * mass, 20_000) if 0 < rho < 1 else np.full(20_000, rate)
    counts = n * rng.binomial(1, rate, 20_000) if rho == 1 else rng.binomial(n, rates)
    for bet in (0.1, 0.3, 0.6, 0.95):
        wealth = 1 + bet * (counts / n - rate) / rate
        error = wealth.std() / math.sqrt(len(wealth))
        assert wealth.min() > 0
        assert wealth.mean() < 1 + 4 * error


@pytest.mark.parametrize("rate", [0.003, 0.05, 0.3])
@pytest.mark.parametrize("rho", [0.01, 0.3])
def test_a_beta_binomial_bet_is_fair_under_its_own_correlation(rate: float, rho: float) -> None:
    n, mass = 30, (1 - rho) / rho
    below = np.array([[rate]])
    above = np.array([[min(0.98, 3 * rate)]])
    total = 0.0
    for x in range(n + 1):
        ln_choose = math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
        a, b = rate * mass, (1 - rate) * mass
        ln_p = ln_choose + math.lgamma(a + x) + math.lgamma(b + n - x) - math.lgamma(mass + n)
        ln_p += math.lgamma(mass) - math.lgamma(a) - math.lgamma(b)
        total += math.exp(ln_p + float(ln_beta_binomial_ratio(x, n, above, below, rho)[0, 0]))
    assert total == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=5, max_size=60), st.integers(0, 59))
def test_a_rate_goes_through_json_at_any_run_unchanged(events: list[int], stop: int) -> None:
    rules = Rules.of(PLAN, min_runs=3)
    steady = resumed = new_rate([(0, 10)] * 5, rules)
    for number, x in enumerate(events):
        steady, resumed = step_rate(steady, x, 10, rules), step_rate(resumed, x, 10, rules)
        if number == stop:
            resumed = Rate.from_json(json.loads(json.dumps(resumed.to_json(), allow_nan=False)))
    assert resumed == steady
    assert resumed.runs + resumed.unadmitted == 5 + len(events)  # no run is dropped by its value


def test_nothing_is_learned_while_an_alarm_is_open() -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = new_rate([(0, 30)] * 20, rules)
    for _ in range(100):
        rate = step_rate(rate, 0, 30, rules, alarmed=True)
    assert (rate.runs, len(rate.pending), rate.waiting) == (20, 24, ())


def test_a_drift_that_shows_keeps_itself_out_of_the_pool() -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = new_rate([(0, 30)] * 20, rules)
    for _ in range(40):
        rate = step_rate(rate, 6, 30, rules)
    assert rate.runs == 20
    assert rate.unadmitted == 40
    assert rate.ln_m > rules.ln_c


def test_a_restarted_rate_keeps_its_pool_and_loses_its_evidence() -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = step_rate(new_rate([(0, 30)] * 20, rules), 9, 30, rules)
    fresh = restarted(rate)
    assert (fresh.pool, fresh.bounds, fresh.pending) == (rate.pool, rate.bounds, ())
    assert fresh.ln_m == -math.inf


def test_the_effect_of_a_rate_is_its_share_now_minus_its_share_before() -> None:
    rules = Rules.of(PLAN, min_runs=3)
    rate = new_rate([(3, 30)] * 20, rules)
    for _ in range(4):
        rate = step_rate(rate, 15, 30, rules)
    effect = difference(rate, 4)
    assert effect is not None and effect.low is not None and effect.high is not None
    assert effect.value == pytest.approx(0.4)
    assert 0.2 < effect.low < 0.4 < effect.high < 0.6


def test_correlation_is_one_for_whole_runs_and_small_for_independent_samples() -> None:
    whole = correlation([(0, 30, 50, 1.0), (30, 30, 50, 1.0)])
    rng = np.random.default_rng(2)
    apart = correlation([(int(x), 30, 1, 1.0) for x in rng.binomial(30, 0.3, 200)])
    assert whole > 0.95
    assert apart < 0.02


def test_the_rarest_runs_are_those_of_the_highest_share() -> None:
    assert without_rarest([(30, 30, 1, 1.0), (0, 30, 40, 1.0), (1, 30, 1, 1.0)]) == [(0, 30, 40, 1.0)]


# ------------------------------------------------------------------------------------------------- categories


def test_an_endpoint_that_names_itself_anew_in_every_reply_cannot_fill_the_store() -> None:
    rules = Rules.of(PLAN, min_runs=2)
    mix = new_mix([{f"fp_{run}_{reply}": 1 for reply in range(10)} for run in range(10)], rules)
    for run in range(10, 1000):
        mix = step_mix(mix, {f"fp_{run}_{reply}": 1 for reply in range(10)}, rules)
    assert len(json.dumps(mix.to_json())) < 20_000
    assert mix.ln_m < rules.ln_c  # that is what this endpoint normally does


def test_a_mix_goes_through_json_unchanged() -> None:
    rules = Rules.of(PLAN, min_runs=2)
    mix = step_mix(new_mix([{"a": 20, "b": 10}] * 10, rules), {"a": 10, "c": 20}, rules)
    assert Mix.from_json(json.loads(json.dumps(mix.to_json(), allow_nan=False))) == mix


def test_a_category_seen_once_counts_twice() -> None:
    rules = Rules.of(PLAN, min_runs=2)
    mix = new_mix([{"a": 30}] * 9 + [{"a": 29, "b": 1}], rules)
    assert mix.rates[-1].share == pytest.approx(2 / 300)


# ------------------------------------------------------------------------------------------------- wording


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"b": 1, "a": [1, 2]}', '```json\n{ "a": [1,2], "b": 1 }\n```'),
        ("Two  words\n", "Two words"),
        ("caf\u00e9", "cafe\u0301"),
        ("42", " 42 "),
    ],
)
def test_writings_of_the_same_answer_have_one_normal_form(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(("one", "other"), [("Yes", "yes"), ("Yes.", "Yes"), ('"a"', "a"), ("42", "43")])
def test_case_punctuation_and_values_stay_distinct(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet='[]{}"`\n1a-', max_size=80)))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    form = normal_form(text)
    assert form.startswith("json:") or normal_form(form) == form or normal_form(form).startswith("json:")
    assert len(key_of(text)) <= 1033


@pytest.mark.parametrize(
    "hostile", ["[" * 200_000, "```" + "a" * 500_000, "\ud800", "`" * 100_000, "9" * 10_000, "\u0000"]
)
def test_hostile_answers_are_compared_in_bounded_time(hostile: str) -> None:
    wording, _ = wording_of([key_of("a usual answer")] * 6)
    (look,) = wording.looks([key_of(hostile)])
    assert look.new
    assert len(key_of(hostile)) <= 1033


def test_long_answers_that_differ_only_at_their_end_are_distinct() -> None:
    assert key_of("a" * 1500 + "b") != key_of("a" * 1500 + "c")


def test_an_answer_far_from_all_usual_ones_is_new_off_and_very_far() -> None:
    wording, _ = wording_of([key_of("Canberra.")] * 20 + [key_of("It is Canberra.")] * 10)
    usual, other = wording.looks([key_of("Canberra."), key_of("I am unable to answer this question.")])
    assert usual.events == (0, 0, 0, 0, 0)
    assert other.events == (1, 1, 1, 1, 0)


# ------------------------------------------------------------------------------------------------- incidents


def said(score: float, **more: object) -> Evidence:
    return Evidence(ln_m=score / 10, ln_c=10.0, learned=60, **more)  # type: ignore[arg-type]


def test_an_incident_is_over_after_twenty_four_calm_looks_in_a_row() -> None:
    incident = Incident.opened(said(100))
    for score in [20.0] * 23 + [40.0] + [20.0] * 23:
        incident = incident.after(said(score))
        assert not incident.over
    assert incident.after(said(20)).over


def test_an_incident_of_the_day_channel_counts_days() -> None:
    incident = Incident.opened(said(100, channel="day"))
    for _ in range(96):
        incident = incident.after(said(10, channel="day"))
    assert (incident.age, incident.calm) == (0, 0)
    for _ in range(7):
        incident = incident.after(said(10, channel="day", day_finished=True))
    assert incident.over


def test_the_effect_of_an_incident_is_the_last_convincing_one() -> None:
    first, later = Effect(kind="ratio", value=1.3), Effect(kind="ratio", value=1.6)
    incident = Incident.opened(said(100, effect=first)).after(said(20, effect=later))
    assert incident.effect == first
    assert incident.after(said(60, effect=later)).effect == later


def test_an_incident_goes_through_json_unchanged() -> None:
    incident = Incident.opened(said(100, effect=Effect(kind="ratio", value=1.3))).after(said(50))
    assert Incident.from_json(json.loads(json.dumps(incident.to_json()))) == incident


# ------------------------------------------------------------------------------------------------- words


@given(st.text())
def test_a_name_from_outside_is_one_short_line(text: str) -> None:
    assert len(named(text)) <= 80
    assert "\n" not in named(text)


@pytest.mark.parametrize(("share", "words"), [(0.0, "0 %"), (0.0042, "0.4 %"), (0.314, "31 %"), (1.0, "100 %")])
def test_a_share_reads_as_people_say_it(share: float, words: str) -> None:
    assert percent(share) == words

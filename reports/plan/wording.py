"""The sentences of a plan. Feeds its text and its JSON. Names in them come from suites: escape them where shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from checks.plan.alarms import EVENT_YEARS, MEASURED_IN, WHOLE_RUNS
from checks.plan.forecast import Outlook
from checks.plan.normal import (
    ASSUMED_LATENCY_SD,
    ASSUMED_MISSES,
    ASSUMED_TOKENS_SD,
    ASSUMED_WORDINGS,
)
from checks.plan.search import Found
from probes.duration import format_duration
from reports.plan.record import Monthly, SuitePlan
from reports.wording import count, dollars, join_words

_YEAR_S = 365 * 86400.0
ASSUMPTIONS = {
    "latency.total": f"calls independent and log-normal, sd {ASSUMED_LATENCY_SD} of the logarithm, no load that lasts",
    "tokens.output": f"calls independent and log-normal, sd {ASSUMED_TOKENS_SD} of the logarithm",
    "checks": f"{100 * ASSUMED_MISSES:g} % of the samples fail a check, independently",
    "refusals": "none while nothing changes",
    "route": "one route answers everything",
    "answers": "four wordings, given "
    + join_words([f"{100 * part / sum(ASSUMED_WORDINGS):.0f}" for part in ASSUMED_WORDINGS])
    + " % of the time; changed answers are unlike all of them",
}
"""What is assumed of each stream whose noise is not recorded; streams that are not named here follow from these."""
CHANGES = {
    "latency.total": "the time of every call is multiplied",
    "latency.total.spread": "calls lie this many times as far apart",
    "latency.total.tail": "this share of the calls takes six times as long",
    "tokens.output": "the length of every answer is multiplied",
    "checks": "this share of the samples newly fails a check",
    "checks of one probe": "the same at one probe alone, judged by its own stream",
    "refusals": "this share of the samples is newly refused",
    "route": "this share of the samples is answered by a route never seen before",
    "answers": "this share of the answers is worded unlike any before",
}
"""What the size of a change means, by stream."""


def headline(plan: SuitePlan) -> str:
    """``support-bot at production: 3 probes, 9 samples a run, a run every 15m (35,040 a year)``."""
    every = format_duration(_YEAR_S / plan.judge.runs_per_year)
    rate = f"{plan.judge.runs_per_year:,.0f} a year"
    often = f"a run every {every} ({rate})" if plan.scheduled else f"no schedule, planned as {every} apart ({rate})"
    return (
        f"{plan.suite} at {plan.endpoint}: {count(plan.probes, 'probe')}, "
        f"{count(plan.shape.samples, 'sample')} a run, {often}"
    )


def verdict(plan: SuitePlan) -> str:
    """One sentence: what is found nine times in ten within a day, or within a week where a day has few runs."""
    name = next((wait.name for wait in plan.horizons if wait.name != "hour" and wait.runs >= _FEW_RUNS), "")
    name = name or ("week" if plan.horizons[-1].runs else "")
    if not name:
        return "the suite runs less than once a week: nothing is found within a week"
    told = [(outlook, found_of(outlook, name, 0.9)) for outlook in plan.outlooks if outlook.stream in _HEADLINE]
    parts = [f"{_HEADLINE[outlook.stream]} {size_words(outlook, found)}" for outlook, found in told if found.size]
    lost = [_HEADLINE[outlook.stream] for outlook, found in told if not found.size]
    only = "only " if plan.shape.samples < 3 and parts else ""
    found_words = f"{only}{', '.join(parts)}" if parts else "nothing"
    missed = f"; no change of {join_words(lost)} is found so often" if lost and parts else ""
    return f"{count(plan.shape.samples, 'sample')} a run: within a {name}, nine times in ten, {found_words}{missed}"


_FEW_RUNS = 4
_HEADLINE = {"latency.total": "latency", "tokens.output": "tokens", "refusals": "refusals", "route": "route"}


def found_of(outlook: Outlook, horizon: str, wanted: float) -> Found:
    """What a stream finds within a horizon at this chance; a ``Found`` without size where it finds nothing."""
    at = (found for found in outlook.found if found.horizon == horizon and found.wanted == wanted)
    return next(at, Found(horizon=horizon, wanted=wanted, size=None))


def size_words(outlook: Outlook, found: Found) -> str:
    """``x1.3`` or ``5 %``; a dash where nothing is found."""
    if found.size is None:
        return "\u2013"
    return f"x{found.size:g}" if outlook.kind == "ratio" else f"{100 * found.size:g} %"


def found_words(outlook: Outlook, found: Found) -> str:
    """``x1.3 in 4-6``: the size, and between which runs the middle of all trials lies."""
    if found.size is None or found.runs_low is None:
        return size_words(outlook, found)
    if found.runs_high is None:
        runs = f"{found.runs_low}+"
    else:
        runs = f"{found.runs_low}" if found.runs_low == found.runs_high else f"{found.runs_low}-{found.runs_high}"
    return f"{size_words(outlook, found)} in {runs}"


def threshold(plan: SuitePlan) -> tuple[str, ...]:
    """The thresholds and what they say."""
    judge = plan.judge
    looks = judge.runs_per_year + judge.confirmations_per_year
    confirming = ", confirmation runs among them," if judge.confirmations_per_year else ""
    made_of = (
        f"{looks:,.0f} runs a year{confirming} x {judge.streams} streams / "
        f"{judge.false_alarms_per_year:g} false alarms a year"
    )
    channels = f"latency and tokens {judge.ln_c_step:.1f} by the run and {judge.ln_c_day:.1f} by the day"
    return (
        f"ln c = {judge.ln_c_discrete:.1f} = ln({made_of}); {channels}, half the budget each",
        f"an alarm needs evidence {math.exp(judge.ln_c_discrete):,.0f} times as strong for a change as against it",
    )


def false_alarm_lines(plan: SuitePlan) -> tuple[str, ...]:
    """The exact part and the measured part, apart."""
    return (_by_construction(plan), _by_measurement(plan), _events_by_measurement(plan))


def _by_construction(plan: SuitePlan) -> str:
    told = plan.false_alarms
    return (
        f"by construction: at most {told.budget:g} a year for the installation, of which this suite's streams here "
        f"{told.exact_per_year:.2g} (sum of runs a year / c, where the model of their noise holds); besides, at most "
        f"{told.exact_new_baseline:.2g} for every new baseline (delta = {plan.judge.delta:.2g} a stream of events)"
    )


def _by_measurement(plan: SuitePlan) -> str:
    told = plan.false_alarms
    formed = count(plan.formed_runs, "run")
    if told.measured_new_baseline_most is None:
        return f"by measurement ({MEASURED_IN}): latency and tokens not measured for baselines of {formed}"
    seen = "none was seen" if told.measured_none else f"{told.measured_new_baseline:.2g}"
    return (
        f"by measurement ({MEASURED_IN}): latency and tokens {seen} (at most {told.measured_new_baseline_most:.2g}) in "
        f"the first 500 runs after a baseline of {formed}; later runs were not measured"
    )


def _events_by_measurement(plan: SuitePlan) -> str:
    return (
        f"events: none was seen in {EVENT_YEARS.among} stream-years, which leaves at most "
        f"{plan.false_alarms.measured_events_per_year_most:.2g} a year for this suite's streams here; where whole runs "
        f"fail and the baseline did not see it, {100 * WHOLE_RUNS.share:.2g} % of the streams (at most "
        f"{100 * WHOLE_RUNS.most:.2g} %) alarm in their first 2,000 runs"
    )


def noise_lines(plan: SuitePlan) -> Iterator[str]:
    """Where the noise comes from, and every assumption."""
    if plan.recorded_runs:
        yield f"noise: taken from {plan.recorded_runs} recorded quiet runs"
    else:
        yield f"noise: ASSUMED, {plan.unrecorded}"
    formed = f"the baseline formed from the first {plan.formed_runs}"
    yield f"the change comes after {plan.baseline_runs} quiet runs, {formed}"
    for outlook in plan.outlooks:
        if not outlook.recorded and outlook.stream in ASSUMPTIONS and not outlook.blind:
            yield f"assumed of {outlook.stream}: {ASSUMPTIONS[outlook.stream]}"


def monthly_words(monthly: Monthly) -> str:
    """``8,640 requests, 1,900,000 tokens, $4.10``."""
    tokens = "tokens unknown" if monthly.tokens is None else f"{monthly.tokens:,} tokens"
    return f"{monthly.requests:,} requests, {tokens}, {dollars(monthly.usd)}"


def money_source(monthly: Monthly) -> str:
    """Where the tokens and dollars come from."""
    if monthly.recorded:
        return "as its recorded runs used"
    if monthly.tokens is None:
        return "no run is recorded, and without max_tokens nobody knows how long the answers will be"
    return "guessed from the length of the questions and the longest answers allowed"


def installed_words(plan: SuitePlan) -> str:
    """``74 streams, all of this suite`` or with those of others."""
    others = [share for share in plan.installation if not share.planned]
    whole = f"{count(plan.streams, 'stream')} of this suite here, {plan.judge.streams} in the installation"
    if not others:
        return whole
    named = [f"{share.suite} at {share.endpoint} {share.streams}" for share in others[:_SHOWN]]
    more = f", and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return f"{whole} (besides {', '.join(named)}{more})"


_SHOWN = 6


def capped(plan: SuitePlan) -> Sequence[str]:
    """Names of the horizons of which only the first runs were simulated."""
    return [wait.name for wait in plan.horizons if wait.simulated < wait.runs]

"""What explains what: every scenario one row, from the streams that moved to the causes that are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from checks.drift.result import Effect, StreamKey, StreamResult, StreamState
from checks.finding import Status
from probes.fault import Fault
from probes.sample import Finish
from reports.alerts.incidents import conditions
from reports.attribution.causes import cause_words, causes
from reports.attribution.rules import follows
from reports.formats import json_format, markdown, text
from reports.summary import Began, Declared, ProbeRecord, RunRecord
from reports.verdict_words import verdict_reason
from tests.fakes.records import NOW, a_finding, a_probe, a_run, a_sample, a_stream

PROBES = ("capital", "invoice", "refund", "steps")
REFUSED = "I am sorry, but I cannot help with that request."


def ratio(value: float, wide: float = 1.04) -> Effect:
    return Effect(kind="ratio", value=value, low=value / wide, high=value * wide)


def share(value: float, wide: float = 0.05) -> Effect:
    return Effect(kind="difference", value=value, low=value - wide, high=value + wide)


def moved(name: str, effect: Effect | None = None, *, state: StreamState = StreamState.ALARM) -> StreamResult:
    """``checks of invoice``: a stream by its name, in alarm."""
    dimension, _, scope = name.partition(" of ")
    scores = {StreamState.ALARM: 100.0, StreamState.WARN: 80.0, StreamState.WATCH: 60.0}
    return a_stream(dimension, state, scores[state], scope=scope or "suite", effect=effect)


def quiet(dimension: str, *moving: str) -> list[StreamResult]:
    """The same stream of every other probe, quiet."""
    return [a_stream(dimension, scope=probe) for probe in PROBES if probe not in moving]


def probes(
    *failing: str, fault: Fault = Fault.WRONG_ANSWER, answer: str = "", finish: Finish = Finish.STOP
) -> list[ProbeRecord]:
    """Four probes of three samples; those named fail a check with every sample."""
    made = []
    for name in PROBES:
        bad = name in failing
        samples = [a_sample(name, index) for index in range(3)]
        if bad:
            samples = [replace(s, answer=answer or s.answer, finish=finish) for s in samples]
        statuses = (Status.FAIL if bad else Status.PASS,) * 3
        finding = a_finding(probe=name, statuses=statuses, mode="tracked", fault=fault)
        made.append(a_probe(name, samples=samples, findings=[finding], labels={"locale": "de" if bad else "en"}))
    return made


def told(run: RunRecord) -> dict[str, set[str]]:
    return {cause.name: {str(result.key) for result in cause.explains} for cause in causes(run)}


SLOW, LONG = ratio(1.6), ratio(1.7)
SCENARIOS: dict[str, tuple[list[StreamResult], list[ProbeRecord], dict[str, set[str]]]] = {
    "nothing moved": ([a_stream("latency.total")], probes(), {}),
    "model swap: the route explains all": (
        [moved("route"), moved("answers"), moved("tokens.output", ratio(1.2)), moved("latency.total", ratio(1.15))],
        probes(),
        {"route": {"answers", "tokens.output", "latency.total"}},
    ),
    "slower: the first token explains the whole": (
        [moved("latency.first_token", SLOW), moved("latency.total", SLOW)],
        probes(),
        {"latency.first_token": {"latency.total"}},
    ),
    "longer answers: latency follows tokens": (
        [moved("tokens.output", LONG), moved("latency.total", ratio(1.6)), moved("answers")],
        probes(),
        {"tokens.output": {"latency.total", "answers"}},
    ),
    "slower by more than the answers are longer: two causes": (
        [moved("tokens.output", ratio(1.2)), moved("latency.total", ratio(2.0))],
        probes(),
        {"tokens.output": set(), "latency.total": set()},
    ),
    "faster though longer: two causes": (
        [moved("tokens.output", ratio(1.3)), moved("latency.total", ratio(0.7))],
        probes(),
        {"tokens.output": set(), "latency.total": set()},
    ),
    "shorter and faster: one cause": (
        [moved("tokens.output", ratio(0.6)), moved("latency.total", ratio(0.65))],
        probes(),
        {"tokens.output": {"latency.total"}},
    ),
    "level takes spread and tail with it": (
        [moved("latency.total", SLOW), moved("latency.total.spread", SLOW), moved("latency.total.tail")],
        probes(),
        {"latency.total": {"latency.total.spread", "latency.total.tail"}},
    ),
    "a tail alone is its own cause": ([moved("latency.total.tail")], probes(), {"latency.total.tail": set()}),
    "refusals break checks": (
        [
            moved("refusals", share(0.3)),
            moved("checks", share(0.3)),
            moved("answers"),
            moved("tokens.output", ratio(0.7)),
        ],
        probes("capital", "invoice", answer=REFUSED),
        {"refusals": {"checks", "answers", "tokens.output"}},
    ),
    "checks that fail in answers that do not refuse: two causes": (
        [moved("refusals", share(0.3)), moved("checks", share(0.3))],
        probes("capital", "invoice"),
        {"refusals": set(), "checks": set()},
    ),
    "answers cut at their limit break checks": (
        [moved("finish", share(0.5)), moved("checks", share(0.5))],
        probes("capital", "invoice", finish=Finish.LENGTH),
        {"finish": {"checks"}},
    ),
    "longer answers are cut, and so break checks": (
        [moved("tokens.output", LONG), moved("finish", share(0.5)), moved("checks", share(0.5))],
        probes("capital", "invoice", finish=Finish.LENGTH),
        {"tokens.output": {"finish", "checks"}},
    ),
    "a lower limit cuts answers and shortens them": (
        [moved("tokens.output", ratio(0.5)), moved("finish", share(0.5))],
        probes("capital", finish=Finish.LENGTH),
        {"finish": {"tokens.output"}},
    ),
    "one probe explains the pooled stream": (
        [moved("checks", share(0.25)), moved("checks of invoice", share(1.0)), *quiet("checks", "invoice")],
        probes("invoice"),
        {"checks of invoice": {"checks"}},
    ),
    "broken JSON: the wording of one probe, with its length": (
        [
            *(moved("checks", share(0.25)), moved("checks of invoice", share(1.0)), *quiet("checks", "invoice")),
            *(moved("answers"), moved("answers of invoice"), *quiet("answers", "invoice")),
            moved("tokens.output of invoice", ratio(2.0)),
        ],
        probes("invoice", fault=Fault.MALFORMED),
        {"answers of invoice": {"checks", "checks of invoice", "answers", "tokens.output of invoice"}},
    ),
    "two probes are no single one": (
        [
            *(
                moved("checks", share(0.5)),
                moved("checks of invoice", share(1.0)),
                moved("checks of steps", share(1.0)),
            ),
            *quiet("checks", "invoice", "steps"),
        ],
        probes("invoice", "steps"),
        {"checks": {"checks of invoice", "checks of steps"}},
    ),
    "a probe that explains too little of the pooled stream is only a part of it": (
        [moved("checks", share(0.4)), moved("checks of invoice", share(0.5)), *quiet("checks", "invoice")],
        probes("invoice"),
        {"checks": {"checks of invoice"}},
    ),
    "one label explains the pooled stream": (
        [
            *(moved("refusals", share(0.25)), moved("refusals of locale=de", share(1.0))),
            a_stream("refusals", scope="locale=en"),
        ],
        probes("invoice"),
        {"refusals of locale=de": {"refusals"}},
    ),
    "one probe explains its label and the pooled stream": (
        [
            *(moved("refusals", share(0.25)), moved("refusals of locale=de", share(1.0))),
            *(a_stream("refusals", scope="locale=en"), moved("refusals of invoice", share(1.0))),
            *quiet("refusals", "invoice"),
        ],
        probes("invoice"),
        {"refusals of locale=de": {"refusals", "refusals of invoice"}},
    ),
    "other documents give other answers": (
        [moved("retrieval"), moved("answers"), moved("checks", share(0.5)), moved("latency.total", SLOW)],
        probes("capital"),
        {"retrieval": {"answers", "checks"}, "latency.total": set()},
    ),
    "longer questions take longer to the first token": (
        [moved("tokens.input", ratio(2.0)), moved("latency.first_token", ratio(1.5))],
        probes(),
        {"tokens.input": {"latency.first_token"}},
    ),
    "an outage stands alone": ([moved("failures", share(1.0))], probes(), {"failures": set()}),
    "model swap with an outage at the same time": (
        [moved("route"), moved("failures", share(0.5)), moved("refusals", share(0.3))],
        probes(),
        {"route": {"failures", "refusals"}},
    ),
    "slower with broken JSON: two facts": (
        [
            *(moved("latency.first_token", SLOW), moved("latency.total", SLOW)),
            *(moved("checks", share(0.25)), moved("checks of invoice", share(1.0)), *quiet("checks", "invoice")),
        ],
        probes("invoice", fault=Fault.MALFORMED),
        {"checks of invoice": {"checks"}, "latency.first_token": {"latency.total"}},
    ),
    "a slow check of latency is no second fact": (
        [moved("latency.total", SLOW), moved("checks", share(0.5))],
        probes("capital", fault=Fault.SLOW),
        {"latency.total": {"checks"}},
    ),
    "a route at watch is no cause": (
        [moved("route", state=StreamState.WATCH), moved("answers")],
        probes(),
        {"answers": set()},
    ),
    "the golden stream repeats the other": (
        [moved("latency.total", SLOW), moved("golden.latency.total", SLOW)],
        probes(),
        {"latency.total": {"golden.latency.total"}},
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_causes_are_told_most_upstream_first_and_no_fact_twice(name: str) -> None:
    drift, asked, wanted = SCENARIOS[name]
    assert told(a_run(asked, drift=drift)) == wanted


@pytest.mark.parametrize(("first", "second"), list(product(SCENARIOS, SCENARIOS))[::7])
def test_whatever_moves_together_every_stream_in_alarm_is_told_in_exactly_one_cause(first: str, second: str) -> None:
    drift = {result.key: result for name in (first, second) for result in SCENARIOS[name][0]}
    run = a_run(SCENARIOS[first][1], drift=list(drift.values()))
    named = [result.key for cause in causes(run) for result in (cause.result, *cause.explains)]
    alarms = [key for key, result in drift.items() if result.state is StreamState.ALARM]
    assert len(named) == len(set(named))
    assert set(alarms) <= set(named)


def test_what_began_clearly_before_a_change_is_not_explained_by_it() -> None:
    route, slow = replace(moved("route"), since="late"), replace(moved("latency.total", SLOW), since="early")
    began = {"late": Began(at=NOW, runs_ago=2), "early": Began(at=NOW - timedelta(days=1), runs_ago=96)}
    assert told(replace(a_run(drift=[route, slow]), began=began)) == {"route": set(), "latency.total": set()}
    began["early"] = Began(at=NOW - timedelta(hours=1), runs_ago=5)
    assert told(replace(a_run(drift=[route, slow]), began=began)) == {"route": {"latency.total"}}


@pytest.mark.parametrize(("since", "named"), [(9, True), (12, True), (5, True), (13, False), (2, False)])
def test_a_declared_change_is_named_with_what_began_then_and_with_nothing_else(since: int, named: bool) -> None:
    change = Declared(kind="mark", at=NOW, author="mira", reason="release 2.4 <b>", runs_ago=9)
    stream = replace(moved("golden.latency.total", SLOW), since="then")
    run = replace(a_run(drift=[stream]), began={"then": Began(at=NOW, runs_ago=since)}, declared=(change,))
    (cause,) = causes(run)
    words = "golden.latency.total moved with the change that mira declared (release 2.4 <b>)"
    assert (cause_words(cause) == words) is named
    assert (words in verdict_reason(run)) is named
    assert "<b>" not in markdown.render([run], exit_code=1)


@pytest.mark.parametrize(
    ("tokens", "latency", "wanted"),
    [
        (ratio(1.5), ratio(1.5), True),
        (ratio(1.5), ratio(1.2), True),
        (ratio(1.5), ratio(1.9), False),
        (ratio(1.5, wide=1.3), ratio(1.9), True),
        (ratio(1.5), ratio(0.8), False),
        (ratio(0.5), ratio(0.55), True),
        (ratio(0.5), ratio(0.3), False),
        (ratio(1.5), None, False),
        (Effect(kind="ratio", value=1.5), ratio(1.5), True),
        (Effect(kind="ratio", value=0.0), ratio(1.5), False),
    ],
)
def test_latency_follows_tokens_where_its_time_per_token_is_unchanged_within_the_interval(
    tokens: Effect, latency: Effect | None, wanted: bool
) -> None:
    assert follows(tokens, latency) is wanted


def test_the_label_that_is_clearly_worse_is_named_with_the_cause() -> None:
    asked = [
        a_probe(
            f"case-{n}",
            samples=[a_sample(f"case-{n}")],
            findings=[a_finding(probe=f"case-{n}", statuses=(Status.FAIL if n < 12 else Status.PASS,), mode="tracked")],
            labels={"locale": "de" if n < 12 else "en"},
        )
        for n in range(48)
    ]
    own = [moved("checks of case-3"), moved("checks of case-5"), a_stream("checks", scope="case-20")]
    run = a_run(asked, drift=[moved("checks", share(0.25)), *own])
    assert [cause.label for cause in causes(run)] == ["locale=de"]
    assert "checks moved in locale=de" in verdict_reason(run)


def swapped() -> RunRecord:
    drift, asked, _ = SCENARIOS["model swap: the route explains all"]
    return a_run(asked, drift=drift)


def test_verdict_text_markdown_json_and_notices_tell_the_cause() -> None:
    run, words = swapped(), "route moved, which explains answers, latency.total and tokens.output"
    assert [cause_words(cause) for cause in causes(run)] == [words]
    assert verdict_reason(run).startswith(words)
    assert words in " ".join(text.render([run], exit_code=1).split())
    assert "Route moved, which explains answers" in markdown.render([run], exit_code=1)
    assert json.loads(json_format.render([run], exit_code=1))["runs"][0]["causes"] == [
        {"cause": "route", "label": None, "declared": None, "explains": ["answers", "latency.total", "tokens.output"]}
    ]
    drift = next(condition for condition in conditions(run) if condition.kind == "drift")
    assert drift.facts[0] == words


def test_a_hostile_name_in_a_cause_stays_text() -> None:
    hostile = replace(moved("checks"), key=StreamKey(scope="<b>x</b> @all", dimension="checks"))
    other = replace(moved("answers"), key=StreamKey(scope="<b>x</b> @all", dimension="answers"))
    line = markdown.render([a_run(drift=[hostile, other])], exit_code=1).splitlines()[2]
    assert "which explains" in line
    assert "<b>" not in line


def test_thousands_of_moved_streams_are_explained_in_reasonable_time() -> None:
    names = [f"probe-{n}" for n in range(300)]
    dimensions: Sequence[str] = ("answers", "checks", "refusals", "tokens.output", "failures")
    drift = [moved(f"{dimension} of {name}") for name in names for dimension in dimensions]
    run = a_run([a_probe(name) for name in names], drift=[*(moved(name) for name in dimensions), *drift])
    named = [result.key for cause in causes(run) for result in (cause.result, *cause.explains)]
    assert len(named) == len(set(named)) == len(run.drift)

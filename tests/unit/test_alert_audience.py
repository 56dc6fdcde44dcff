"""Which rule is told what of a run, and how loudly: by label, severity, kind, stream and class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from checks.drift.result import StreamState
from checks.finding import Finding, Status
from probes.failure import FailureClass
from probes.suite import AlertRule, Severity
from reports.alerts.ownership import conditions_told
from reports.summary import RunRecord
from tests.fakes import records
from tests.fakes.alerting import Machine, a_rule

ALARM = StreamState.ALARM


def broken(probe: str, severity: Severity | None = None, check: str = "contains") -> Finding:
    made = records.a_finding(check, probe=probe, statuses=(Status.FAIL,) * 3)
    return replace(made, severity=severity)


def kept(probe: str) -> Finding:
    return records.a_finding(probe=probe)


def a_run(refund: Finding, search: Finding, **fields: Any) -> RunRecord:
    """Two probes: ``refund`` of the intent refund, ``search`` of the intent search; both of the tier gold."""
    return records.a_run(
        [
            records.a_probe("refund", findings=[refund], labels={"intent": "refund", "tier": "gold"}),
            records.a_probe("search", findings=[search], labels={"intent": "search", "tier": "gold"}),
        ],
        **fields,
    )


def told(rules: Sequence[AlertRule], *runs: RunRecord) -> list[tuple[str, str, str, str]]:
    """Who is told what in these runs: notifier, event, kind, severity."""
    machine = Machine(rules)
    for run in runs:
        machine.run(*conditions_told(run, rules, {}))
    return sorted((t.notifier, t.event.value, t.kind, t.severity) for t in machine.told)


FINE = a_run(kept("refund"), kept("search"))


# ------------------------------------------------------------------------------------------------ labels
BY_INTENT = [a_rule(notify="shop", when={"intent": "refund"}), a_rule(notify="find", when={"intent": "search"})]


def test_a_rule_with_labels_is_told_of_probes_that_have_them_and_of_no_others() -> None:
    run = a_run(broken("refund"), kept("search"))
    assert told(BY_INTENT, run) == [("shop", "opened", "contract", "page")]
    both = a_run(broken("refund"), broken("search"))
    machine = Machine(BY_INTENT)
    machine.run(*conditions_told(both, BY_INTENT, {}))
    facts = {t.notifier: t.facts for t in machine.told}
    assert all(name in facts[to][0] for to, name in (("shop", "refund"), ("find", "search")))
    assert {len(lines) for lines in facts.values()} == {1}


def test_labels_of_several_rules_of_one_notifier_add_up_and_without_labels_it_is_everything() -> None:
    several = [a_rule(when={"intent": "refund"}), a_rule(when={"intent": ["search", "other"]})]
    run = a_run(broken("refund"), broken("search"))
    (condition,) = [c for c in conditions_told(run, several, {}) if c.kind == "contract"]
    assert len(condition.facts) == 2
    (condition,) = [c for c in conditions_told(run, [several[0], a_rule()], {}) if c.kind == "contract"]
    assert len(condition.facts) == 2


def test_a_label_that_no_probe_of_the_run_has_fits_nothing_and_holds_what_was_open() -> None:
    rules = [a_rule(when={"intent": "billing"})]
    assert told(rules, a_run(broken("refund"), broken("search"))) == []
    assert {c.bad for c in conditions_told(FINE, rules, {}) if c.kind != "spend"} == {None}


def test_availability_is_counted_over_the_probes_of_the_labels() -> None:
    lost = [records.a_failed_sample(FailureClass.SERVER, "502", index=n) for n in range(3)]
    probes = [
        records.a_probe("refund", samples=lost, findings=[], labels={"intent": "refund"}),
        *(records.a_probe(f"search-{n}", findings=[], labels={"intent": "search"}) for n in range(3)),
    ]
    run = records.a_run(probes)
    assert told([*BY_INTENT, a_rule(notify="all")], run) == [("shop", "opened", "availability", "page")]


@pytest.mark.parametrize(
    ("scope", "who"),
    [("refund", {"shop"}), ("intent=search", {"find"}), ("tier=gold", set()), ("suite", set())],
)
def test_a_stream_is_told_to_whom_all_its_probes_belong(scope: str, who: set[str]) -> None:
    stream = records.a_stream("latency.total", ALARM, 100.0, scope=scope)
    run = a_run(kept("refund"), kept("search"), drift=[stream])
    assert {notifier for notifier, *_ in told(BY_INTENT, run)} == who
    everybody = [a_rule(when={"tier": "gold"})]
    assert [kind for _, _, kind, _ in told(everybody, run)] == ["drift"]


# ------------------------------------------------------------------------------------------------ least severity
LOUD_AND_ALL = [a_rule(notify="pager", min_severity="page"), a_rule(notify="chat")]


def test_a_rule_for_pages_is_not_told_of_less() -> None:
    run = a_run(broken("refund", "ticket"), kept("search"))
    assert told(LOUD_AND_ALL, run) == [("chat", "opened", "contract", "ticket")]
    worse = a_run(broken("refund", "ticket"), broken("search"))
    assert told(LOUD_AND_ALL, worse) == [
        ("chat", "opened", "contract", "page"),
        ("pager", "opened", "contract", "page"),
    ]


def test_what_falls_below_is_no_recovery_while_it_is_about_the_same() -> None:
    page = a_run(broken("refund"), kept("search"))
    ticket = a_run(broken("refund", "ticket"), kept("search"))
    rules = LOUD_AND_ALL[:1]
    assert told(rules, page, ticket, ticket, ticket) == [("pager", "opened", "contract", "page")]
    assert len(told(rules, page, FINE, FINE)) == 2


def test_drift_below_is_not_told() -> None:
    slow = records.a_stream("latency.total", ALARM, 100.0)
    assert told(LOUD_AND_ALL, a_run(kept("refund"), kept("search"), drift=[slow])) == [
        ("chat", "opened", "drift", "ticket")
    ]


# ------------------------------------------------------------------------------------------------ other severities
def severity(said: dict[str, str], run: RunRecord) -> str:
    ((_, _, _, found),) = told([a_rule(severity=said)], run)
    return found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, "page"),
        ({"contract": "ticket"}, "ticket"),
        ({"contract": "info", "wrong_answer": "ticket"}, "ticket"),
        ({"wrong_answer": "info", "intent=refund": "ticket"}, "ticket"),
        ({"intent=search": "info"}, "page"),
        ({"intent=refund": "info", "tier=gold": "ticket"}, "ticket"),
        ({"drift": "info", "latency": "info"}, "page"),
    ],
)
def test_the_more_exact_word_on_a_broken_check_counts(said: dict[str, str], found: str) -> None:
    assert severity(said, a_run(broken("refund"), kept("search"))) == found


def test_what_the_check_itself_says_goes_before_its_kind_and_after_its_class() -> None:
    run = a_run(broken("refund", "info"), kept("search"))
    assert severity({"contract": "ticket"}, run) == "info"
    assert severity({"wrong_answer": "ticket"}, run) == "ticket"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, "ticket"),
        ({"drift": "page"}, "page"),
        ({"drift": "page", "latency": "info"}, "info"),
        ({"latency": "info", "latency.total": "page"}, "page"),
        ({"latency.total": "info", "slow": "page"}, "page"),
        ({"slow": "info", "tier=gold": "page"}, "page"),
        ({"tokens": "page"}, "ticket"),
    ],
)
def test_the_more_exact_word_on_a_stream_counts(said: dict[str, str], found: str) -> None:
    slow = records.a_stream("latency.total", ALARM, 100.0)
    assert severity(said, a_run(kept("refund"), kept("search"), drift=[slow])) == found


def test_an_outage_is_as_loud_as_the_loudest_of_its_failures() -> None:
    lost = [
        records.a_failed_sample(FailureClass.BILLING, "no money", index=0),
        records.a_failed_sample(FailureClass.SERVER, "502", index=1),
    ]
    run = records.a_run([records.a_probe(samples=lost, findings=[])])
    assert severity({"availability": "ticket"}, run) == "ticket"
    assert severity({"availability": "info", "quota": "ticket"}, run) == "ticket"
    assert severity({"availability": "page", "quota": "ticket", "unreachable": "info"}, run) == "ticket"


def test_two_rules_may_call_the_same_thing_differently_loud() -> None:
    rules = [a_rule(notify="pager"), a_rule(notify="chat", severity={"contract": "info"})]
    run = a_run(broken("refund"), kept("search"))
    assert told(rules, run) == [("chat", "opened", "contract", "info"), ("pager", "opened", "contract", "page")]

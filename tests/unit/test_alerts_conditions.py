"""What a run says of each possible incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from checks.drift.result import Effect, StreamResult, StreamState
from checks.finding import Finding, Status
from probes.failure import FailureClass
from reports.alerts.incidents import FACTS_SHOWN, conditions
from reports.alerts.machine import Condition
from reports.summary import RunRecord
from tests.fakes import records

ALARM = StreamState.ALARM
FAIL, PASS, SKIPPED, ERROR = Status.FAIL, Status.PASS, Status.SKIPPED, Status.ERROR


def said(record: RunRecord, kind: str) -> Condition:
    (condition,) = [c for c in conditions(record) if c.kind == kind]
    return condition


def a_run_of(*findings: Finding, drift: Sequence[StreamResult] = ()) -> RunRecord:
    return records.a_run([records.a_probe(findings=findings)], drift=drift)


def failing(count: int, total: int = 3) -> RunRecord:
    lost = [records.a_failed_sample(FailureClass.SERVER, "bad gateway", index=i, status=502) for i in range(count)]
    fine = [records.a_sample(index=i) for i in range(count, total)]
    return records.a_run([records.a_probe(samples=[*lost, *fine], findings=[])])


def alarm(dimension: str, **fields: object) -> StreamResult:
    return records.a_stream(dimension, ALARM, 100.0, **fields)  # type: ignore[arg-type]


def test_every_run_says_something_of_every_kind_under_a_key_of_its_own() -> None:
    found = conditions(records.healthy_run())
    assert {c.key for c in found} == {
        f"support-bot/production/{kind}" for kind in ("contract", "drift", "policy", "availability", "spend")
    }
    assert [c.bad for c in found] == [False] * 5
    assert all(c.facts == () for c in found)


# ------------------------------------------------------------------------------------------------ contract, policy
def test_a_broken_contract_names_probe_check_share_and_reason() -> None:
    record = a_run_of(records.a_finding(statuses=[FAIL] * 3, reason="found 14 days"))
    condition = said(record, "contract")
    assert (condition.bad, condition.severity, condition.immediate) == (True, "page", False)
    assert condition.facts == ("refund-window contains '30 days' (0 of 3 pass): found 14 days",)
    assert condition.summary == "refund-window contains '30 days' (0 of 3 pass)"


def test_the_least_passed_contract_comes_first() -> None:
    record = a_run_of(
        records.a_finding("a", statuses=[FAIL, PASS, PASS]), records.a_finding("b", statuses=[FAIL, FAIL, PASS])
    )
    assert [fact.split()[1] for fact in said(record, "contract").facts] == ["b", "a"]
    assert said(record, "contract").summary.endswith("and 1 more")


@pytest.mark.parametrize(
    ("findings", "bad"),
    [
        ([records.a_finding(statuses=[SKIPPED] * 3)], None),
        ([records.a_finding(statuses=[ERROR] * 3)], None),
        ([], False),
        ([records.a_finding(statuses=[ERROR] * 3), records.a_finding("b")], False),
        ([records.a_finding(statuses=[FAIL] * 3, mode="tracked")], False),
        ([records.a_finding(statuses=[FAIL] * 3, policy=True), records.a_finding("b")], False),
    ],
    ids=["all skipped", "all broken", "no checks", "one broken check", "tracked only", "policy only"],
)
def test_contract_is_unknown_where_nothing_could_be_looked_at(findings: list[Finding], bad: bool | None) -> None:
    assert said(a_run_of(*findings), "contract").bad is bad


def test_checks_nobody_could_look_at_are_named() -> None:
    record = a_run_of(records.a_finding(statuses=[SKIPPED] * 3), records.a_finding("no_refusal", ""))
    assert said(record, "contract").unseen == ("refund-window contains '30 days'",)


def test_a_broken_allow_list_is_policy_at_once_and_no_contract() -> None:
    condition = said(records.failing_run(), "policy")
    assert (condition.bad, condition.severity, condition.immediate) == (True, "page", True)
    assert "route" in condition.facts[0] and "route" not in " ".join(said(records.failing_run(), "contract").facts)


# ------------------------------------------------------------------------------------------------ availability
@pytest.mark.parametrize(("lost", "total", "bad"), [(0, 3, False), (1, 3, False), (2, 4, True), (3, 3, True)])
def test_half_of_the_samples_lost_is_not_available(lost: int, total: int, bad: bool) -> None:
    assert said(failing(lost, total), "availability").bad is bad


def test_availability_counts_failures_by_class_with_a_sentence() -> None:
    condition = said(failing(3), "availability")
    assert condition.facts[0] == "3 of 3 samples failed"
    assert condition.facts[1] == "server x3: The endpoint failed with a server error: look into its logs. bad gateway"
    assert condition.summary == "3 of 3 samples failed (server)"


def test_an_endpoint_that_dies_half_way_through_is_not_available_and_one_out_of_money_is_unknown() -> None:
    fine = [records.a_sample(index=i) for i in range(10)]
    lost = [records.a_failed_sample(FailureClass.CONNECTION, "refused", index=10 + i) for i in range(6)]

    def rest(kind: FailureClass) -> RunRecord:
        held = [records.a_failed_sample(kind, "not asked", index=16 + i) for i in range(14)]
        return records.a_run([records.a_probe(samples=[*fine, *lost, *held], findings=[])])

    dead = said(rest(FailureClass.NOT_ASKED), "availability")
    assert (dead.bad, dead.facts[0]) == (True, "6 of 16 samples failed, 14 not asked then")
    assert said(rest(FailureClass.SPEND_CAP), "availability").bad is False
    held = [records.a_failed_sample(FailureClass.SPEND_CAP, "not asked")]
    assert said(records.a_run([records.a_probe(samples=held, findings=[])]), "availability").bad is None


def test_a_run_without_samples_knows_nothing_of_availability_or_drift() -> None:
    empty = records.a_run([])
    assert [c.bad for c in conditions(empty)] == [*[None] * 4, False]


# ------------------------------------------------------------------------------------------------ drift
@pytest.mark.parametrize(
    ("dimension", "severity"),
    [
        ("checks", "page"),
        ("failures", "page"),
        ("refusals", "page"),
        ("latency.first_token", "ticket"),
        ("latency.total.tail", "ticket"),
        ("tokens.output", "ticket"),
        ("route", "ticket"),
        ("trace.retrieval", "ticket"),
        ("answers", "info"),
    ],
)
def test_severity_follows_the_stream(dimension: str, severity: str) -> None:
    record = records.a_run(drift=[alarm(dimension)])
    assert said(record, "drift").severity == severity


def test_the_highest_severity_of_all_moved_streams_counts_and_a_suite_may_say_otherwise() -> None:
    record = records.a_run(drift=[alarm("answers"), alarm("latency.total")])
    severities = {"latency": "info", "latency.total": "page"}
    drift = next(c for c in conditions(record, severities) if c.kind == "drift")
    assert (said(record, "drift").severity, drift.severity) == ("ticket", "page")


def test_drift_opens_at_once_with_pooled_streams_before_those_of_a_probe() -> None:
    streams = [
        alarm("answers", scope="a"),
        alarm("tokens.output", scope="a"),
        alarm("tokens.output", effect=Effect(kind="ratio", value=1.3)),
        alarm("refusals", scope="b", note="refusals: 31 % of the last 4 runs"),
    ]
    condition = said(records.a_run(drift=streams), "drift")
    assert [fact.partition(":")[0] for fact in condition.facts] == [
        "tokens.output moved, which explains answers of a",
        "refusals of b",
        "tokens.output",
        "answers of a",
    ]
    assert condition.facts[2].endswith("(in a)"), "the probe that only repeats the pooled stream is folded into it"
    assert (condition.bad, condition.immediate) == (True, True)
    assert condition.subjects == ("refusals of b", "tokens.output", "answers of a")


def test_an_alarm_whose_evidence_is_gone_is_good() -> None:
    gone = replace(alarm("latency.total"), opened=False, supported=False)
    assert said(records.a_run(drift=[gone]), "drift").bad is False


def test_an_outage_says_nothing_of_an_alarm_whose_evidence_is_gone() -> None:
    gone = replace(alarm("latency.total"), opened=False, supported=False)
    assert said(replace(failing(3), drift=(gone,)), "drift").bad is None


@pytest.mark.parametrize("dimension", ["checks", "refusals"])
def test_a_broken_contract_is_not_told_again_as_drift(dimension: str) -> None:
    broken = a_run_of(records.a_finding(statuses=[FAIL] * 3), drift=[alarm(dimension)])
    kept = a_run_of(records.a_finding(), drift=[alarm(dimension)])
    assert (said(broken, "drift").bad, said(kept, "drift").bad) == (None, True)


def test_failures_and_route_are_not_told_twice_either() -> None:
    outage = replace(failing(3), drift=(alarm("failures"),))
    policy = a_run_of(records.a_finding(statuses=[FAIL] * 3, policy=True), drift=[alarm("route")])
    assert (said(outage, "drift").bad, said(policy, "drift").bad) == (None, None)


def test_what_else_moved_beside_a_broken_contract_is_drift() -> None:
    record = a_run_of(records.a_finding(statuses=[FAIL] * 3), drift=[alarm("checks"), alarm("latency.total")])
    condition = said(record, "drift")
    assert condition.bad is True and [fact.partition(":")[0] for fact in condition.facts] == ["latency.total"]


def test_long_lists_end_with_how_many_more() -> None:
    streams = [alarm("answers", scope=f"probe-{i:02d}") for i in range(20)]
    facts = said(records.a_run(drift=streams), "drift").facts
    assert (len(facts), facts[-1]) == (FACTS_SHOWN + 1, "and 12 more")


def test_facts_hold_no_control_characters_whatever_the_endpoint_says() -> None:
    facts = [fact for condition in conditions(records.hostile_run()) for fact in condition.facts]
    assert facts
    assert all(fact.isprintable() and fact.encode() for fact in facts)

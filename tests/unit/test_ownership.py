"""Owners of classes: who stands in a notice, who is told instead of the rule's, and that nothing falls between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from checks.drift.result import StreamState
from checks.finding import Finding, Status
from probes.errors import SuiteError
from probes.failure import FailureClass
from probes.fault import Fault
from probes.suite import ClassOwner, Owner
from reports.alerts.ownership import conditions_told, owner_of
from reports.summary import RunRecord
from runner.preparing.prepare import prepare
from tests.fakes import records
from tests.fakes.alerting import Machine, a_rule

SUPPORT = Owner(team="support", contact="#support", runbook="https://wiki.example.com/support")
SEARCH = {"team": "search", "contact": "#search"}
WRONG = records.a_finding("contains", statuses=(Status.FAIL,))
MISSED = records.a_finding("retrieved", '"faq"', statuses=(Status.FAIL,))
FOUND = records.a_finding("retrieved", '"faq"', statuses=(Status.PASS,))
RIGHT = records.a_finding("contains", statuses=(Status.PASS,))


def owners(**by_class: dict[str, Any]) -> dict[Fault, ClassOwner]:
    return {Fault(name): ClassOwner.model_validate(owner) for name, owner in by_class.items()}


def a_run(*findings: Finding, **fields: Any) -> RunRecord:
    return records.a_run([records.a_probe(findings=findings)], drift=fields.pop("drift", []), **fields)


def told(machine: Machine, *runs: RunRecord, caps: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Whom the machine tells what in these runs."""
    begun = len(machine.told)
    for run in runs:
        machine.run(*conditions_told(run, machine.rules, machine.owners, caps_reached=caps))
    return sorted((t.notifier, t.event.value, t.kind) for t in machine.told[begun:])


def searched(*rules: Any) -> Machine:
    """A machine of a suite whose missed documents are told to ``search`` instead."""
    return Machine(rules or [a_rule()], owners=owners(retrieval_miss={**SEARCH, "notify": "search"}))


# ------------------------------------------------------------------------------------------------ who stands there
def test_the_owner_of_the_class_stands_in_place_of_the_suites() -> None:
    known = owners(retrieval_miss=SEARCH)
    assert owner_of((Fault.RETRIEVAL_MISS,), known, SUPPORT) == Owner(team="search", contact="#search")
    assert owner_of((Fault.WRONG_ANSWER,), known, SUPPORT) == SUPPORT
    assert owner_of((), known, SUPPORT) == SUPPORT


def test_of_several_classes_all_owners_stand_side_by_side_the_worst_ones_first() -> None:
    both = owner_of((Fault.RETRIEVAL_MISS, Fault.SLOW, Fault.WRONG_ANSWER), owners(retrieval_miss=SEARCH), SUPPORT)
    assert (both.team, both.contact, both.runbook) == ("search, support", "#search, #support", SUPPORT.runbook)


# ------------------------------------------------------------------------------------------------ who is told
def test_without_notifiers_of_classes_everybody_is_told_the_same() -> None:
    machine = Machine([a_rule()], owners=owners(retrieval_miss=SEARCH))
    assert told(machine, a_run(MISSED)) == [("slack", "opened", "contract")]
    (transition,) = machine.told
    assert transition.faults == (Fault.RETRIEVAL_MISS,)


def test_the_notifier_of_a_class_is_told_instead_of_the_rules() -> None:
    machine = searched()
    assert told(machine, a_run(MISSED)) == [("search", "opened", "contract")]
    assert told(machine, a_run(FOUND), a_run(FOUND)) == [("search", "resolved", "contract")]
    assert machine.told[-1].faults == (Fault.RETRIEVAL_MISS,)


def test_each_is_told_only_what_is_theirs_of_one_run() -> None:
    machine = searched()
    assert told(machine, a_run(MISSED, WRONG)) == [("search", "opened", "contract"), ("slack", "opened", "contract")]
    facts = {t.notifier: " ".join(t.facts) for t in machine.told}
    assert "retrieved" in facts["search"] and "contains" not in facts["search"]
    assert "contains" in facts["slack"] and "retrieved" not in facts["slack"]
    assert told(machine, a_run(FOUND, WRONG), a_run(FOUND, WRONG)) == [("search", "resolved", "contract")]


def test_a_notifier_of_a_class_that_a_rule_names_too_is_told_both_in_one_incident() -> None:
    machine = searched(a_rule(notify=["slack", "search"]))
    assert told(machine, a_run(MISSED, WRONG)) == [("search", "opened", "contract"), ("slack", "opened", "contract")]
    both = next(t for t in machine.told if t.notifier == "search")
    assert set(both.faults) == {Fault.RETRIEVAL_MISS, Fault.WRONG_ANSWER}


def test_the_notifier_of_a_class_hears_as_soon_as_the_rule_of_that_kind_says_and_of_no_other_kind() -> None:
    machine = searched(a_rule(on="contract", after="2 of 2"))
    slow = records.a_stream("retrieval", StreamState.ALARM, 100.0)
    assert told(machine, a_run(MISSED, drift=[slow])) == []
    assert told(machine, a_run(MISSED, drift=[slow])) == [("search", "opened", "contract")]


def test_drift_is_told_to_whom_its_class_belongs() -> None:
    machine = Machine([a_rule()], owners=owners(slow={"team": "platform", "notify": "platform"}))
    late = records.a_stream("latency.total", StreamState.ALARM, 100.0)
    long = records.a_stream("tokens.output", StreamState.ALARM, 100.0)
    assert told(machine, a_run(RIGHT, drift=[late])) == [("platform", "opened", "drift")]
    assert told(machine, a_run(RIGHT, drift=[late, long])) == [("slack", "opened", "drift")]
    assert machine.told[-1].faults == (Fault.EXPENSIVE,)


def test_an_outage_is_told_to_whom_one_of_its_failures_belongs_and_to_the_rules_where_others_failed_too() -> None:
    machine = Machine([a_rule()], owners=owners(quota={"team": "billing", "notify": "billing"}))
    broke = [records.a_failed_sample(FailureClass.BILLING, "no money", index=n) for n in range(3)]
    lost = records.a_run([records.a_probe(samples=broke, findings=[])], drift=[])
    assert told(machine, lost) == [("billing", "opened", "availability")]
    down = [*broke[:1], records.a_failed_sample(FailureClass.SERVER, "502", index=1)]
    assert told(machine, records.a_run([records.a_probe(samples=down, findings=[])], drift=[])) == [
        ("billing", "updated", "availability"),
        ("slack", "opened", "availability"),
    ]


def test_a_cap_that_is_reached_leaves_a_gap_and_is_told_to_its_owner() -> None:
    machine = Machine([a_rule()], owners=owners(coverage_gap={"team": "billing", "notify": "billing"}))
    assert told(machine, a_run(RIGHT), caps=("the cap of $1 is reached",)) == [("billing", "opened", "spend")]


def test_an_incident_whose_class_was_given_away_meanwhile_is_held_and_not_called_well() -> None:
    before = Machine([a_rule()])
    assert told(before, a_run(MISSED)) == [("slack", "opened", "contract")]
    after = Machine(before.rules, now=before.now, stored=before.stored, owners=searched().owners)
    assert told(after, a_run(MISSED), a_run(MISSED), a_run(MISSED)) == [("search", "opened", "contract")]
    resolved = told(after, a_run(FOUND), a_run(FOUND))
    assert resolved == [("search", "resolved", "contract"), ("slack", "resolved", "contract")]


def test_a_notifier_that_no_class_and_no_rule_names_any_more_is_told_the_end() -> None:
    before = searched()
    told(before, a_run(MISSED))
    after = Machine([a_rule()], now=before.now, stored=before.stored)
    assert ("search", "resolved", "contract") in told(after, a_run(FOUND))
    assert "no alert rule" in next(t.reason for t in after.told if t.notifier == "search")


# ------------------------------------------------------------------------------------------------ the file
SUITE = """\
version: 1
suite: owned
endpoints: {production: {base_url: "https://gateway.example.com/v1"}}
probes:
  - {id: capital, prompt: What is the capital of Australia?}
owners:
  retrieval_miss: {team: search, notify: serch}
alerts:
  - {notify: slack}
"""


def test_an_unknown_notifier_of_a_class_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE, encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        prepare(file, {}, frozenset({"slack", "search"}))
    (problem,) = refused.value.problems
    assert (problem.line, problem.column, problem.message) == (7, 42, "unknown notifier 'serch'")
    assert problem.hint == "did you mean 'search'?"

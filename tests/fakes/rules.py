"""Shortcuts of the tests of checks: from YAML-like arguments to rules, outcomes and findings."""

from __future__ import annotations

from typing import Any

from checks.check import CheckContext
from checks.finding import Outcome
from checks.local_code import Judgement
from checks.rules import BindProblem, BoundCheck, bind
from probes.sample import Sample
from probes.suite import CheckSpec

NOTHING_ELSE = CheckContext()


def no_todo(_name: str) -> Judgement:
    """A function of every name: it says True of answers without a TODO."""
    return lambda answer, _sample, _context: "TODO" not in answer


def spec(entry: object) -> CheckSpec:
    """One entry of a check list as YAML would hold it."""
    return CheckSpec.model_validate(entry)


def bound(entry: object) -> BoundCheck:
    """The rule of an entry that must be right."""
    rules, problems = bind([spec(entry)], no_todo)
    assert not problems, problems
    return rules[0]


def problem(entry: object) -> BindProblem:
    """The one problem of an entry that must be wrong."""
    rules, problems = bind([spec(entry)], no_todo)
    assert not rules
    assert len(problems) == 1, problems
    return problems[0]


def outcome(entry: Any, sample: Sample, context: CheckContext = NOTHING_ELSE) -> Outcome:
    """What the check of this entry says of the sample."""
    return bound(entry).rule.examine(sample, context)

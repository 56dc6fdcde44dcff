"""From the entries of a check list to rules, checks made of checks included. Feeds ``checks.rules``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from checks.check import Rule
from checks.composition import MOST_NESTED, Composed
from checks.conditions import condition_problems
from checks.judging.calibration import known_verdicts
from checks.judging.needs import judge_problems
from checks.local_code import Calling, Functions, no_functions
from checks.mistakes import (
    BindProblem,
    SuiteProblem,
    place_of,
    placed,
    problem_at,
    refused_argument,
    unknown_check,
)
from checks.quote import visible
from checks.run_checks import BoundCheck
from probes.suite import CheckSpec, Probe, Suite

__all__ = ["BindProblem", "Binding", "SuiteProblem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What entries are bound with."""

    rules: Mapping[str, type[Rule]]
    """The table of checks."""
    functions: Functions = no_functions
    """Where the functions of local code come from."""
    depth: int = 0
    """How many checks made of checks stand around the list."""

    def suite(self, suite: Suite) -> tuple[dict[str, tuple[BoundCheck, ...]], tuple[SuiteProblem, ...]]:
        """The rules of every probe by its id, and all problems; one in the defaults is told once, not once a probe.

        Those that count at some endpoints only are among the rules; ``applying`` leaves them out elsewhere.
        """
        defaults, found = self.entries(suite.defaults.checks)
        problems = [placed(problem, ("defaults", "checks")) for problem in found]
        by_probe: dict[str, tuple[BoundCheck, ...]] = {}
        for number, probe in enumerate(suite.probes):
            own, found = self.entries(probe.checks)
            problems += [placed(problem, ("probes", number, "checks")) for problem in found]
            bound = {id(check.spec): check for check in (*defaults, *own)}
            whole = [bound[id(spec)] for spec in suite.checks_of(probe) if id(spec) in bound]
            by_probe[probe.id] = (*whole, *self._of_turns(suite, number, probe, problems))
        problems += condition_problems(suite)
        problems += judge_problems(suite, {id(check.spec): check for checks in by_probe.values() for check in checks})
        problems += known_verdicts(suite, self.entries)[1]
        return by_probe, tuple(problems)

    def _of_turns(self, suite: Suite, number: int, probe: Probe, problems: list[SuiteProblem]) -> Iterator[BoundCheck]:
        labels = suite.labels_of(probe)
        for turn, said in enumerate(probe.turns):
            bound, found = self.entries(said.checks)
            problems += [placed(problem, ("probes", number, "turns", turn, "checks")) for problem in found]
            yield from (replace(check, turn=turn) for check in bound if check.spec.applies(labels, None))

    def entries(self, specs: Sequence[CheckSpec]) -> tuple[tuple[BoundCheck, ...], tuple[BindProblem, ...]]:
        """The rules of the entries that are right, and the problems of those that are not."""
        bound: list[BoundCheck] = []
        problems: list[BindProblem] = []
        for index, spec in enumerate(specs):
            made = self._entry(index, spec)
            if isinstance(made, list):
                problems += made
            else:
                bound.append(BoundCheck(rule=made, spec=spec, argument_text=_argument_text(spec.argument)))
        return tuple(bound), tuple(problems)

    def _entry(self, index: int, spec: CheckSpec) -> Rule | list[BindProblem]:
        rule = self.rules.get(spec.check)
        if rule is None:
            return [unknown_check(index, spec, self.rules)]
        try:
            made = rule(rule.argument.validate_python(spec.argument))
            if isinstance(made, Calling):
                made = made.calling(self.functions(made.function))
        except ValidationError as error:
            return refused_argument(index, spec, rule, error)
        except ValueError as error:
            return [problem_at(index, spec, (), str(error))]
        return self._composed(index, spec, made) if isinstance(made, Composed) else made

    def _composed(self, index: int, spec: CheckSpec, made: Composed) -> Rule | list[BindProblem]:
        """A check made of checks, with its own entries bound."""
        if self.depth >= MOST_NESTED:
            return [problem_at(index, spec, (), f"checks are nested at most {MOST_NESTED} deep")]
        inner, found = replace(self, depth=self.depth + 1).entries([entry.spec for _, entry in made.entries])
        if not found:
            return made.of(inner)
        places = [place_of(spec, path) for path, _ in made.entries]
        return [replace(told, index=index, path=(*places[told.index], *told.path)) for told in found]


def applying(bound: Sequence[BoundCheck], suite: Suite, probe: Probe, endpoint: str) -> tuple[BoundCheck, ...]:
    """Those of a probe's rules that count at this endpoint."""
    whole, labels = {id(spec) for spec in suite.checks_of(probe, endpoint)}, suite.labels_of(probe)
    return tuple(
        check
        for check in bound
        if (id(check.spec) in whole if check.turn is None else check.spec.applies(labels, endpoint))
    )


def _argument_text(argument: Any) -> str:
    if argument is None:
        return ""
    return visible(json.dumps(argument, ensure_ascii=False, separators=(", ", ": "), default=str))

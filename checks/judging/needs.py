"""Whether a suite has the endpoints its checks want to ask. Feeds ``binding``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checks.consulting import Consulting, consultants
from checks.mistakes import Path, SuiteProblem
from checks.quote import quoted
from checks.run_checks import BoundCheck
from probes.nearest import did_you_mean
from probes.suite import CheckSpec, Suite


def judge_problems(suite: Suite, bound: Mapping[int, BoundCheck]) -> Iterator[SuiteProblem]:
    """Judges that are named and not there, missing, or monitored as if they were the product.

    ``bound``: the rules of the suite's entries by the ``id`` of the entry.
    """
    yield from _of_the_suite(suite)
    for place, specs in check_lists(suite):
        for index, spec in enumerate(specs):
            for rule in consultants(bound[id(spec)].rule) if id(spec) in bound else ():
                if problem := _missing(suite, rule, spec, (*place, index)):
                    yield problem
                    break


def _of_the_suite(suite: Suite) -> Iterator[SuiteProblem]:
    judge = suite.judge
    if judge is None:
        return
    for key, name in (("endpoint", judge.endpoint), ("embeddings", judge.embeddings)):
        if name is None:
            continue
        if name not in suite.endpoints:
            yield _unknown(suite, ("judge", key), f"judge: {key} names no endpoint of this suite", name)
        elif name in suite.monitored:
            message = f"{quoted(name, 60)} is the judge and monitored at once: it would be judged by itself"
            hint = "name the endpoints to monitor: monitor: [NAME]" if not suite.monitor else "take it out of monitor"
            yield SuiteProblem(path=("judge", key), message=message, hint=hint)


def _missing(suite: Suite, rule: Consulting, spec: CheckSpec, place: Path) -> SuiteProblem | None:
    path = (*place, spec.check) if spec.argument is not None else place
    if rule.judge is not None:
        known = rule.judge in suite.endpoints
        return None if known else _unknown(suite, path, f"{_name(rule)}: there is no endpoint", rule.judge)
    key = "embeddings" if rule.embedding else "endpoint"
    if suite.judge is not None and getattr(suite.judge, key) is not None:
        return None
    what = "an endpoint of embeddings" if rule.embedding else "a judge"
    hint = f"name one of the suite's endpoints at its top: judge: {{{key}: NAME}}"
    return SuiteProblem(path=path, message=f"{_name(rule)} needs {what}, and the suite has none", hint=hint)


def _unknown(suite: Suite, path: Path, message: str, name: str) -> SuiteProblem:
    return SuiteProblem(
        path=path,
        message=f"{message}: {quoted(name, 60)}",
        hint=did_you_mean(name, suite.endpoints, otherwise="there are"),
    )


def check_lists(suite: Suite) -> Iterator[tuple[Path, Sequence[CheckSpec]]]:
    """Every list of checks of a suite with its path."""
    yield ("defaults", "checks"), suite.defaults.checks
    for number, probe in enumerate(suite.probes):
        yield ("probes", number, "checks"), probe.checks
        for turn, said in enumerate(probe.turns):
            yield ("probes", number, "turns", turn, "checks"), said.checks


def _name(rule: Consulting) -> str:
    return str(getattr(rule, "name", "a check"))

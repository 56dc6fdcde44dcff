"""Conditions under which checks count (``when``), held against what a suite has: its endpoints and its probes' labels.

A condition that nothing in the suite can meet is a check that never runs, so it is refused. Feeds ``binding``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from checks.mistakes import Path, SuiteProblem
from checks.quote import quoted
from probes.nearest import did_you_mean
from probes.suite import CheckSpec, Probe, Suite, When


def condition_problems(suite: Suite) -> Iterator[SuiteProblem]:
    """Every name in a condition that the suite does not know."""
    labels: dict[str, dict[str, None]] = defaultdict(dict)
    for probe in suite.probes:
        for key, value in suite.labels_of(probe).items():
            labels[key][value] = None
    for place, specs, probes in _check_lists(suite):
        for index, spec in enumerate(specs):
            if spec.when is not None:
                path = (*place, index, "when")
                unknown = [
                    *_unknown_endpoints(spec.when, (*path, "endpoint"), suite.endpoints.keys()),
                    *_unknown_labels(spec.when, (*path, "labels"), labels),
                ]
                yield from unknown or _never_met(suite, spec.when, path, probes)


def _check_lists(suite: Suite) -> Iterator[tuple[Path, Sequence[CheckSpec], Sequence[Probe]]]:
    """Every check list with its place and the probes it is for."""
    yield ("defaults", "checks"), suite.defaults.checks, suite.probes
    for number, probe in enumerate(suite.probes):
        yield ("probes", number, "checks"), probe.checks, (probe,)
        for turn, said in enumerate(probe.turns):
            yield ("probes", number, "turns", turn, "checks"), said.checks, (probe,)


def _never_met(suite: Suite, when: When, path: Path, probes: Sequence[Probe]) -> Iterator[SuiteProblem]:
    """Labels that are all known, and that no probe the check is for has together."""
    if any(when.holds(suite.labels_of(probe), None) for probe in probes):
        return
    asked = ", ".join(f"{key}: {' or '.join(values)}" for key, values in when.labels.items())
    whose = "no probe has" if len(probes) > 1 else f"probe {probes[0].id} has not"
    message = f"this check would never run: {whose} {quoted(asked, 120)}"
    yield SuiteProblem(path=(*path, "labels"), message=message, hint="take the check or the label out")


def _unknown_endpoints(when: When, path: Path, known: Set[str]) -> Iterator[SuiteProblem]:
    for index, name in enumerate(when.endpoint or ()):
        if name not in known:
            hint = did_you_mean(name, known, otherwise="there are")
            message = f"when names no endpoint of this suite: {quoted(name, 60)}"
            yield SuiteProblem(path=(*path, index), message=message, hint=hint)


def _unknown_labels(when: When, path: Path, known: Mapping[str, Mapping[str, None]]) -> Iterator[SuiteProblem]:
    for key, values in when.labels.items():
        if key not in known:
            hint = did_you_mean(key, known, otherwise="there are") if known else "give the probes labels"
            yield SuiteProblem(path=(*path, key), message=f"no probe has a label {quoted(key, 60)}", hint=hint)
            continue
        for index, value in enumerate(values):
            if value not in known[key]:
                hint = did_you_mean(value, known[key], otherwise="there are")
                message = f"no probe has the label {key}: {quoted(value, 60)}"
                yield SuiteProblem(path=(*path, key, index), message=message, hint=hint)

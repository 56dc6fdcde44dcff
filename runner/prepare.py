"""A suite file made ready to fire: loaded, its checks bound, every problem of both with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.rules import bind_suite
from checks.run_checks import BoundCheck
from probes.errors import Problem, SuiteError, UsageError
from probes.protocols import PROTOCOLS
from probes.suite import Probe, Suite
from probes.suite_file import LoadedSuite, read_suite
from runner.schedule import schedule_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSuite:
    """A suite with its checks ready to run."""

    suite: Suite
    checks: Mapping[str, tuple[BoundCheck, ...]]
    """By probe id, defaults included."""
    file: str
    secrets: frozenset[str]
    """Values from the environment that must never be shown."""


def prepare(path: Path, environ: Mapping[str, str], notifiers: frozenset[str] | None) -> PreparedSuite:
    """Read one suite and bind its checks.

    ``notifiers`` are the names that the settings define; None where nobody will be told anyway.

    Raises:
        SuiteError: with every problem found, in file order. Nothing was sent.
    """
    loaded = read_suite(path, environ)
    checks, problems = bind_suite(loaded.suite)
    found = [loaded.problem(problem.path, problem.message, problem.hint) for problem in problems]
    found += _schedule_problems(loaded)
    found += _protocol_problems(loaded)
    found += [] if notifiers is None else _notifier_problems(loaded, notifiers)
    if found:
        raise SuiteError(sorted(found, key=lambda problem: (problem.line, problem.column)))
    return PreparedSuite(suite=loaded.suite, checks=checks, file=loaded.file, secrets=loaded.secrets)


def _schedule_problems(loaded: LoadedSuite) -> list[Problem]:
    schedule = loaded.suite.schedule
    told = schedule_problem(schedule) if schedule else None
    return [loaded.problem(("schedule", "cron"), told, "five fields, like */15 * * * *")] if told else []


def _protocol_problems(loaded: LoadedSuite) -> list[Problem]:
    return [
        loaded.problem(
            ("endpoints", name, "protocol"),
            f"unknown protocol {endpoint.protocol!r}",
            f"one of {', '.join(PROTOCOLS)}",
        )
        for name, endpoint in loaded.suite.endpoints.items()
        if endpoint.protocol not in PROTOCOLS
    ]


def _notifier_problems(loaded: LoadedSuite, notifiers: frozenset[str]) -> list[Problem]:
    known = f"the settings define {', '.join(sorted(notifiers))}" if notifiers else "no settings define a notifier"
    return [
        loaded.problem(("alerts", index, "notify"), f"unknown notifier {name!r}", known)
        for index, rule in enumerate(loaded.suite.alerts)
        for name in rule.notify
        if name not in notifiers
    ]


def select(
    suite: Suite, *, probes: tuple[str, ...] = (), labels: Mapping[str, str] | None = None, samples: int | None = None
) -> tuple[tuple[Probe, int], ...]:
    """The probes of a run with how often each is asked.

    Raises:
        UsageError: a probe is not in the suite, or nothing is left to ask.
    """
    known = {probe.id for probe in suite.probes}
    if missing := [name for name in probes if name not in known]:
        raise UsageError(f"suite {suite.name} has no probe {missing[0]!r}; it has {', '.join(sorted(known))}")
    chosen = tuple(
        (probe, samples or suite.samples_of(probe))
        for probe in suite.probes
        if (not probes or probe.id in probes) and _labelled(suite.labels_of(probe), labels or {})
    )
    if not chosen:
        told = ", ".join(f"{key}={value}" for key, value in (labels or {}).items())
        raise UsageError(f"suite {suite.name} has no probe labelled {told}")
    return chosen


def _labelled(have: Mapping[str, str], want: Mapping[str, str]) -> bool:
    return all(have.get(key) == value for key, value in want.items())

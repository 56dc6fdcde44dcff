"""A suite file made ready to fire: loaded, its checks bound, every problem of both with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from checks.binding import applying
from checks.consulting import consultants
from checks.judging.calibration import KnownVerdict, known_verdicts
from checks.rules import bind, bind_suite
from checks.run_checks import BoundCheck
from probes.errors import Problem, SuiteError, UsageError
from probes.nearest import did_you_mean, nearest
from probes.pricing import asked_model, price_known
from probes.protocols import all_protocols
from probes.suite import Probe, Spend, Suite
from probes.suite_file import LoadedSuite, read_suite
from runner.preparing.local_functions import functions_of, unread
from runner.schedule.pace import cadence_problem, time_problem
from runner.schedule.schedule import schedule_problem
from runner.schedule.windows import window_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSuite:
    """A suite with its checks ready to run."""

    suite: Suite
    checks: Mapping[str, tuple[BoundCheck, ...]]
    """By probe id, defaults included, those that count at some endpoints only among them."""
    file: str
    secrets: frozenset[str] = field(repr=False)
    """Values from the environment that must never be shown."""
    known: tuple[KnownVerdict, ...] = ()
    """The cases of the judge's calibration, with their checks."""
    consults: bool = False
    """True where a check needs another endpoint."""

    def checks_at(self, probe: Probe, endpoint: str) -> tuple[BoundCheck, ...]:
        """The probe's checks that count at this endpoint."""
        return applying(self.checks[probe.id], self.suite, probe, endpoint)


class AnyEnvironment(dict[str, str]):
    """An environment in which every variable is set: enough to read a suite that nothing will be sent for."""

    def __missing__(self, _name: str) -> str:
        return "http://unset.invalid"

    def __contains__(self, _name: object) -> bool:
        return True

    def get(self, name: str, _default: object = None) -> str:
        return self[name]


def prepare(
    path: Path, environ: Mapping[str, str], notifiers: frozenset[str] | None, spend: Spend | None = None
) -> PreparedSuite:
    """Read one suite and bind its checks.

    ``notifiers`` are the names that the settings define; None where nobody will be told anyway. ``spend``: the caps
    of the installation.

    Raises:
        SuiteError: with every problem found, in file order. Nothing was sent.
    """
    try:
        loaded = read_suite(path, environ, secrets_at_hand=not isinstance(environ, AnyEnvironment))
    except SuiteError as error:
        if isinstance(environ, AnyEnvironment):
            raise
        raise SuiteError(_all_problems(path, error, notifiers)) from None
    functions = unread if isinstance(environ, AnyEnvironment) else functions_of(environ)
    checks, problems = bind_suite(loaded.suite, functions)
    # with data files left alone, nobody knows which labels and arguments the cases have
    found = [] if loaded.unfolded.unread else loaded.problems(problems)
    found += _schedule_problems(loaded)
    found += _time_problems(loaded)
    found += _protocol_problems(loaded)
    found += _refusals(loaded, checks)
    found += [] if notifiers is None else _notifier_problems(loaded, notifiers)
    found += [] if isinstance(environ, AnyEnvironment) else _unpriced(loaded, spend or Spend())
    if found:
        raise SuiteError(sorted(found, key=lambda problem: (problem.line, problem.column)))
    return PreparedSuite(
        suite=loaded.suite,
        checks=checks,
        file=loaded.file,
        secrets=loaded.secrets,
        known=known_verdicts(loaded.suite, partial(bind, functions=functions))[0],
        consults=any(True for bound in checks.values() for check in bound for _ in consultants(check.rule)),
    )


def _schedule_problems(loaded: LoadedSuite) -> list[Problem]:
    schedule = loaded.suite.schedule
    told = schedule_problem(schedule) if schedule else None
    return [loaded.problem(("schedule", "cron"), told, "five fields, like */15 * * * *")] if told else []


def _time_problems(loaded: LoadedSuite) -> list[Problem]:
    told = ((index, window_problem(window)) for index, window in enumerate(loaded.suite.maintenance))
    found = [loaded.problem(("maintenance", index, "cron"), message) for index, message in told if message]
    schedule = loaded.suite.schedule
    pace = cadence_problem(schedule) if schedule and schedule_problem(schedule) is None else None
    found += [loaded.problem(("schedule", "while_failing"), pace)] if pace else []
    late = time_problem(loaded.suite)
    hint = "make it longer, or raise requests_per_minute"
    return [*found, *([loaded.problem(("schedule", "timeout"), late, hint)] if late else [])]


def _all_problems(path: Path, error: SuiteError, notifiers: frozenset[str] | None) -> list[Problem]:
    """What is wrong with the file, and, where only the environment is in the way, also with its checks."""
    try:
        prepare(path, AnyEnvironment(), notifiers)
    except SuiteError as more:
        known = {(problem.line, problem.column) for problem in error.problems}
        further = [problem for problem in more.problems if (problem.line, problem.column) not in known]
        return sorted([*error.problems, *further], key=lambda problem: (problem.line, problem.column))
    return list(error.problems)


def _protocol_problems(loaded: LoadedSuite) -> list[Problem]:
    return [
        loaded.problem(
            ("endpoints", name, "protocol"),
            f"unknown protocol {endpoint.protocol!r}",
            did_you_mean(endpoint.protocol, all_protocols()),
        )
        for name, endpoint in loaded.suite.endpoints.items()
        if endpoint.protocol not in all_protocols()
    ]


def _judges_only(suite: Suite, checks: Mapping[str, tuple[BoundCheck, ...]]) -> set[str]:
    """Endpoints that are asked about answers, and not monitored as well."""
    rules = [rule for bound in checks.values() for check in bound for rule in consultants(check.rule)]
    named = {rule.judge for rule in rules} | ({suite.judge.endpoint, suite.judge.embeddings} if suite.judge else set())
    return {name for name in named if name is not None and name not in suite.monitored}


def _refusals(loaded: LoadedSuite, checks: Mapping[str, tuple[BoundCheck, ...]]) -> Iterator[Problem]:
    """What the dialects cannot do of what the suite asks of them; a probe is told once, not once an endpoint."""
    suite, told = loaded.suite, set()
    places = {probe.id: index for index, probe in enumerate(suite.probes)}
    judges = _judges_only(suite, checks)
    for name, endpoint in suite.endpoints.items():
        dialect = all_protocols().get(endpoint.protocol)
        # a judge is never asked the probes themselves
        asked = () if name in judges else suite.probes
        for refusal in dialect.refusals(endpoint, asked) if dialect else ():
            at_probe = refusal.probe is not None
            place = ("probes", places[refusal.probe]) if refusal.probe is not None else ("endpoints", name)
            where = f" (endpoint {name})" if at_probe else ""
            problem = loaded.problem((*place, *refusal.key), refusal.message + where, refusal.hint)
            if (key := (problem.line, problem.column, refusal.message)) not in told:
                told.add(key)
                yield problem


def _unpriced(loaded: LoadedSuite, installation: Spend) -> Iterator[Problem]:
    """Endpoints under a dollar cap whose prices nobody knows: such a cap could not be kept (and no other is there)."""
    caps = (loaded.suite.spend, installation)
    if not any(cap.usd_per_day for cap in caps) or any(cap.tokens_per_day for cap in caps):
        return
    whose = "this suite" if loaded.suite.spend.usd_per_day else "the settings"
    for name, endpoint in loaded.suite.endpoints.items():
        if not price_known(endpoint):
            model = asked_model(endpoint)
            what = f"the price of model {model!r}" if model else "the price here (no model is named)"
            yield loaded.problem(
                ("endpoints", name, "model"),
                f"{what} is unknown, so usd_per_day of {whose} could not be kept",
                "give the endpoint prices: {input: ..., output: ...} (0 where it is free), or set tokens_per_day",
            )


def _notifier_problems(loaded: LoadedSuite, notifiers: frozenset[str]) -> list[Problem]:
    none = "no settings define a notifier"
    named: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        (("alerts", index, "notify"), rule.notify) for index, rule in enumerate(loaded.suite.alerts)
    ]
    named += [
        (("alerts", index, "escalate", "notify"), rule.escalate.notify)
        for index, rule in enumerate(loaded.suite.alerts)
        if rule.escalate
    ]
    named += [(("owners", fault.value, "notify"), owner.notify) for fault, owner in loaded.suite.owners.items()]
    return [
        loaded.problem(
            place,
            f"unknown notifier {name!r}",
            did_you_mean(name, sorted(notifiers), otherwise="the settings define") if notifiers else none,
        )
        for place, names in named
        for name in names
        if name not in notifiers
    ]


def select(
    suite: Suite, *, probes: tuple[str, ...] = (), labels: Mapping[str, str] | None = None, samples: int | None = None
) -> tuple[tuple[Probe, int], ...]:
    """The probes of a run with how often each is asked.

    Raises:
        UsageError: a probe is not in the suite, or nothing is left to ask.
    """
    known = {probe.id for probe in suite.probes} | {probe.of for probe in suite.probes if probe.of}
    if missing := [name for name in probes if name not in known]:
        near = nearest(missing[0], sorted(known))
        written = dict.fromkeys(probe.of or probe.id for probe in suite.probes)
        hint = f"did you mean {near!r}?" if near else f"it has {', '.join(written)}"
        raise UsageError(f"suite {suite.name} has no probe {missing[0]!r} ({hint})")
    chosen = tuple(
        (probe, samples or suite.samples_of(probe))
        for probe in suite.probes
        if (not probes or probe.id in probes or probe.of in probes) and _labelled(suite.labels_of(probe), labels or {})
    )
    if not chosen:
        told = ", ".join(f"{key}={value}" for key, value in (labels or {}).items())
        raise UsageError(f"suite {suite.name} has no probe labelled {told}")
    return chosen


def _labelled(have: Mapping[str, str], want: Mapping[str, str]) -> bool:
    return all(have.get(key) == value for key, value in want.items())

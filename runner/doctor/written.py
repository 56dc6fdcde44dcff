"""What people wrote: variables, suites, prices and names of notifiers. Sends nothing. Feeds ``examination``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from probes.environment import names_in
from probes.errors import InputError, Problem, SettingsError, SuiteError, UsageError
from probes.pricing import asked_model, price_known
from probes.text_file import refuse_pipe
from reports.notice import Notifier
from reports.wording import count
from runner.doctor.diagnosis import Diagnosis, State
from runner.preparing.prepare import PreparedSuite, prepare
from runner.reach import secret_in
from runner.settings.settings import LoadedSettings

AGAIN = "holdfast doctor"


def command_of(suites: Sequence[Path], config: Path | None, store: str | None) -> str:
    """The command that looks at the same again, quoted for a POSIX shell; an address with a password is left out."""
    told = ["holdfast", "doctor", *map(str, suites)]
    told += ["--config", str(config)] if config is not None else []
    told += ["--store", store] if store is not None and not secret_in(store) else []
    return shlex.join(told)


def of_problems(area: str, subject: str, error: InputError | UsageError, *, again: str = AGAIN) -> Iterator[Diagnosis]:
    """Every problem of a file, with its place. ``again``: the command that was run."""
    if isinstance(error, UsageError):
        yield Diagnosis(area=area, subject=subject, state=State.WRONG, told=str(error), advice="name another file")
        return
    for problem in error.problems:
        place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
        hint = problem.hint or f"mend it (docs: {_page(area, problem)}), then run: {again}"
        yield Diagnosis(area=area, subject=place, state=State.WRONG, told=problem.message, advice=hint)


_PAGES = {
    "notifiers": "docs/channels.md",
    "privacy": "docs/privacy.md",
    "store": "docs/store.md",
    "spend": "docs/limits-and-costs.md",
    "maintenance": "docs/watching.md",
    "heartbeat": "docs/watching.md",
    "connectivity": "docs/watching.md",
    "pushgateway": "docs/metrics.md",
    "": "docs/daemon.md",
}
"""Where a key of the settings is described; the last one stands for all others."""
_TOP_KEY = re.compile(r"([a-z_]+)\s*:")


def _page(area: str, problem: Problem) -> str:
    """The page about what is wrong, by the key of the settings under which it stands."""
    if area != "settings":
        return "docs/suites.md"
    if not problem.line:
        return _PAGES[""]  # of the whole file, which may be a pipe
    try:
        lines = Path(problem.file).read_text(encoding="utf-8", errors="replace").splitlines()[: problem.line]
    except OSError:
        lines = []
    keys = [match[1] for line in lines if (match := _TOP_KEY.match(line))]
    return _PAGES.get(keys[-1] if keys else "", _PAGES[""])


def environment(path: Path, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """The variables a file takes, by name: values are never looked at further than whether they are empty."""
    names = sorted(set(names_in(_values(path))))
    missing = [name for name in names if not environ.get(name)]
    for name in missing:
        advice = f"set {name} where holdfast runs: in the shell, or in EnvironmentFile= of its systemd unit"
        told = f"{name} is {'empty' if name in environ else 'not set'}"
        yield Diagnosis(area="environment", subject=str(path), state=State.WRONG, told=told, advice=advice)
    if names and not missing:
        told = f"{count(len(names), 'variable')} set: {', '.join(names)}"
        yield Diagnosis(area="environment", subject=str(path), state=State.FINE, told=told)


def _values(path: Path) -> Any:
    from probes.suite_file import read_mapping

    try:
        refuse_pipe(path, SettingsError)
        data = read_mapping(path, SettingsError).data
    except InputError:
        return None  # told where the file is read in earnest
    return data.get("endpoints") if "endpoints" in data else data


def suites(
    files: Sequence[Path], environ: Mapping[str, str], loaded: LoadedSettings | None, *, again: str = AGAIN
) -> tuple[list[PreparedSuite], list[Diagnosis]]:
    """The suites that can be used, and what there is to say of all of them. ``again``: the command that was run."""
    names = None if loaded is None else frozenset(loaded.notifiers)
    spend = None if loaded is None else loaded.settings.spend
    ready: list[PreparedSuite] = []
    found: list[Diagnosis] = []
    for file in files:
        try:
            refuse_pipe(file, SuiteError)  # what it holds was read before, for its variables
            prepared = prepare(file, environ, names, spend)
        except InputError as error:
            found += of_problems("suite", str(file), error, again=again)
            continue
        twin = next((each for each in ready if each.suite.name == prepared.suite.name), None)
        found.append(_fine(prepared) if twin is None else _twins(prepared, twin))
        ready.append(prepared)
    return ready, found


def _fine(prepared: PreparedSuite) -> Diagnosis:
    told = f"{prepared.suite.name} is valid: {count(len(prepared.suite.probes), 'probe')}"
    return Diagnosis(area="suite", subject=prepared.file, state=State.FINE, told=told)


def _twins(prepared: PreparedSuite, first: PreparedSuite) -> Diagnosis:
    told = f"suite {prepared.suite.name!r} is also the name of {first.file}"
    return Diagnosis(
        area="suite", subject=prepared.file, state=State.WRONG, told=told, advice="give one of them another name"
    )


def prices(ready: Sequence[PreparedSuite]) -> Iterator[Diagnosis]:
    """Endpoints of unknown price: a note, because nothing but a cap in dollars needs one."""
    for prepared in ready:
        monitored = [(name, prepared.suite.endpoints[name]) for name in prepared.suite.monitored]
        unknown = [(name, endpoint) for name, endpoint in monitored if not price_known(endpoint)]
        for name, endpoint in unknown:
            yield Diagnosis(
                area="prices",
                subject=f"{prepared.suite.name}/{name}",
                state=State.NOTE,
                told=f"the price of {asked_model(endpoint) or 'its model'} is not known, so costs are told as unknown",
                advice="give the endpoint prices: {input: ..., output: ...} (docs/limits-and-costs.md)",
            )
        if monitored and not unknown:
            told = "known at every monitored endpoint"
            yield Diagnosis(area="prices", subject=prepared.suite.name, state=State.FINE, told=told)


def notifiers(known: Mapping[str, Notifier], ready: Sequence[PreparedSuite]) -> Iterator[Diagnosis]:
    """Notifiers of the settings; a note where no suite names one, or there is none at all."""
    rules = [rule for prepared in ready for rule in prepared.suite.alerts]
    named = {name for rule in rules for name in rule.notify}
    named |= {name for rule in rules if rule.escalate for name in rule.escalate.notify}
    named |= {name for prepared in ready for owner in prepared.suite.owners.values() for name in owner.notify}
    for name, notifier in known.items():
        if name in named or not ready:
            told = f"{notifier!r} is ready; only --notify proves that it arrives"
            yield Diagnosis(area="notifier", subject=name, state=State.FINE, told=told)
        else:
            told, advice = "no suite names it", f"name it in a suite: alerts: [{{notify: {name}}}]"
            yield Diagnosis(area="notifier", subject=name, state=State.NOTE, told=told, advice=advice)
    if not known:
        told, advice = "nobody is told of anything", "define notifiers in holdfast.yaml (docs/channels.md)"
        yield Diagnosis(area="notifier", subject="none", state=State.NOTE, told=told, advice=advice)

"""What every command that touches suites or the store begins with: settings found, suites prepared, names checked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from probes.errors import InputError, Problem, StoreError, SuiteError, UsageError
from probes.nearest import did_you_mean
from probes.suite import Spend
from probes.text_file import refuse_pipe
from runner.alerting.dependencies import refuse_circles
from runner.preparing.prepare import PreparedSuite, prepare
from runner.settings.settings import LoadedSettings, load_settings

SUITE_ENDINGS = (".yaml", ".yml")
SETTINGS_NAMES = ("holdfast.yaml", "holdfast.yml")


def settings_beside(paths: Sequence[Path], config: Path | None, *, sends: bool = True) -> LoadedSettings:
    """The settings that go with these suites: ``--config``, else beside the first suite, else the working folder's.

    ``sends`` false: of a command that needs no secrets for sending, and works where their variables are not set.

    Raises:
        SettingsError: the file is wrong.
    """
    beside = paths[0] if paths and paths[0].is_dir() else (paths[0].parent if paths else Path())
    folder = next((place for place in (beside, Path()) if (place / "holdfast.yaml").exists()), Path())
    return load_settings(config, os.environ, folder, sends=sends)


def refuse_unwritable(option: str | None, loaded: LoadedSettings) -> None:
    """Make sure before anything is sent that what comes back can be stored.

    Raises:
        UsageError: the store cannot be opened or written.
    """
    from contextlib import closing

    from runner.wiring import store_of

    try:
        with closing(store_of(option, loaded)) as store:
            store.prove_writable()
    except StoreError as error:
        raise UsageError(f"{error}; nothing was sent") from error


def suite_files(paths: Sequence[Path]) -> list[Path]:
    """The files meant by a list of files and folders, each once, in order.

    Raises:
        UsageError: a folder holds no suite.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            files[path] = None
            continue
        found = sorted(p for p in path.iterdir() if p.suffix in SUITE_ENDINGS and p.name not in SETTINGS_NAMES)
        if not found:
            raise UsageError(f"{path}: no suite in this folder (files ending in .yaml)")
        files.update(dict.fromkeys(found))
    return list(files)


def folders_left_out(paths: Sequence[Path]) -> list[Path]:
    """Folders within the named ones that hold YAML files, which nobody looks into; hidden ones aside."""
    within = (folder for path in paths if path.is_dir() for folder in sorted(path.iterdir()) if folder.is_dir())
    seen = (folder for folder in within if not folder.name.startswith("."))
    return [folder for folder in seen if any(file.suffix in SUITE_ENDINGS for file in folder.iterdir())]


def prepare_all(
    paths: Sequence[Path], notifiers: frozenset[str] | None, spend: Spend | None = None
) -> list[PreparedSuite]:
    """Prepare every suite, or tell all that is wrong with all of them.

    ``notifiers``: names that the settings define; None where nobody will be told anyway. ``spend``: the caps of the
    installation, under which every price must be known.

    Raises:
        SuiteError: with the problems of every file.
    """
    ready: list[PreparedSuite] = []
    problems: list[Problem] = []
    for path in suite_files(paths):
        try:
            if path not in paths:
                refuse_pipe(path, SuiteError)
            ready.append(prepare(path, os.environ, notifiers, spend))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise SuiteError(problems)
    refuse_twins(ready)
    refuse_circles(ready)
    return ready


def refuse_twins(suites: Sequence[PreparedSuite]) -> None:
    """Make sure that no two suites have one name.

    Raises:
        UsageError: two have.
    """
    first: dict[str, str] = {}
    for prepared in suites:
        name = prepared.suite.name
        if name in first:
            raise UsageError(f"{prepared.file}: suite {name!r} is also the name of {first[name]}; names must differ")
        first[name] = prepared.file


def endpoints_of(prepared: PreparedSuite, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The endpoints to ask: those wanted, else those the suite monitors.

    Raises:
        UsageError: the suite has no endpoint of that name.
    """
    known = prepared.suite.endpoints
    for name in wanted or ():
        if name not in known:
            hint = did_you_mean(name, known, otherwise="it has")
            raise UsageError(f"suite {prepared.suite.name} has no endpoint {name!r} ({hint})")
    return tuple(wanted or prepared.suite.monitored)


def author_of(option: str | None) -> str:
    """Who decides: ``--author``, else ``HOLDFAST_AUTHOR``, else the login name."""
    import getpass

    named = option or os.environ.get("HOLDFAST_AUTHOR")
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def reason_of(option: str | None, act: str) -> str:
    """A reason, which acts on the baseline must have.

    Raises:
        UsageError: none was given.
    """
    if not option or not option.strip():
        raise UsageError(f'{act} changes what counts as normal and needs a reason: --reason "..."')
    return option.strip()

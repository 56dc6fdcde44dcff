"""``holdfast doctor``: looks at an installation, and says what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import InputError, UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.doctor.diagnosis import Diagnosis
    from runner.settings.settings import LoadedSettings

SEVERITIES = ("page", "ticket", "info")


def doctor(
    suites: Annotated[
        list[Path] | None, typer.Argument(help="Suite files or folders; default: the settings' folder of suites.")
    ] = None,
    store: opt.Store = None,
    config: opt.Config = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask each endpoint one real question, which may cost a little.")
    ] = False,
    notify: Annotated[bool, typer.Option("--notify", help="Send a test message through every notifier.")] = False,
    notifier: Annotated[
        list[str] | None, typer.Option("--notifier", metavar="NAME", help="Send it through this one; repeat for more.")
    ] = None,
    severity: Annotated[
        str, typer.Option("--severity", metavar="page|ticket|info", help="Severity of the test message.")
    ] = "info",
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print the result.")] = "text",
) -> int:
    """Check settings, suites, store, notifiers and endpoints, and say what to do. Sends no probe unless asked to."""
    from runner.doctor.diagnosis import as_json, as_text, exit_code

    if format_ not in ("text", "json"):
        raise UsageError(f"--format {format_!r} is unknown (it is text or json)")
    if severity not in SEVERITIES:
        raise UsageError(f"--severity {severity!r} is unknown (it is {', '.join(SEVERITIES)})")
    found = _examined(suites or [], config, store, probe=probe, wanted=notifier or (), every=notify, severity=severity)
    typer.echo(as_json(found) if format_ == "json" else as_text(found), nl=False)
    return exit_code(found)


def _examined(
    suites: Sequence[Path],
    config: Path | None,
    store: str | None,
    *,
    probe: bool,
    wanted: Sequence[str],
    every: bool,
    severity: str,
) -> list[Diagnosis]:
    import asyncio
    import os

    import structlog

    from probes.clock import SystemClock
    from runner.cli.session import settings_beside
    from runner.doctor import written
    from runner.doctor.examination import Examination, chosen_notifiers
    from runner.logs import log_quietly

    if not structlog.is_configured():
        log_quietly()
    file, again = _settings_file(suites, config), written.command_of(suites, config, store)
    try:
        loaded = settings_beside(suites, config)
    except InputError as error:
        variables = [] if file is None else list(written.environment(file, os.environ))
        return [*written.of_problems("settings", str(file), error, again=again), *variables]
    files, note = _files(suites, loaded)
    examination = Examination(
        loaded=loaded,
        settings_file=file,
        files=files,
        environ=os.environ,
        store=store,
        clock=SystemClock(),
        probe=probe,
        notify=chosen_notifiers(loaded.notifiers, wanted, every=every),
        severity=severity,
        again=again,
    )
    return [*asyncio.run(examination.all()), *note]


def _files(suites: Sequence[Path], loaded: LoadedSettings) -> tuple[tuple[Path, ...], list[Diagnosis]]:
    """Suite files. A folder that was named must hold some; that of the settings may still be empty."""
    from runner.cli.session import suite_files
    from runner.doctor.diagnosis import Diagnosis, State

    folder = loaded.folder / loaded.settings.suites
    try:
        return tuple(suite_files(suites or [folder])), []
    except UsageError as error:
        state = State.WRONG if suites else State.NOTE
        advice = "write one: holdfast init, then name its folder as suites: in holdfast.yaml"
        subject = str(suites[0] if suites else folder)
        return (), [Diagnosis(area="suite", subject=subject, state=state, told=str(error), advice=advice)]


def _settings_file(suites: Sequence[Path], config: Path | None) -> Path | None:
    """Where ``settings_beside`` reads; None where there is no file."""
    beside = suites[0] if suites and suites[0].is_dir() else (suites[0].parent if suites else Path())
    places = [config] if config else [folder / "holdfast.yaml" for folder in (beside, Path())]
    return next((place for place in places if config or place.exists()), None)

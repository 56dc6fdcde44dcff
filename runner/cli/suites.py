"""``holdfast init``, ``validate`` and ``schema``: from nothing to a suite an editor and a reader can trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runner.cli import options as opt


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; created where it is missing.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> int:
    """Write a commented starter suite, settings, and the schema for your editor."""
    from runner.starter import write_starter

    for path in write_starter(folder, force=force):
        typer.echo(f"wrote {path}")
    suite = folder / "suite.yaml"
    typer.echo(
        "\nNext:\n"
        "  export HOLDFAST_BASE_URL=https://your-endpoint.example/v1 HOLDFAST_MODEL=your-model HOLDFAST_API_KEY=...\n"
        f"  holdfast validate {suite}\n"
        f"  holdfast run {suite}\n"
        f"  holdfast baseline capture {suite} --rounds 50"
    )
    return 0


def validate(suites: opt.Suites, config: opt.Config = None) -> int:
    """Read suites and settings, and tell everything that is wrong with them. Sends nothing."""
    from probes.clock import SystemClock
    from runner.alerting.dependencies import Dependencies
    from runner.cli.session import folders_left_out, prepare_all, settings_beside
    from runner.schedule.pace import pace_notes
    from runner.schedule.windows import window_notes
    from runner.settings.runnable import refuse_unrunnable, store_notes

    now = SystemClock().now()
    loaded = settings_beside(suites, config)
    refuse_unrunnable(loaded)
    ready = prepare_all(suites, frozenset(loaded.notifiers), loaded.settings.spend)
    known = Dependencies(ready)
    for prepared in ready:
        suite = prepared.suite
        checks = sum(len(bound) for bound in prepared.checks.values())
        calls = sum(suite.samples_of(probe) for probe in suite.probes)
        typer.echo(
            f"{prepared.file}: {suite.name} is valid: {len(suite.probes)} probes, {checks} checks, "
            f"{calls} requests a run at each of {', '.join(suite.monitored)}"
        )
        for note in (*pace_notes(suite), *window_notes(suite.maintenance, now)):
            typer.echo(f"{prepared.file}: note: {note}")
        # one file alone knows nothing of the others
        for note in known.unknown(suite) if any(path.is_dir() for path in suites) else ():
            typer.echo(f"{prepared.file}: note: {note}")
    for folder in folders_left_out(suites):
        typer.echo(f"{folder}: note: suites in folders within a folder are not read")
    for note in (*store_notes(loaded), *window_notes(loaded.settings.maintenance, now)):
        typer.echo(f"settings: note: {note}")
    return 0


def schema() -> int:
    """Print the JSON Schema of suites, for editors."""
    import json

    from checks.rules import CHECKS
    from runner.schema.suite_schema import suite_schema

    typer.echo(json.dumps(suite_schema(CHECKS), indent=2, ensure_ascii=False))
    return 0

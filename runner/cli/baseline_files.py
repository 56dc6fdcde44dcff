"""``holdfast baseline export`` and ``import``: what is normal as a file that a team reviews and keeps in git."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from checks.baseline_file import BaselineFile
    from runner.preparing.prepare import PreparedSuite

File = Annotated[Path, typer.Argument(help="The baseline file (JSON).", show_default=False)]


def export_file(
    suite: opt.Suite,
    file: File,
    endpoint: opt.OneEndpoint = None,
    runs: Annotated[
        int, typer.Option("--runs", min=1, max=100_000, help="At most this many runs after the last act.")
    ] = 100,
    answers: Annotated[bool, typer.Option("--answers/--no-answers", help="Whether answers are in the file.")] = True,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Write what is normal to a file: its runs since the last capture, mark or reset, with the acts in between."""
    from checks.baseline_text import text_of
    from runner.cli.session import author_of, endpoints_of, reason_of, settings_beside
    from runner.files import write_text
    from runner.normal.exporting import exported
    from runner.preparing.prepare import AnyEnvironment, prepare
    from runner.wiring import store_of

    why = reason_of(reason, "export")
    prepared = prepare(suite, AnyEnvironment(os.environ), None)
    name = endpoints_of(prepared, [endpoint] if endpoint else None)[0]
    with closing(store_of(store, settings_beside([suite], config, sends=False), new=False)) as opened:
        made = exported(
            opened,
            prepared.suite.name,
            name,
            protocol=prepared.suite.endpoints[name].protocol,
            author=author_of(author),
            reason=why,
            most=runs,
            answers=answers,
        )
    write_text(file, text_of(made.file))
    typer.echo(f"{file}: {prepared.suite.name} at {name}: {made.file.runs_words}")
    if made.later:
        typer.echo("  newer runs are not in it; --runs N takes more")
    if answers and not made.file.answers_told:
        typer.echo("  answers have expired in the store and are not in it: its answer streams will be learned anew")
    return 0


def import_file(
    suite: opt.Suite,
    file: File,
    endpoint: opt.OneEndpoint = None,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Leave probes out whose request has changed, or that are gone.")
    ] = False,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Make a file the baseline of a store that knows nothing of this suite at this endpoint yet."""
    from dataclasses import replace

    from reports.keeping.files import kept_file_run
    from runner.cli.session import author_of, endpoints_of, reason_of, settings_beside
    from runner.keeping.privacy import Pens
    from runner.normal.importing_baselines import import_baseline, read
    from runner.preparing.prepare import prepare
    from runner.wiring import store_of

    why = reason_of(reason, "import")
    prepared = prepare(suite, os.environ, None)
    name = endpoints_of(prepared, [endpoint] if endpoint else None)[0]
    told, notes = fitting(read(file), file, prepared, name, allow_stale=allow_stale)
    loaded = settings_beside([suite], config, sends=False)
    with closing(store_of(store, loaded)) as opened:
        pen = Pens(opened, loaded.settings.privacy).of(prepared.suite)
        told = replace(told, runs=tuple(kept_file_run(pen, run) for run in told.runs))
        streams = import_baseline(opened, told, prepared.suite, author=author_of(author), reason=why)
    normal = told.runs_words if streams else f"{told.runs_words}; too few for any stream to have a baseline"
    typer.echo(f"{told.suite} at {told.endpoint}: {normal}; exported by {_line(told.author)}")
    for note in notes:
        typer.echo(f"  {note}")
    return 0


def fitting(
    told: BaselineFile, file: Path, prepared: PreparedSuite, endpoint: str, *, allow_stale: bool
) -> tuple[BaselineFile, list[str]]:
    """What of the file may be used, and what is to be said of it.

    Raises:
        UsageError: it is another suite's, endpoint's or protocol's, or stale.
    """
    from checks.baseline_fit import fit, stale_words
    from probes.fire import request_hash

    suite = prepared.suite
    asked = suite.endpoints[endpoint]
    requests = {probe.id: request_hash(asked, probe) for probe in suite.probes}
    found = fit(told, suite=suite.name, endpoint=endpoint, protocol=asked.protocol, requests=requests)
    if found.foreign:
        raise UsageError(f"{file}: a foreign baseline: {_line('; '.join(found.foreign))}")
    if found.stale and not allow_stale:
        raise UsageError(
            f"{file}: a stale baseline: {_line(stale_words(found))} since it was exported; capture and export again, "
            "or leave these probes out with --allow-stale"
        )
    kept = told.without(found.stale)
    if not kept.runs:
        raise UsageError(f"{file}: a stale baseline: nothing of it is asked any more; capture and export again")
    notes = [f"left out, to be learned anew: {_line(stale_words(found))}"] if found.stale else []
    if found.unknown:
        notes.append(f"not in the file, to be learned: {_line(', '.join(found.unknown))}")
    if not told.answers_told:
        notes.append("without answers: answer streams are learned anew")
    return kept, notes


def _line(text: str) -> str:
    from reports.escaping import one_line

    return one_line(text, 400)

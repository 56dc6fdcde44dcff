"""``holdfast import``: another tool's suite as a suite, and an honest list of what could not be carried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_suite(
    tool: Annotated[str, typer.Argument(metavar="promptfoo", help="Whose file it is.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="The file to import.", show_default=False)],
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write here, not to stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE if it is there.")] = False,
    root: Annotated[
        Path | None, typer.Option("--root", metavar="DIR", help="Read files below this folder; default: that of FILE.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything could not be carried.")] = False,
) -> int:
    """Convert another tool's suite. Sends nothing. What could not be carried is told on stderr, with its place."""
    from probes.errors import UsageError
    from runner.files import writable, write_text
    from runner.importers import IMPORTERS

    if tool not in IMPORTERS:
        raise UsageError(f"nothing is known of {tool!r}; there is {', '.join(IMPORTERS)}")
    if output is not None and output.exists() and not force:
        raise UsageError(f"{output} is there already; add --force to overwrite it")
    writable(output, None)
    imported = IMPORTERS[tool](file, root or file.parent)
    if output is None:
        typer.echo(imported.suite, nl=False)
    else:
        write_text(output, imported.suite)
    for line in imported.lost:
        typer.echo(_one_line(str(line)), err=True)
    told = (
        f"{imported.probes} probes with {imported.checks} checks; {len(imported.lost)} remarks on what was not carried"
    )
    typer.echo(f"{output or 'suite'}: {told}", err=True)
    return 1 if strict and imported.lost else 0


def _one_line(text: str) -> str:
    from checks.quote import shortened

    return shortened(text, 500)

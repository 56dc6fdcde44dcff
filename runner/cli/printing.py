"""How commands print: the chosen format on stdout, progress and paths on stderr, progress only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from probes.errors import UsageError
from probes.nearest import did_you_mean

if TYPE_CHECKING:
    from checks.canary.pair import Pair
    from probes.sample import Sample
    from reports.canary.record import CanaryRecord
    from reports.formats import Format
    from reports.summary import RunRecord


NOT_MEASURED = 3


def format_named(name: str) -> Format:
    """A report format by name.

    Raises:
        UsageError: there is none of this name.
    """
    from reports.formats import formats

    known = formats()
    if name not in known:
        raise UsageError(f"--format {name!r} is unknown ({did_you_mean(name, known)})")
    return known[name]


@dataclass(slots=True)
class Made:
    """What a command that fires has made so far."""

    records: list[RunRecord] = field(default_factory=list)
    pages: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is to be said beside the result."""
    stored: bool = True
    """False where the last run could not be stored."""
    lost: int = 0
    """Runs that a bug of ours lost; the others were made all the same."""


def print_runs(made: Made, *, format_: str, output: Path | None, strict: bool) -> int:
    """Print runs in the chosen format, name the reports written, and return the exit code."""
    from checks.verdict import Health, exit_code

    records = made.records
    healths = [*(record.health for record in records), *[Health.UNKNOWN] * made.lost]
    code = exit_code(healths, strict=strict) if made.stored else NOT_MEASURED
    chosen = format_named(format_)
    if output is not None:
        from runner.files import write_text

        write_text(output, chosen.render(records, exit_code=code))
        say(f"result: {output}")
    elif format_ == "text":
        from reports.formats import text

        typer.echo(text.render(records, exit_code=code, colour=_colour(), width=_width()), nl=False, color=True)
    else:
        typer.echo(chosen.render(records, exit_code=code), nl=False)
    for page in made.pages:
        say(f"report: {page}")
    for note in made.notes:
        say(note)
    if not made.stored:
        say(f"holdfast: {records[-1].note}")
    return code


def print_canary(record: CanaryRecord, pages: Sequence[Path], *, format_: str, output: Path | None) -> None:
    """Print a canary in the chosen format, and name the page written.

    Raises:
        UsageError: there is no such format.
    """
    from reports.canary import text

    render = canary_format(format_)
    if output is not None:
        from runner.files import write_text

        write_text(output, render(record))
        say(f"result: {output}")
    elif format_ == "text":
        typer.echo(text.render(record, colour=_colour(), width=_width()), nl=False, color=True)
    else:
        typer.echo(render(record), nl=False)
    for page in pages:
        say(f"report: {page}")


def canary_format(name: str) -> Callable[[CanaryRecord], str]:
    """A format of canaries by name.

    Raises:
        UsageError: there is none of this name.
    """
    from reports.canary.formats import FORMATS

    if name not in FORMATS:
        raise UsageError(f"--format {name!r} is unknown ({did_you_mean(name, FORMATS)})")
    return FORMATS[name]


def say(message: str) -> None:
    """One line for people, on stderr."""
    typer.echo(message, err=True)


def _colour() -> bool:
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


@contextmanager
def pair_progress(pairs: int) -> Iterator[Callable[[Pair], None] | None]:
    """A progress bar on stderr while a canary runs, where stderr is a terminal; it may end early."""
    with progress(pairs) as tick:
        yield None if tick is None else lambda _pair: tick(None)


@contextmanager
def progress(calls: int) -> Iterator[Callable[[Sample | None], None] | None]:
    """A progress bar on stderr while probes are out, where stderr is a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=calls)
        yield lambda _sample: bar.advance(task)

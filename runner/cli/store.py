"""``holdfast store``: how large it is, what may be forgotten, a copy of it, and what it remembers of long ago."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import StoreError, UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from reports.house_text import StoreFigures
    from runner.keeping.privacy_settings import Retention
    from runner.settings.settings import LoadedSettings
    from runner.store.base import Store

PAUSE_S = 0.02
TextOrJson = Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")]
Size = Annotated[str, typer.Option("--by", metavar="hour|day", help="Sums of hours or of days.")]

app = typer.Typer(help="Look at the store, forget what is old, copy it, make it smaller.", no_args_is_help=True)


@contextmanager
def _opened(option: str | None, config: Path | None) -> Iterator[tuple[Store, LoadedSettings]]:
    """The store, which must be there, and the settings it belongs to."""
    from runner.cli.session import settings_beside
    from runner.wiring import store_of

    loaded = settings_beside([], config, sends=False)
    with closing(store_of(option, loaded, new=False)) as store:
        yield store, loaded


def _format(named: str) -> None:
    if named not in ("text", "json"):
        raise UsageError(f"--format {named!r} is not text or json")


def _say(lines: list[str], told: dict[str, object], format_: str) -> None:
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False) if format_ == "json" else "\n".join(lines))


@app.command("stats")
def stats(format_: TextOrJson = "text", store: opt.Store = None, config: opt.Config = None) -> int:
    """Sizes by table, how much a day adds, and what pruning would remove now."""
    from reports.house_text import stats_json, stats_lines

    _format(format_)
    with _opened(store, config) as (opened, loaded):
        figures = _figures(opened, loaded.settings.privacy.retain, datetime.now(UTC))
    _say(stats_lines(figures), stats_json(figures), format_)
    return 0


def _figures(store: Store, retain: Retention, now: datetime) -> StoreFigures:
    from reports.house_text import StoreFigures
    from runner.keeping.housekeeping import due_now

    size = store.size()
    return StoreFigures(
        file_bytes=size.file_bytes,
        free_bytes=size.free_bytes,
        tables=[(table.table, table.rows, table.bytes) for table in size.tables],
        runs=size.runs,
        runs_with_texts=size.runs_with_texts,
        oldest=size.oldest,
        newest=size.newest,
        due=due_now(store, retain, now),
    )


@app.command("prune")
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    texts: Annotated[
        str | None,
        typer.Option("--texts", metavar="DURATION", help="Forget texts older than this, whatever the settings say."),
    ] = None,
    format_: TextOrJson = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Forget what is older than privacy.retain of the settings, in small steps, while others may write."""
    from reports.house_text import due_words
    from runner.keeping.housekeeping import due_now

    _format(format_)
    now = datetime.now(UTC)
    with _opened(store, config) as (opened, loaded):
        retain = _retention(loaded.settings.privacy.retain, texts)
        if dry_run:
            due = due_now(opened, retain, now)
            _say([f"would forget {due_words(due)}"], {"schema": "holdfast.prune/1", "would_forget": dict(due)}, format_)
            return 0
        done = _prune(opened, retain, now)
    told = ", ".join(f"{what} {number}" for what, number in sorted(done.items()) if number) or "nothing"
    _say([f"done: {told}"], {"schema": "holdfast.prune/1", "done": done}, format_)
    return 0


def _retention(retain: Retention, texts: str | None) -> Retention:
    from runner.cli.alerts import seconds_of

    return retain if texts is None else retain.model_copy(update={"text_s": seconds_of("--texts", texts)})


def _prune(store: Store, retain: Retention, now: datetime) -> dict[str, int]:
    from runner.keeping.housekeeping import Housekeeping

    house = Housekeeping(store=store, retain=retain)
    for _ in house.steps(now):
        time.sleep(PAUSE_S)  # whoever saves a run goes first
    return dict(house.done)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the copy; must not exist.", show_default=False)],
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Write a consistent copy while others write. The copy is readable by its owner only."""
    from reports.house_text import size_words

    with _opened(store, config) as (opened, _):
        size = opened.copy_to(str(file))
    typer.echo(f"{file}: {size_words(size)}")
    return 0


@app.command("vacuum")
def vacuum(store: opt.Store = None, config: opt.Config = None) -> int:
    """Give free room back to the disk. Needs room for a second copy, and nobody can write meanwhile."""
    from reports.house_text import size_words
    from runner.settings.store_place import store_file

    with _opened(store, config) as (opened, loaded):
        before = opened.size()
        _refuse_without_room(store_file(store, loaded), before.file_bytes - before.free_bytes)
        opened.vacuum()
        after = opened.size()
    typer.echo(f"{size_words(before.file_bytes)} before, {size_words(after.file_bytes)} now")
    return 0


def _refuse_without_room(file: Path | None, needed: int) -> None:
    from reports.house_text import size_words

    free = shutil.disk_usage(file.resolve().parent).free if file else needed * 2
    if free < 2 * needed:
        # the new file, and the log through which it takes the old one's place
        raise StoreError(
            f"vacuum needs {size_words(2 * needed)} beside {file} for a second copy, and {size_words(free)} is free; "
            "free some, or let the file be: its free room is used again"
        )


@app.command("history")
def history(
    suite: Annotated[str, typer.Argument(help="The name of a stored suite.", show_default=False)],
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="The endpoint; default: the only one that is monitored.")
    ] = None,
    by: Size = "day",
    probe: Annotated[str | None, typer.Option("--probe", help="Of this probe; default: of all together.")] = None,
    since: Annotated[str, typer.Option("--since", metavar="DURATION", help="How far back.")] = "30d",
    format_: TextOrJson = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Sums by day or hour, which outlive the runs they are made of."""
    from reports.house_text import history_json, history_lines
    from runner.cli.alerts import seconds_of
    from runner.keeping.housekeeping import rolled_up

    _format(format_)
    if by not in ("hour", "day"):
        raise UsageError(f"--by {by!r} is not hour or day")
    begin = _ago(datetime.now(UTC), seconds_of("--since", since))
    with _opened(store, config) as (opened, _):
        rolled_up(opened)
        endpoint = _endpoint(opened, suite, endpoint)
        sums = opened.rollups(suite, endpoint, size=by, since=begin, probe=probe or "")
    if not sums:
        raise UsageError(f"nothing is summed up of {suite} at {endpoint}{f' for {probe}' if probe else ''} since then")
    _say(history_lines(sums), history_json(sums), format_)
    return 0


def _endpoint(store: Store, suite: str, wanted: str | None) -> str:
    """The endpoint that is meant: the one that is named, else the only one at which the suite is monitored.

    Raises:
        UsageError: none is named, and there is none or several.
    """
    if wanted is not None:
        return wanted
    known = [entry.endpoint for entry in store.installed() if entry.suite == suite]
    if len(known) == 1:
        return known[0]
    several = f"is monitored at {', '.join(known)}" if known else "is not monitored any more, or never was"
    raise UsageError(f"{suite} {several}; name an endpoint with --endpoint")


def _ago(now: datetime, seconds: float) -> datetime:
    """So long before now; where there were not so many years, the beginning of all."""
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)

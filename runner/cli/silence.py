"""``holdfast silence``: tell nobody of some incidents for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import UsageError
from runner.cli import options as opt
from runner.cli.alerts import act_of, opened_store, options_of, seconds_of

if TYPE_CHECKING:
    from runner.alerting.silencing import Act


def silence(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help="SUITE, SUITE/ENDPOINT, SUITE/ENDPOINT/KIND (globs), or an incident's id."
        ),
    ] = None,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="How long, like 2h; 30d at most.")
    ] = None,
    reason: opt.Reason = None,
    author: opt.Author = None,
    until_resolved: Annotated[
        bool, typer.Option("--until-resolved", help="It also ends when what it is about is over.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the silences in force instead.")] = False,
    end: Annotated[str | None, typer.Option("--end", metavar="ID", help="End this silence instead.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="text|json", help="How to print the list; text by default.")
    ] = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Tell nobody of some incidents for a while. Runs, evidence and states go on, and are shown as silenced."""
    if sum((target is not None, list_, end is not None)) != 1:
        raise UsageError("holdfast silence takes one of: TARGET, --list, --end ID")
    if format_ not in (None, "text", "json"):
        raise UsageError(f"--format {format_!r} is unknown; it is one of text, json")
    if format_ is not None and not list_:
        raise UsageError("--format goes with --list")
    if target is None:
        return _list_silences(store, config, format_) if end is None else _end(end, author, reason, store, config)
    if lasts is None:
        raise UsageError("a silence needs its end: --for takes a duration like 2h")
    return _silence(
        target, seconds_of("--for", lasts), until_resolved, act_of(author, reason, "a silence"), store, config
    )


def _silence(
    target: str, lasts_s: float, until_resolved: bool, act: Act, store: str | None, config: Path | None
) -> int:
    from secrets import token_hex

    from reports.stories.text import silence_line
    from runner.alerting import silencing

    with opened_store(store, config) as opened:
        made = silencing.silence(
            opened, target, lasts_s=lasts_s, until_resolved=until_resolved, act=act, silence_id=token_hex(4)
        )
        muted = sorted(state.key for state in opened.open_alerts() if made.about(state.key))
    typer.echo(silence_line(made))
    for key in dict.fromkeys(muted):
        typer.echo(f"  open now: {key}")
    typer.echo(f"  to end it: holdfast silence --end {made.silence_id}{options_of(store, config)}")
    return 0


def _list_silences(store: str | None, config: Path | None, format_: str | None) -> int:
    from reports.stories.json_format import render_silences
    from reports.stories.text import silence_line

    now = datetime.now(UTC)
    with opened_store(store, config) as opened:
        standing = opened.silences(now)
    if format_ == "json":
        typer.echo(render_silences(standing, now=now), nl=False)
        return 0
    for entry in standing:
        typer.echo(silence_line(entry))
    if not standing:
        typer.echo("no silence is in force")
    return 0


def _end(name: str, author: str | None, reason: str | None, store: str | None, config: Path | None) -> int:
    from reports.stories.text import silence_line
    from runner.alerting.silencing import Act, end_silence
    from runner.cli.session import author_of

    act = Act(author=author_of(author), reason=(reason or "").strip(), at=datetime.now(UTC))
    with opened_store(store, config) as opened:
        ended = end_silence(opened, name, act)
    typer.echo(silence_line(ended))
    return 0

"""``holdfast alerts``: what is open and what was, the story of one incident, and who looks after it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from probes.errors import UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reports.alerts.story import Incident
    from runner.alerting.silencing import Act
    from runner.store.base import Store

DEFAULT_SINCE = "7d"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_S = 1e11
Named = Annotated[
    str,
    typer.Argument(metavar="INCIDENT", help="Its id or how it begins, or SUITE/ENDPOINT/KIND.", show_default=False),
]
TextOrJson = Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")]


class _Commands(TyperGroup):
    """Refuses words that are no command with what would be right: most of them are ids of incidents."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # typer gives these types no public names
        from probes.nearest import nearest

        if args and self.get_command(ctx, args[0]) is None:
            near = nearest(args[0], self.list_commands(ctx))
            story = f"the story of an incident is told by: holdfast alerts show {quote(args[0])}"
            raise UsageError(f"no command {args[0]!r} ({f'did you mean {near!r}?' if near else story})")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help="List open incidents with their evidence, tell the story of one, or acknowledge it.",
    invoke_without_command=True,
)


@app.callback()
def alerts(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Open ones and those that are over.")] = False,
    past: Annotated[bool, typer.Option("--past", help="Only those that are over.")] = False,
    suite: Annotated[str | None, typer.Option("--suite", help="Only of this suite.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DURATION", help="Also those that ended so lately, like 30d; --past: 7d."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where one is open and not muted.")] = False,
    format_: TextOrJson = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """List open incidents and those that wait to open; with --past or --all those that are over, too."""
    from runner.alerting.incidents import Wanted, incidents

    if context.invoked_subcommand is not None:
        _refuse_options(context, context.invoked_subcommand)
        return 0
    _format(format_)
    now = datetime.now(UTC)
    lately_s = seconds_of("--since", since or DEFAULT_SINCE)
    ago = min(timedelta(seconds=min(lately_s, _LONGEST_S)), now - _EVER)
    past_since = now - ago if past or everything or since else None
    with opened_store(store, config) as opened:
        _known(opened, suite, config)
        wanted = Wanted(open=everything or not past, past_since=past_since, suite=suite)
        found = incidents(opened, wanted, now)
        _print(opened, found, now, format_, options_of(store, config))
    return 1 if check and any(i.state == "open" and not i.muted for i in found) else 0


def _refuse_options(context: typer.Context, command: str) -> None:
    """Options of the list would be lost: an incident must not be taken in another store than the one that is named."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is not None and source.name == "COMMANDLINE":
            name = option.opts[0]
            raise UsageError(f"put {name} behind {command}: holdfast alerts {command} INCIDENT {name} ...")


@app.command("show")
def show(incident: Named, format_: TextOrJson = "text", store: opt.Store = None, config: opt.Config = None) -> int:
    """Tell the whole story of one incident."""
    from reports.stories import text
    from runner.alerting.incidents import incident_named

    _format(format_)
    now = datetime.now(UTC)
    with opened_store(store, config) as opened:
        found = incident_named(opened, incident, now)
        if format_ == "json":
            _print(opened, [found], now, format_, "")
        else:
            typer.echo(text.render_one(found, now=now, options=options_of(store, config), width=_width()), nl=False)
    return 0


@app.command("ack")
def acknowledge(
    incident: Named,
    reason: opt.Reason = None,
    author: opt.Author = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Say that you look after an incident: it is neither escalated nor repeated; its end is still told."""
    from reports.alerts.silences import acknowledged_words
    from runner.alerting import silencing

    act = act_of(author, reason, "an acknowledgement")
    with opened_store(store, config) as opened:
        found = silencing.acknowledge(opened, incident, act)
    for each in found:
        said = acknowledged_words(each.acknowledged) if each.acknowledged else ""
        typer.echo(f"incident {each.incident_id} ({each.key}, {each.notifier or 'shown only'}): {said}")
    return 0


# ------------------------------------------------------------------------------------------------ what they share
@contextmanager
def opened_store(store: str | None, config: Path | None) -> Iterator[Store]:
    """The store that the options name; one that is not there is a usage error."""
    from runner.cli.session import settings_beside
    from runner.wiring import store_of

    with closing(store_of(store, settings_beside([], config, sends=False), new=False)) as opened:
        yield opened


def _print(store: Store, found: Sequence[Incident], now: datetime, format_: str, options: str) -> None:
    from reports.stories import json_format, text

    if format_ == "json":
        typer.echo(json_format.render(found, store.silences(now), now=now), nl=False)
    else:
        typer.echo(text.render_list(found, now=now, options=options, width=_width()), nl=False)


def options_of(store: str | None, config: Path | None) -> str:
    """What other commands need to find the same store."""
    from runner.cli.session import settings_beside
    from runner.reach import reach_of

    return reach_of(store, settings_beside([], config, sends=False))


def act_of(author: str | None, reason: str | None, what: str) -> Act:
    """Who decides, why and when.

    Raises:
        UsageError: no reason is given.
    """
    from runner.alerting.silencing import Act
    from runner.cli.session import author_of

    if not reason or not reason.strip():
        raise UsageError(f'{what} needs a reason: --reason "..."')
    return Act(author=author_of(author), reason=reason.strip(), at=datetime.now(UTC))


def seconds_of(option: str, text: str) -> float:
    """Seconds of an option that takes a duration.

    Raises:
        UsageError: it is none.
    """
    from probes.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {error}") from error


def _known(store: Store, suite: str | None, config: Path | None) -> None:
    """Refuse a suite that nobody knows: that nothing is open of it would be no news."""
    from runner.alerting.known_suites import refuse_unknown_suite
    from runner.cli.session import SUITE_ENDINGS, settings_beside

    if suite is not None:
        loaded = settings_beside([], config, sends=False)
        folder = loaded.folder / loaded.settings.suites
        files = sorted(folder.glob("*")) if folder.is_dir() else [folder]
        refuse_unknown_suite(store, suite, [file for file in files if file.suffix in SUITE_ENDINGS])


def _format(name: str) -> None:
    if name not in ("text", "json"):
        raise UsageError(f"--format {name!r} is unknown; it is one of text, json")


def _width() -> int:
    import shutil

    return max(100, shutil.get_terminal_size((120, 24)).columns)

"""``holdfast baseline``: what is normal, and the acts by which people say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import UsageError
from runner.cli import baseline_diff, baseline_files
from runner.cli import options as opt

if TYPE_CHECKING:
    from runner.cli.look import Place

app = typer.Typer(
    help="What is normal at an endpoint. It changes only by an explicit act, with author and reason.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CAPTURE_ROUNDS = 50
"""Enough for a latency stream that may alarm: below 50 runs it stops at warn."""


@app.command("capture")
def capture(
    suites: opt.Suites,
    endpoint: opt.Endpoint = None,
    probe: opt.Probes = None,
    label: opt.Labels = None,
    samples: opt.Samples = None,
    rounds: opt.Rounds = CAPTURE_ROUNDS,
    author: opt.Author = None,
    reason: opt.Reason = None,
    format_: opt.Format = "text",
    output: opt.Output = None,
    report: opt.ReportDir = None,
    store: opt.Store = None,
    config: opt.Config = None,
    no_alerts: opt.NoAlerts = False,
    strict: opt.Strict = False,
) -> int:
    """Forget what was normal, make this many runs, and take them as the new baseline."""
    from contextlib import closing

    from runner.cli.interruptible import run_interruptible
    from runner.cli.printing import format_named, print_runs
    from runner.cli.run import fire, orders_of
    from runner.cli.session import author_of, prepare_all, refuse_unwritable, settings_beside
    from runner.files import writable
    from runner.normal.baselines import begin_capture, refuse_where_nothing_may_be_spent
    from runner.wiring import store_of

    format_named(format_)
    writable(output, report)
    loaded = settings_beside(suites, config)
    prepared = prepare_all(suites, None if no_alerts else frozenset(loaded.notifiers), loaded.settings.spend)
    orders = orders_of(
        prepared,
        endpoints=endpoint,
        probes=probe,
        labels=label,
        samples=samples,
        alerting=not no_alerts,
        trigger="capture",
    )
    refuse_unwritable(store, loaded)
    with closing(store_of(store, loaded)) as opened:
        refuse_where_nothing_may_be_spent(opened, orders, loaded.settings.spend)
        for order in orders:
            begin_capture(
                opened, order, author=author_of(author), reason=reason or f"a capture of {rounds} runs was begun"
            )
    made = run_interruptible(fire(orders, loaded, store=store, rounds=rounds, report=report, capturing=True))
    return print_runs(made, format_=format_, output=output, strict=strict)


@app.command("list")
def list_(
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """List every suite and endpoint of the store: what its baseline is, and where its streams stand."""
    from contextlib import closing

    from runner.cli.normal_list import list_text
    from runner.cli.session import settings_beside
    from runner.wiring import store_of

    with closing(store_of(store, settings_beside([], config, sends=False), new=False)) as opened:
        typer.echo(list_text(opened, format_))
    return 0


@app.command("show")
def show(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Show what is normal: where it came from, and what each stream has learned."""
    from runner.cli.look import one_place
    from runner.cli.normal import baseline_text

    with one_place(suite, endpoint, store, config) as place:
        typer.echo(baseline_text(place, format_))
    return 0


@app.command("accept")
def accept(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", help="Only this stream; default: every stream in alarm.")
    ] = None,
    probe: Annotated[list[str] | None, typer.Option("--probe", help="Only streams of this probe.")] = None,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Take the present as the new normal, from the run on in which each stream moved."""
    from runner.cli.look import one_place
    from runner.cli.session import author_of, reason_of
    from runner.normal.baselines import accept_change

    why = reason_of(reason, "accept")
    with one_place(suite, endpoint, store, config) as place:
        accepted = accept_change(
            place.store,
            place.suite,
            place.endpoint,
            streams=tuple(stream or ()),
            probes=tuple(probe or ()),
            author=author_of(author),
            reason=why,
        )
    for key, runs in accepted:
        typer.echo(f"{key}: the new normal starts from {runs} run{'' if runs == 1 else 's'}")
    return 0


@app.command("mark")
def mark(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Declare a change, such as a deploy: from the next run on all streams learn anew, and pictures show the reason."""
    from runner.cli.look import one_place
    from runner.cli.session import author_of, reason_of
    from runner.normal.baselines import mark_change

    why = reason_of(reason, "mark")
    with one_place(suite, endpoint, store, config) as place:
        anew = mark_change(place.store, place.suite, place.endpoint, author=author_of(author), reason=why)
    typer.echo(f"{_streams(anew, place)} anew with the next run")
    return 0


@app.command("freeze")
def freeze(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Keep what is normal today as the golden baseline, against which drift over months is found."""
    from reports.wording import count
    from runner.cli.look import one_place
    from runner.cli.session import author_of, reason_of
    from runner.normal.golden import freeze_baseline

    why = reason_of(reason, "freeze")
    with one_place(suite, endpoint, store, config) as place:
        runs, streams = freeze_baseline(place.store, place.suite, place.endpoint, author=author_of(author), reason=why)
    told = f"{count(runs, 'run')} of {place.suite} at {place.endpoint} {'is' if runs == 1 else 'are'}"
    typer.echo(f"{told} the golden baseline of {count(streams, 'stream')}")
    return 0


@app.command("reset")
def reset(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    probe: Annotated[list[str] | None, typer.Option("--probe", help="Only streams of this probe.")] = None,
    golden: Annotated[bool, typer.Option("--golden", help="Only the golden baseline; all else stays.")] = False,
    author: opt.Author = None,
    reason: opt.Reason = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Forget what was normal; the next runs collect anew. A golden baseline goes only with --golden."""
    from reports.wording import count
    from runner.cli.look import one_place
    from runner.cli.session import author_of, reason_of
    from runner.normal.baselines import reset_baseline
    from runner.normal.golden import drop_golden

    why = reason_of(reason, "reset")
    if golden and probe:
        raise UsageError("a golden baseline is of the whole suite; --golden and --probe do not go together")
    with one_place(suite, endpoint, store, config) as place:
        if golden:
            gone = drop_golden(place.store, place.suite, place.endpoint, author=author_of(author), reason=why)
            typer.echo(f"the golden baseline of {place.suite} at {place.endpoint} is gone ({count(gone, 'stream')})")
            return 0
        dropped = reset_baseline(
            place.store,
            place.suite,
            place.endpoint,
            probes=tuple(probe or ()),
            author=author_of(author),
            reason=why,
        )
    typer.echo(f"{_streams(dropped, place)} anew")
    return 0


def _streams(number: int, place: Place) -> str:
    """``1 stream of bot at production starts``."""
    from reports.wording import count

    return f"{count(number, 'stream')} of {place.suite} at {place.endpoint} start{'s' if number == 1 else ''}"


app.command("diff")(baseline_diff.diff)
app.command("export")(baseline_files.export_file)
app.command("import")(baseline_files.import_file)

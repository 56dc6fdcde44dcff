"""The commands of ``holdfast``, in the order people meet them."""

from __future__ import annotations

from typing import Annotated

import typer

from runner.cli import (
    alerts,
    baseline,
    canary,
    daemon,
    demo,
    doctor,
    importing,
    look,
    plan,
    run,
    silence,
    store,
    suites,
)

app = typer.Typer(
    name="holdfast",
    help="Fire fixed probes at LLM endpoints, and say when they move: with a kept false-alarm budget.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 healthy, 1 failing, 2 wrong suite, settings or usage (nothing sent), 3 could not measure.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"holdfast {version('holdfast')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where something goes wrong.")] = False,
) -> None:
    """Options of every command; ``--debug`` is read in ``main``."""


app.command("init")(suites.init)
app.command("validate")(suites.validate)
app.command("schema")(suites.schema)
app.command("import")(importing.import_suite)
app.command("run")(run.run)
app.add_typer(baseline.app, name="baseline")
app.command("canary")(canary.canary)
app.command("plan")(plan.plan)
app.command("show")(look.show)
app.command("report")(look.report)
app.command("replay")(look.replay)
app.add_typer(alerts.app, name="alerts")
app.command("silence")(silence.silence)
app.add_typer(store.app, name="store")
app.command("daemon")(daemon.daemon)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)

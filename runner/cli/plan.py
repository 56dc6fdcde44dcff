"""``holdfast plan``: what a suite will find, cost and get wrong, before anybody waits for it. Asks no endpoint."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import SuiteError, UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from reports.plan.record import SuitePlan
    from runner.planning.planning import PlanOrder
    from runner.preparing.prepare import PreparedSuite
    from runner.settings.settings import LoadedSettings
    from runner.store.base import Store

SuiteFile = Annotated[Path, typer.Argument(help="The suite file.", show_default=False)]
BaselineRuns = Annotated[
    int,
    typer.Option("--baseline-runs", min=20, max=1000, help="Runs of the baseline, where none are recorded."),
]


def plan(
    suite: SuiteFile,
    endpoint: opt.OneEndpoint = None,
    baseline_runs: BaselineRuns = 100,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter trials: rougher, sooner.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Four times the trials.")] = False,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
    output: opt.Output = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Say what a suite will find within an hour, a day and a week, how often it will be wrong, and what it costs."""
    from runner.cli.session import endpoints_of, settings_beside
    from runner.files import writable, write_text
    from runner.planning.planning import EFFORTS, PlanOrder

    if format_ not in ("text", "json"):
        raise UsageError(f"--format {format_!r} is unknown; it is one of text, json")
    if quick and thorough:
        raise UsageError("--quick and --thorough exclude each other")
    writable(output, None)
    loaded = settings_beside([suite], config, sends=False)
    prepared = _read(suite)
    order = PlanOrder(
        prepared=prepared,
        endpoint=endpoints_of(prepared, [endpoint] if endpoint else None)[0],
        budget=loaded.settings.false_alarms_per_year,
        baseline_runs=baseline_runs,
        effort=EFFORTS["quick" if quick else "thorough" if thorough else "usual"],
    )
    text = _rendered(_planned(order, store, loaded), format_)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
    return 0


def _read(suite: Path) -> PreparedSuite:
    """The suite, also without its credentials: nothing is sent.

    Raises:
        SuiteError: something is wrong with it, or what is missing decides how many questions there are.
    """
    from probes.suite_file import read_suite
    from runner.preparing.prepare import AnyEnvironment, prepare

    try:
        return prepare(suite, os.environ, None)
    except SuiteError:
        anything = AnyEnvironment(os.environ)
        prepared = prepare(suite, anything, None)
        if read_suite(suite, anything, secrets_at_hand=False).unfolded.unread:
            raise
        return prepared


def _planned(order: PlanOrder, store: str | None, loaded: LoadedSettings) -> SuitePlan:
    from runner.planning.planning import planned

    opened = _store(store, loaded)
    if opened is None:
        return planned(order, None)
    with closing(opened):
        return planned(order, opened)


def _store(store: str | None, loaded: LoadedSettings) -> Store | None:
    """The store; None where there is none yet and none was named."""
    from runner.wiring import store_of

    try:
        return store_of(store, loaded, new=False)
    except UsageError:
        if store is not None:
            raise
        return None


def _rendered(plan: SuitePlan, format_: str) -> str:
    import shutil

    from reports.plan import json_format, text

    if format_ == "json":
        return json_format.render(plan)
    return text.render(plan, width=max(100, shutil.get_terminal_size((120, 24)).columns))

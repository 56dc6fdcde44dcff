"""``holdfast show``, ``report`` and ``replay``: read what is stored. Nothing here asks an endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import HoldfastError, UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from probes.suite import Owner
    from reports.canary.record import CanaryRecord
    from reports.summary import RunRecord
    from runner.store.base import Store

CanaryId = Annotated[
    str | None, typer.Option("--canary", metavar="ID", help="This canary instead of a run; latest: the newest.")
]
RunId = Annotated[str | None, typer.Option("--run", metavar="ID", help="This run; default: the newest.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A suite at an endpoint, with the store that knows about it."""

    store: Store
    suite: str
    endpoint: str
    file: str
    """How commands name the suite: its file, or its name where only that is known."""
    owner: Owner
    reach: str = ""
    """What commands need to find the store."""


@contextmanager
def one_place(suite: Path, endpoint: str | None, store: str | None, config: Path | None) -> Iterator[Place]:
    """Open the store for one suite and endpoint, without asking for credentials.

    ``suite`` is a suite file, or the name of a suite the store knows.

    Raises:
        SuiteError, SettingsError, UsageError, StoreError: as the names say.
    """
    from runner.cli.session import endpoints_of, settings_beside
    from runner.preparing.prepare import AnyEnvironment, prepare
    from runner.reach import reach_of
    from runner.wiring import store_of

    if not suite.exists() and not suite.suffix:
        here = settings_beside([], config, sends=False)
        with closing(store_of(store, here, new=False)) as opened:
            yield replace(_by_name(opened, str(suite), endpoint), reach=reach_of(store, here))
        return
    loaded = settings_beside([suite], config, sends=False)
    prepared = prepare(suite, AnyEnvironment(os.environ), None)
    name = endpoints_of(prepared, [endpoint] if endpoint else None)[0]
    with closing(store_of(store, loaded, new=False)) as opened:
        yield Place(
            store=opened,
            suite=prepared.suite.name,
            endpoint=name,
            file=prepared.file,
            owner=prepared.suite.owner,
            reach=reach_of(store, loaded),
        )


def _by_name(store: Store, name: str, endpoint: str | None) -> Place:
    from probes.suite import Owner

    known = [entry.endpoint for entry in store.installed() if entry.suite == name]
    if not known:
        raise UsageError(f"{name!r} is neither a suite file nor a suite in the store")
    if endpoint is not None and endpoint not in known:
        raise UsageError(f"nothing is stored of {name} at {endpoint!r}; there is {', '.join(known)}")
    return Place(store=store, suite=name, endpoint=endpoint or known[0], file=name, owner=Owner())


def show(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    run: RunId = None,
    canary: CanaryId = None,
    runs: Annotated[int, typer.Option("--list", min=0, metavar="N", help="List the newest N runs instead.")] = 0,
    format_: opt.Format = "text",
    output: opt.Output = None,
    store: opt.Store = None,
    config: opt.Config = None,
    strict: opt.Strict = False,
) -> int:
    """Show a stored run as it was told, with the exit code of its health."""
    from runner.cli.printing import Made, format_named, print_runs

    format_named(format_)
    with one_place(suite, endpoint, store, config) as place:
        if canary:
            return _show_canary(_canary(place, canary), format_, output)
        if runs:
            return _list(place, runs)
        return print_runs(Made(records=[_stored(place, run)]), format_=format_, output=output, strict=strict)


def _show_canary(record: CanaryRecord, format_: str, output: Path | None) -> int:
    from runner.cli.printing import print_canary

    print_canary(record, [], format_=format_, output=output)
    return record.exit_code


def _canary(place: Place, canary_id: str) -> CanaryRecord:
    """A stored canary.

    Raises:
        UsageError: there is none of this id, or of this suite.
    """
    if canary_id == "latest":
        record = next(iter(place.store.canaries(place.suite, limit=1)), None)
    else:
        record = place.store.canary(canary_id)
    if record is None or record.suite != place.suite:
        which = "no canary" if canary_id == "latest" else f"no canary {canary_id!r}"
        raise UsageError(f"{which} of {place.suite} is stored; holdfast canary {place.file}{place.reach} makes one")
    return record


def _list(place: Place, limit: int) -> int:
    from reports.escaping import one_line

    for header in place.store.runs(suite=place.suite, endpoint=place.endpoint, limit=limit):
        mark = "  baseline" if header.in_baseline else ""
        mark += f"  maintenance: {one_line(header.maintenance, 100)}" if header.maintenance else ""
        mark += "  our own network was lost" if header.offline else ""
        when = header.started_at.strftime("%Y-%m-%d %H:%M:%S")
        typer.echo(f"{header.run_id}  {when}Z  {header.health:<9} {header.trigger}{mark}")
    return 0


def _stored(place: Place, run_id: str | None) -> RunRecord:
    from runner.pages import latest

    if run_id is None:
        record = latest(place.store, place.suite, place.endpoint)
        if record is None:
            raise UsageError(
                f"nothing is stored of {place.suite} at {place.endpoint}; holdfast run {place.file}{place.reach}"
            )
        return replace(record, reach=place.reach)
    record = place.store.run(run_id)
    if record is None or (record.suite, record.endpoint) != (place.suite, place.endpoint):
        raise UsageError(f"no run {run_id!r} of {place.suite} at {place.endpoint}")
    return replace(record, reach=place.reach)


def report(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    run: RunId = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Default SUITE-ENDPOINT.html.")
    ] = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Write the HTML report of a stored run, and print its path."""
    from runner.files import write_text
    from runner.pages import page, page_name, report_of

    with one_place(suite, endpoint, store, config) as place:
        record = _stored(place, run)
        path = output or Path(page_name(place.suite, place.endpoint))
        write_text(path, page(report_of(place.store, record, owner=place.owner)))
    typer.echo(path)
    return 0


def replay(
    suite: opt.Suite,
    endpoint: opt.OneEndpoint = None,
    run: RunId = None,
    canary: CanaryId = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Judge the stored samples again from the start, and compare with what was said at the time."""
    from runner.normal.replay import replay_canary, replay_place

    with one_place(suite, endpoint, store, config) as place:
        if canary:
            outcome = replay_canary(_canary(place, canary))
        else:
            outcome = replay_place(place.store, place.suite, place.endpoint, until=run)
    for line in outcome.lines:
        typer.echo(line)
    if not outcome.agrees:
        raise HoldfastError("the replay differs from what was stored")
    return 0

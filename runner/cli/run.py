"""``holdfast run``: fire now, check, compare, judge, store, print."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import options as opt

if TYPE_CHECKING:
    from reports.summary import RunRecord
    from runner.orders import RunOrder
    from runner.prepare import PreparedSuite
    from runner.settings import LoadedSettings

DELIVERY_DEADLINE_S = 15.0


def run(
    suites: opt.Suites,
    endpoint: opt.Endpoint = None,
    probe: opt.Probes = None,
    label: opt.Labels = None,
    samples: opt.Samples = None,
    rounds: opt.Rounds = 1,
    format_: opt.Format = "text",
    output: opt.Output = None,
    report: opt.ReportDir = None,
    store: opt.Store = None,
    config: opt.Config = None,
    no_alerts: opt.NoAlerts = False,
    strict: opt.Strict = False,
) -> int:
    """Fire suites now: check the answers, compare with the baseline, judge, store and print."""
    from runner.cli.printing import format_named, print_runs
    from runner.cli.session import prepare_all, settings_beside
    from runner.files import writable

    format_named(format_)
    writable(output, report)
    loaded = settings_beside(suites, config)
    prepared = prepare_all(suites, None if no_alerts else frozenset(loaded.notifiers), loaded.settings.spend)
    orders = orders_of(
        prepared, endpoints=endpoint, probes=probe, labels=label, samples=samples, alerting=not no_alerts
    )
    records, pages = asyncio.run(fire(orders, loaded, store=store, rounds=rounds, report=report))
    return print_runs(records, pages, format_=format_, output=output, strict=strict)


def orders_of(
    prepared: Sequence[PreparedSuite],
    *,
    endpoints: list[str] | None,
    probes: list[str] | None,
    labels: list[str] | None,
    samples: int | None,
    alerting: bool,
    trigger: str = "manual",
) -> list[RunOrder]:
    """One order a suite and endpoint.

    Raises:
        UsageError: an endpoint, probe or label that the suite does not have.
    """
    from runner.cli.session import endpoints_of
    from runner.orders import RunOrder
    from runner.prepare import select

    return [
        RunOrder(
            prepared=each,
            endpoint=name,
            probes=select(each.suite, probes=tuple(probes or ()), labels=opt.labels_of(labels), samples=samples),
            trigger=trigger,
            alerting=alerting,
        )
        for each in prepared
        for name in endpoints_of(each, endpoints)
    ]


async def fire(
    orders: Sequence[RunOrder],
    loaded: LoadedSettings,
    *,
    store: str | None,
    rounds: int,
    report: Path | None,
    capturing: bool = False,
) -> tuple[list[RunRecord], list[Path]]:
    """Make all runs, deliver what they have to tell, and write the reports asked for.

    While capturing, all rounds but the last only collect; the last one turns what was collected into the baseline.
    """
    from dataclasses import replace

    from runner.cli.printing import progress
    from runner.wiring import installation

    calls = rounds * sum(count for order in orders for _, count in order.probes)
    links = _links(report)
    async with installation(loaded, store_option=store, report_link=links) as here:
        records: list[RunRecord] = []
        with progress(calls) as tick:
            for round_ in range(rounds):
                for order in orders:
                    collecting = capturing and round_ < rounds - 1
                    records.append(await here.engine.run(replace(order, capturing=collecting), tick))
        if any(order.alerting for order in orders):
            await here.outbox.drain(DELIVERY_DEADLINE_S)
        if report is None:
            return records, []
        from runner.pages import write_reports

        return records, write_reports(here.store, orders, report)


def _links(report: Path | None) -> Callable[[RunRecord], str]:
    """Where a notice finds the evidence page of its run."""
    if report is None:
        return lambda _record: ""
    from runner.pages import page_name

    folder = report.resolve()
    return lambda record: str(folder / page_name(record.suite, record.endpoint))

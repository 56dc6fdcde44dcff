"""``holdfast run``: fire now, check, compare, judge, store, print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import options as opt

if TYPE_CHECKING:
    from reports.summary import RunRecord
    from runner.cli.printing import Made
    from runner.gateway.push_settings import Pushgateway
    from runner.preparing.orders import RunOrder
    from runner.preparing.prepare import PreparedSuite
    from runner.settings.settings import LoadedSettings

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
    pushgateway: opt.Push = None,
) -> int:
    """Fire suites now: check the answers, compare with the baseline, judge, store and print."""
    from runner.cli.interruptible import run_interruptible
    from runner.cli.printing import format_named, print_runs
    from runner.cli.session import prepare_all, refuse_unwritable, settings_beside
    from runner.files import writable

    format_named(format_)
    writable(output, report)
    loaded = settings_beside(suites, config)
    gateway = gateway_of(pushgateway, loaded)
    prepared = prepare_all(suites, None if no_alerts else frozenset(loaded.notifiers), loaded.settings.spend)
    orders = orders_of(
        prepared, endpoints=endpoint, probes=probe, labels=label, samples=samples, alerting=not no_alerts
    )
    refuse_unwritable(store, loaded)
    made = run_interruptible(fire(orders, loaded, store=store, rounds=rounds, report=report, gateway=gateway))
    return print_runs(made, format_=format_, output=output, strict=strict)


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
    from runner.preparing.orders import RunOrder
    from runner.preparing.prepare import select

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
    gateway: Pushgateway | None = None,
) -> Made:
    """Make all runs, deliver what they have to tell, and write the reports asked for.

    While capturing, all rounds but the last only collect; the last one turns what was collected into the baseline.
    A capture ends where a spending cap holds it back. A run that cannot be stored is the last one.
    """
    from runner.cli.printing import Made, progress
    from runner.cli.rounds import make_rounds
    from runner.wiring import installation

    calls = rounds * sum(count for order in orders for _, count in order.probes)
    links = _links(report)
    async with installation(loaded, store_option=store, report_link=links) as here:
        made = Made()
        with progress(calls) as tick:
            await make_rounds(here, orders, rounds, made, tick, capturing=capturing)
        if gateway is not None:
            await _push(made, gateway)
        if not made.stored:
            return made
        if any(order.alerting for order in orders):
            await here.outbox.drain(DELIVERY_DEADLINE_S)
        if report is not None:
            from runner.pages import write_reports

            made.pages += write_reports(here.store, orders, report, reach=here.letterhead.reach)
        return made


def gateway_of(option: str | None, loaded: LoadedSettings) -> Pushgateway | None:
    """Where to push metrics: the address of the option, else what the settings say; the job is that of the settings.

    Headers of the settings may be secrets, so they go to the settings' own address alone.

    Raises:
        UsageError: the option is no address.
    """
    from pydantic import SecretStr

    from probes.errors import UsageError
    from runner.gateway.push_settings import Pushgateway, usable

    known = loaded.settings.pushgateway
    if option is None:
        return known
    if not usable(option):
        raise UsageError("--pushgateway is not an http or https address; write it like http://127.0.0.1:9091")
    return Pushgateway(url=SecretStr(option), **({"job": known.job} if known else {}))


async def _push(made: Made, gateway: Pushgateway) -> None:
    """Push what the runs told. Where that fails it is said, and nothing else changes: the exit code is the runs'."""
    from runner.gateway.pushing import push

    if trouble := await push(made.records, gateway):
        made.notes.append(f"warning: the metrics were not pushed to the pushgateway: {trouble}")


def _links(report: Path | None) -> Callable[[RunRecord], str]:
    """Where a notice finds the evidence page of its run."""
    if report is None:
        return lambda _record: ""
    from runner.pages import page_name

    folder = report.resolve()
    return lambda record: str(folder / page_name(record.suite, record.endpoint))

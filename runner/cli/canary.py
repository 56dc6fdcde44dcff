"""``holdfast canary``: a candidate against production, in pairs; PASS, FAIL or INCONCLUSIVE for a deploy gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probes.errors import UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from checks.baseline_file import BaselineFile
    from probes.suite import Suite
    from reports.canary.record import CanaryRecord
    from runner.canary.pairing import CanaryOrder
    from runner.preparing.prepare import PreparedSuite
    from runner.settings.settings import LoadedSettings

Production = Annotated[
    str | None, typer.Option("--production", metavar="NAME", help="The endpoint that serves now.", show_default=False)
]
AgainstBaseline = Annotated[
    Path | None,
    typer.Option(
        "--against-baseline",
        metavar="FILE",
        help="An exported baseline, where production cannot be asked; latency is then not judged.",
    ),
]
Candidate = Annotated[str, typer.Option("--candidate", metavar="NAME", help="The endpoint that shall serve.")]
MaxPairs = Annotated[
    int | None, typer.Option("--max-pairs", min=1, max=100_000, help="Most pairs; default 300, or the suite's.")
]
MaxTime = Annotated[
    str | None, typer.Option("--max-time", metavar="DURATION", help="Longest it may take; default 30m, or the suite's.")
]
MaxUsd = Annotated[float | None, typer.Option("--max-usd", min=0.0, help="Most it may cost, in US dollars.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="Most tokens it may use.")]


def canary(
    suite: opt.Suite,
    candidate: Candidate,
    production: Production = None,
    against_baseline: AgainstBaseline = None,
    probe: opt.Probes = None,
    label: opt.Labels = None,
    max_pairs: MaxPairs = None,
    max_time: MaxTime = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    format_: opt.Format = "text",
    output: opt.Output = None,
    report: opt.ReportDir = None,
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Compare a candidate with production in interleaved pairs: PASS (0), FAIL (1) or INCONCLUSIVE (3)."""
    from runner.cli.interruptible import run_interruptible
    from runner.cli.printing import canary_format, print_canary
    from runner.cli.session import prepare_all, refuse_unwritable, settings_beside
    from runner.files import writable
    from runner.pages import write_canary_page

    canary_format(format_)
    loaded = settings_beside([suite], config)
    writable(output, report)
    (prepared,) = prepare_all([suite], None, loaded.settings.spend)
    baseline = _baseline(prepared, production, against_baseline)
    order = _order(
        prepared,
        sides=(baseline.endpoint if baseline else production or "", candidate),
        baseline=baseline,
        probes=probe,
        labels=label,
        max_pairs=max_pairs,
        max_time=max_time,
        max_usd=max_usd,
        max_tokens=max_tokens,
    )
    refuse_unwritable(store, loaded)
    record = run_interruptible(_run(order, loaded, store))
    pages = [] if report is None else [write_canary_page(record, report)]
    print_canary(record, pages, format_=format_, output=output)
    return record.exit_code


def _order(
    prepared: PreparedSuite,
    *,
    sides: tuple[str, str],
    baseline: BaselineFile | None = None,
    probes: list[str] | None,
    labels: list[str] | None,
    max_pairs: int | None,
    max_time: str | None,
    max_usd: float | None,
    max_tokens: int | None,
) -> CanaryOrder:
    """What the options and the suite ask for together; an option goes before the suite's own word.

    Raises:
        UsageError: the suite has no such endpoint or probe, or both sides are one.
    """
    from checks.canary.plan import CanaryPlan
    from runner.canary.pairing import CanaryOrder
    from runner.cli.session import endpoints_of
    from runner.preparing.prepare import select

    production, candidate = endpoints_of(prepared, sides)
    if production == candidate and baseline is None:
        raise UsageError(f"--production and --candidate are both {candidate!r}: a candidate is another endpoint")
    settings = prepared.suite.canary
    if (settings.max_usd if max_usd is None else max_usd) is not None:
        _refuse_unpriced(prepared, sides if baseline is None else (candidate,))
    chosen = select(prepared.suite, probes=tuple(probes or ()), labels=opt.labels_of(labels))
    return CanaryOrder(
        prepared=prepared,
        production=production,
        candidate=candidate,
        probes=tuple(probe for probe, _ in chosen),
        plan=CanaryPlan.of(
            settings, streamed=_streamed(prepared.suite, sides), timed=baseline is None, max_pairs=max_pairs
        ),
        max_time_s=_seconds(max_time) if max_time else settings.max_time_s,
        max_usd=settings.max_usd if max_usd is None else max_usd,
        max_tokens=settings.max_tokens if max_tokens is None else max_tokens,
        baseline=baseline,
    )


def _refuse_unpriced(prepared: PreparedSuite, sides: Sequence[str]) -> None:
    """A dollar cap needs prices.

    Raises:
        UsageError: nobody knows what one of the endpoints costs.
    """
    from probes.pricing import asked_model, price_known

    endpoints = prepared.suite.endpoints
    judge = prepared.suite.judge
    asked = [*sides, *((name for name in (judge.endpoint, judge.embeddings) if name) if judge else ())]
    for name in dict.fromkeys(asked):
        if not price_known(endpoints[name]):
            model = asked_model(endpoints[name]) or "no model is named"
            raise UsageError(
                f"max_usd could not be kept: the price of endpoint {name} is unknown ({model}); give it "
                "prices: {input: ..., output: ...} (0 where it is free), or cap with --max-tokens"
            )


def _baseline(prepared: PreparedSuite, production: str | None, file: Path | None) -> BaselineFile | None:
    """The file that stands for production; None where production itself is asked.

    Raises:
        UsageError: neither or both were named, or the file is foreign, stale, or tells nothing of this suite.
        InputError: it is no baseline file, or damaged.
    """
    from runner.cli.baseline_files import fitting
    from runner.normal.importing_baselines import read

    if production is not None and file is not None:
        raise UsageError("--production and --against-baseline exclude each other: the file stands in for production")
    if production is None and file is None:
        raise UsageError(
            "say who is compared with: --production NAME, or --against-baseline FILE where it cannot be asked"
        )
    if file is None:
        return None
    told = read(file)
    if told.endpoint not in prepared.suite.endpoints:
        raise UsageError(f"{file}: it is of an endpoint {told.endpoint!r} that the suite does not have")
    kept, _ = fitting(told, file, prepared, told.endpoint, allow_stale=False)
    return kept


def _streamed(suite: Suite, sides: tuple[str, str]) -> bool:
    return all(suite.endpoints[name].streamed for name in sides)


def _seconds(written: str) -> float:
    from probes.duration import parse_duration

    try:
        seconds = parse_duration(written)
    except ValueError as error:
        raise UsageError(f"--max-time: {error}") from None
    if seconds <= 0:
        raise UsageError(f"--max-time {written!r} leaves no time; write it like 10m")
    return seconds


async def _run(order: CanaryOrder, loaded: LoadedSettings, store: str | None) -> CanaryRecord:
    from runner.canary.canary import Canaries
    from runner.cli.printing import pair_progress
    from runner.wiring import installation

    async with installation(loaded, store_option=store) as here:
        canaries = Canaries(
            store=here.store,
            transport=here.transport,
            clock=here.clock,
            limits=here.limits,
            accesses=here.accesses,
            pens=here.pens,
        )
        with pair_progress(order.plan.max_pairs) as tick:
            return await canaries.run(order, tick)

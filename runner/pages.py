"""HTML reports from what is stored: one page a suite and endpoint, written by commands and served by the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from checks.drift.result import StreamKey
from probes.suite import Owner
from reports.canary.record import CanaryRecord
from reports.formats.html import render_report
from reports.summary import Decision, Report, RunRecord, StreamPoint
from runner.asking.records import replay_command
from runner.files import write_text
from runner.preparing.orders import RunOrder
from runner.store.base import BaselineAct, Store

RECENT_RUNS = 24
HISTORY_RUNS = 240
MOST_PROBES = 20_000
"""Of all recent runs together, and a tenth of those of the history: a page of thousands of cases looks back less."""


def page_name(suite: str, endpoint: str) -> str:
    """File name of a page; names of suites and endpoints are safe in file names by their pattern."""
    return f"{suite}-{endpoint}.html"


def report_of(store: Store, run: RunRecord, *, owner: Owner) -> Report:
    """All that one page shows; its commands find the store by the run's ``reach``."""
    most = MOST_PROBES // max(1, len(run.probes))
    headers = store.runs(suite=run.suite, endpoint=run.endpoint, limit=max(2, min(RECENT_RUNS, most)))
    history = store.history(run.suite, run.endpoint, limit=max(RECENT_RUNS, min(HISTORY_RUNS, 10 * most)))
    recent = (store.run(header.run_id) for header in reversed(headers))
    return Report(
        run=run,
        recent=tuple(
            record
            for record in recent
            if record is not None and (record.run_id == run.run_id or record.started_at < run.started_at)
        ),
        baseline=store.baseline(run.suite, run.endpoint, without_run=run.run_id),
        history=history,
        decisions=_decisions(store.acts(run.suite, run.endpoint), history),
        owner=owner,
        replay=replay_command(run, run.reach),
    )


def _decisions(acts: Sequence[BaselineAct], history: Mapping[StreamKey, Sequence[StreamPoint]]) -> tuple[Decision, ...]:
    """What people declared since the oldest run that pictures show; what begins before all of them has no line."""
    begun = min((points[0].started_at for points in history.values() if points), default=None)
    return tuple(
        Decision(kind=act.kind, at=act.at, author=act.author, reason=act.reason, streams=act.streams)
        for act in acts
        if begun is not None and act.at > begun and act.kind != "import"
    )


def write_canary_page(record: CanaryRecord, folder: Path) -> Path:
    """The page of one canary; a later canary of the same pair replaces it.

    Raises:
        HoldfastError: the folder cannot be written.
    """
    from reports.canary.html import render

    path = folder / f"{record.suite}-{record.candidate}-canary.html"
    write_text(path, render(record, generated_at=datetime.now(UTC), version=version("holdfast")))
    return path


def latest(store: Store, suite: str, endpoint: str) -> RunRecord | None:
    """The newest run of a suite at an endpoint."""
    headers = store.runs(suite=suite, endpoint=endpoint, limit=1)
    return store.run(headers[0].run_id) if headers else None


def page(report: Report) -> str:
    """One report as a self-contained HTML page."""
    return render_report(report, generated_at=datetime.now(UTC), version=version("holdfast"))


def write_reports(store: Store, orders: Sequence[RunOrder], folder: Path, *, reach: str = "") -> list[Path]:
    """One page for each suite and endpoint that was asked. ``reach``: what its commands need to find the store.

    Raises:
        HoldfastError: the folder cannot be written.
    """
    pages: list[Path] = []
    for order in orders:
        suite = order.prepared.suite
        run = latest(store, suite.name, order.endpoint)
        if run is None:
            continue
        path = folder / page_name(suite.name, order.endpoint)
        write_text(path, page(report_of(store, replace(run, reach=reach), owner=suite.owner)))
        pages.append(path)
    return pages

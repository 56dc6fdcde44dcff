"""Lines that are kept between scrapes are those that the library writes from scratch, whatever happened between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from checks.drift.result import StreamState
from reports.metrics.metrics import Metrics
from reports.metrics.series import Series
from reports.metrics.table import HEALTH, LATENCY, RUNS, SCORE
from reports.summary import AlertView
from tests.fakes.records import a_run, a_stream, failing_run

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
SUITES = st.sampled_from(["a", "b", 'quo"te', "back\\slash", "new\nline", "re\rturn", "Zürich", ""])
ENDPOINTS = st.sampled_from(["production", "candidate"])
TRACE = "0af7651916cd43dd8448eb211c80319c"


def from_scratch(metrics: Metrics) -> tuple[bytes, bytes]:
    """What the library writes of the whole registry, in both formats."""
    return generate_latest(metrics.registry), openmetrics.generate_latest(metrics.registry)  # type: ignore[no-untyped-call]


def kept(metrics: Metrics) -> tuple[bytes, bytes]:
    return metrics.exposition("")[0], metrics.exposition(OPENMETRICS)[0]


Deed = Callable[[Metrics], Any]


@st.composite
def deeds(draw: st.DrawFn) -> Deed:
    """One thing that happens to a daemon's metrics."""
    suite, endpoint, number = draw(SUITES), draw(ENDPOINTS), draw(st.floats(0, 1e9))
    record = replace(draw(st.sampled_from([a_run(), failing_run()])), suite=suite, endpoint=endpoint)
    state = draw(st.sampled_from(list(StreamState)))
    judged = replace(
        record, drift=(a_stream("latency.total", state, min(number, 100.0)), a_stream("answers", state, None))
    )
    alert = AlertView(
        key="k", kind="drift", severity="page", state=draw(st.sampled_from(["open", "muted", "resolved"]))
    )
    cap = draw(st.none() | st.floats(0, 10))
    every: list[Deed] = [
        lambda m: m.expect(suite, endpoint),
        lambda m: m.forget(suite),
        lambda m: m.forget(suite, endpoint),
        lambda m: m.ran(judged),
        lambda m: m.ran(replace(record, maintenance="backup")),
        lambda m: m.ran(replace(record, offline="no route")),
        lambda m: m.erred(suite, endpoint, "store"),
        lambda m: m.skipped(suite, endpoint, "overlap", 3),
        lambda m: m.alerts(suite, endpoint, [alert]),
        lambda m: m.overdue({(suite, endpoint): number}, under_way=2),
        lambda m: m.quickened({(suite, endpoint): bool(number)}),
        lambda m: m.spending(suite=suite, unit="usd", spent=number, cap=cap),
        lambda m: m.late(number),
        lambda m: m.notice("slack", "delivered"),
        lambda m: m.exposition(""),
        lambda m: m.exposition(OPENMETRICS),
    ]
    return draw(st.sampled_from(every))


@settings(max_examples=150, deadline=None)
@given(st.lists(deeds(), max_size=25), st.integers(1, 4))
def test_after_any_history_both_formats_are_what_the_library_writes_from_scratch(
    history: list[Deed], most_places: int
) -> None:
    metrics = Metrics("1", most_places=most_places)
    for number, deed in enumerate(history):
        deed(metrics)
        if number % 5 == 4:
            assert kept(metrics) == from_scratch(metrics)
    assert kept(metrics) == from_scratch(metrics)
    assert kept(metrics) == from_scratch(metrics), "nor does looking change it"


def test_the_figures_of_the_process_come_first_as_before() -> None:
    metrics = Metrics("1", process=True)
    names = [line.split()[2] for line in metrics.text().splitlines() if line.startswith(b"# HELP")]
    library = [line.split()[2] for line in from_scratch(metrics)[0].splitlines() if line.startswith(b"# HELP")]
    assert names == library and names[0].startswith(b"process_")


def test_a_line_that_did_not_change_is_not_written_again() -> None:
    series, written = Series(CollectorRegistry()), list[str]()

    def write(families: Any) -> bytes:
        written.extend(sample.labels.get("suite", "") for family in families.collect() for sample in family.samples)
        return generate_latest(families)

    for suite in ("a", "b"):
        series.put(SCORE, suite, "production", "answers", to=3.0)
        series.count(RUNS, suite, "production", "healthy")
    series.text(write)
    assert {"a", "b"} <= set(written)
    written.clear()
    series.put(SCORE, "a", "production", "answers", to=3.0)
    series.text(write)
    assert written == [], "it was set to what it said"
    series.count(RUNS, "b", "production", "healthy")
    series.text(write)
    assert written == ["b"]


def test_what_is_counted_in_threads_while_others_scrape_is_all_there_in_the_end() -> None:
    registry = CollectorRegistry()
    series, ended = Series(registry), threading.Event()

    def count(suite: str) -> None:
        for number in range(300):
            series.count(RUNS, suite, "production", "healthy")
            series.put(HEALTH, suite, "production", "healthy", to=number % 7)
            series.observe(LATENCY, suite, "production", seconds=number / 100, trace_id=TRACE)
            if number % 50 == 49 and suite != "s0":
                series.forget(suite, None)

    def scrape() -> None:
        while not ended.is_set():
            series.text(generate_latest)

    counting = [threading.Thread(target=count, args=(f"s{number}",)) for number in range(4)]
    scraping = [threading.Thread(target=scrape) for _ in range(2)]
    for thread in (*counting, *scraping):
        thread.start()
    for thread in counting:
        thread.join()
    ended.set()
    for thread in scraping:
        thread.join()
    assert b"".join(series.text(generate_latest)) == generate_latest(registry)
    assert (
        registry.get_sample_value("holdfast_runs_total", {"suite": "s0", "endpoint": "production", "health": "healthy"})
        == 300
    )

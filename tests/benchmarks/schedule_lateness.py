"""How late the daemon begins runs, and what it costs to do nothing, with many schedules.

    python -m tests.benchmarks.schedule_lateness [--places 100 1000 10000] [--seconds 60] [--rate 100]

The real daemon with its chores, its timetable, its turns and a store in a file; only the engine is replaced by one
that makes no requests and ends at once, so that what is measured is the schedule. Intervals are compressed so that
``--rate`` runs begin a second. ``idle`` is the same daemon with schedules that are not due, over ``--seconds``.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from probes.clock import SystemClock
from runner.cli import start_lean
from runner.daemon.daemon import Daemon
from runner.store import open_store
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite, prepared

LEAST_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One daemon over one while."""

    places: int
    runs: int
    late_s: tuple[float, ...]
    start_s: float
    cpu: float
    """Share of one core."""
    rss_mb: float

    def row(self, name: str) -> str:
        p50, p99 = quantile(self.late_s, 0.5), quantile(self.late_s, 0.99)
        late = (
            f"{p50 * 1e3:8.1f} {p99 * 1e3:8.1f} {max(self.late_s, default=0.0) * 1e3:8.1f}" if self.runs else " " * 26
        )
        return f"{name:6} {self.places:7} {self.runs:7} {late} {self.start_s:8.1f} {self.cpu:7.1%} {self.rss_mb:7.0f}"


HEADER = "kind    places    runs   p50 ms   p99 ms   max ms  start s    CPU    RSS MB"


def quantile(values: tuple[float, ...], share: float) -> float:
    """A sample quantile; 0 of nothing."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def measure(places: int, every_s: float, seconds: float, folder: Path, *, warm_s: float) -> Measured:
    """Let a daemon of so many suites live: ``warm_s`` seconds unmeasured, then ``seconds``."""
    interval = f"{{every: {round(every_s * 1000)}ms, jitter: {round(min(every_s, warm_s) * 1000)}ms}}"
    suites = prepared(a_suite(folder, f"suite-{number}", interval) for number in range(places))
    with closing(open_store(str(folder / "holdfast.db"))) as store:
        engine = ToldEngine(SystemClock())
        return asyncio.run(_living(a_daemon(store, suites, engine), places, warm_s, seconds))


async def _living(daemon: Daemon, places: int, warm_s: float, seconds: float) -> Measured:
    late_s: list[float] = []
    counted = daemon.metrics.late

    def late(value: float) -> None:
        counted(value)
        late_s.append(value)

    daemon.metrics.late = late  # type: ignore[method-assign]
    began = time.perf_counter()
    serving = asyncio.create_task(daemon.serve())
    while daemon.phase == "starting":  # noqa: ASYNC110  what is awaited tells nobody
        await asyncio.sleep(0.01)
    start_s = time.perf_counter() - began
    await asyncio.sleep(warm_s)
    late_s.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    used = (time.process_time() - cpu) / (time.perf_counter() - wall)
    seen = tuple(late_s)
    daemon.stop()
    await serving
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(places=places, runs=len(seen), late_s=seen, start_s=start_s, cpu=used, rss_mb=rss_mb)


def main() -> None:
    """Measure and print a table; the largest resident size so far counts, so sizes grow downwards."""
    parser = argparse.ArgumentParser(description="lateness of the daemon's schedule")
    parser.add_argument("--places", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=100.0, help="runs a second")
    options = parser.parse_args()
    start_lean()  # as the command does
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[lambda _l, _m, event: str(event)])
    print(HEADER)
    for places in options.places:
        every_s = max(LEAST_INTERVAL_S, places / options.rate)
        for name, interval_s in (("idle", 86_400.0), ("busy", every_s)):
            with tempfile.TemporaryDirectory() as folder:
                measured = measure(places, interval_s, options.seconds, Path(folder), warm_s=every_s + 5)
            print(measured.row(name), flush=True)


if __name__ == "__main__":
    main()

"""How far the times in samples lie from the schedule of the endpoint: first token at 50 ms, 10 ms steps, 50 tokens.

Run with ``make bench``. Milliseconds, measured minus planned, p50 / p99, at 1, 16 and 64 requests at once; the server's
own lateness, which is in these numbers, stands beside them. The median of the rounds is told.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from statistics import median

from probes.clock import SystemClock
from probes.fire import fire_all
from probes.sample import Sample
from probes.suite import Suite
from probes.transport import Transport
from tests.benchmarks.schedule_server import ScheduleServer, schedule_server

FIRST_S, STEP_S, TOKENS = 0.050, 0.010, 50
TOTAL_S = FIRST_S + STEP_S * (TOKENS - 1)
PLAN = f"mock-n{TOKENS}-t{FIRST_S * 1000:.0f}-d{STEP_S * 1000:.0f}"
SAMPLES = {1: 30, 16: 320, 64: 640}
"""Requests at once to samples of one round."""


def suite_for(url: str, *, model: str, samples: int, concurrency: int, stream: bool = True) -> Suite:
    """One probe, asked this often."""
    endpoint = {"base_url": url, "model": model, "concurrency": concurrency, "stream": stream}
    return Suite.model_validate(
        {
            "version": 1,
            "suite": "bench",
            "endpoints": {"server": endpoint},
            "probes": [{"id": "p", "prompt": "What is the capital of France? " + "x" * 200, "samples": samples}],
        }
    )


async def samples_of(suite: Suite) -> tuple[Sample, ...]:
    """Fire the suite as a run does."""
    clock = SystemClock()
    async with Transport(clock=clock) as transport:
        return await fire_all(
            transport=transport,
            clock=clock,
            suite=suite,
            endpoint_name="server",
            run_id="bench",
            probes=[(probe, suite.samples_of(probe)) for probe in suite.probes],
        )


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which this part of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def measured(server: ScheduleServer, concurrency: int) -> tuple[float, ...]:
    """Errors of one round: first token p50, p99, total p50, p99, then the server's lateness p50, p99. Milliseconds."""
    suite = suite_for(server.url, model=PLAN, samples=SAMPLES[concurrency], concurrency=concurrency)
    server.reset()
    samples = asyncio.run(samples_of(suite))
    failed = [sample.failure for sample in samples if sample.failure]
    if failed:
        raise SystemExit(f"{len(failed)} of {len(samples)} samples failed: {failed[0]}")
    told = server.stats()
    firsts = [((sample.timing.first_token_s or 0.0) - FIRST_S) * 1000 for sample in samples]
    totals = [((sample.timing.total_s or 0.0) - TOTAL_S) * 1000 for sample in samples]
    own = [told["late_us_p50"] / 1000, told["late_us_p99"] / 1000]
    return (*(percentile(values, part) for values in (firsts, totals) for part in (0.5, 0.99)), *own)


def main() -> None:
    """Print one line for each concurrency."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock", help="another server binary, started with a port as its argument")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with schedule_server(options.mock) as server:
        print(f"error against the schedule of {server.name}, ms, p50 / p99, median of {options.rounds} rounds")
        for concurrency in SAMPLES:
            rounds = [measured(server, concurrency) for _ in range(options.rounds)]
            first, first99, total, total99, own, own99 = (median(values) for values in zip(*rounds, strict=True))
            print(
                f"  {concurrency:>2} at once   first token {first:+6.2f} / {first99:+6.2f}   "
                f"total {total:+6.2f} / {total99:+6.2f}   (server late {own:.2f} / {own99:.2f})"
            )


if __name__ == "__main__":
    main()

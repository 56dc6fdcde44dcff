"""CPU time of one sample, sent, parsed and recorded in SQLite, beside the same request with bare httpx2.

Run with ``make bench``. The bare client sends the same body and takes the same answer and usage out of the reply, and
records nothing; of a stream it splits the bytes itself, which is cheaper than httpx2's own event reader. One process
per figure, alternating; the median of the rounds is told. Ours makes a Sample and writes it to a store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from checks.drift.observation import RunObservation
from checks.verdict import Health
from probes.outgoing import render
from probes.protocols import protocol_named
from probes.sample import Sample
from probes.script import first_question
from probes.suite import Suite
from reports.summary import ProbeRecord, RunRecord
from runner.store.base import RunWrite
from runner.store.sqlite import SqliteStore
from tests.benchmarks.schedule_server import schedule_server
from tests.benchmarks.timing_error import samples_of, suite_for

REQUESTS, WARM_UP = 600, 50
KINDS = {"JSON": ("mock-n50", False), "50-event stream": ("mock-n50", True)}


def spent_s() -> float:
    """CPU seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def recorded(samples: tuple[Sample, ...], folder: str, name: str) -> None:
    """Write the samples to a store as one run does."""
    run_id, hashed = samples[0].run_id, samples[0].request_hash
    samples = tuple(replace(sample, index=at) for at, sample in enumerate(samples))
    probe = ProbeRecord(
        probe="p",
        labels={},
        request_hash=hashed,
        conversation=(),
        health=Health.HEALTHY,
        samples=samples,
        findings=(),
    )
    record = RunRecord(
        run_id=run_id,
        suite="bench",
        endpoint="server",
        trigger="manual",
        started_at=samples[0].started_at,
        duration_s=1.0,
        health=Health.HEALTHY,
        probes=(probe,),
    )
    observation = RunObservation(run_id=run_id, started_at=record.started_at, probes=())
    store = SqliteStore(str(Path(folder) / name))
    try:
        store.save_run(RunWrite(record=record, observation=observation, plan={}, in_baseline=False))
    finally:
        store.close()


def ours(url: str, model: str, stream: bool, concurrency: int) -> float:
    """CPU seconds a sample."""
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (("warm.db", WARM_UP), ("bench.db", REQUESTS)):
            suite = suite_for(url, model=model, samples=count, concurrency=concurrency, stream=stream)
            before = spent_s()
            samples = asyncio.run(samples_of(suite))
            if any(sample.failure or sample.usage.output_tokens != 50 for sample in samples):
                raise SystemExit("a sample was not what the server said")
            recorded(samples, folder, name)
        return (spent_s() - before) / REQUESTS


def bare(url: str, model: str, stream: bool, concurrency: int) -> float:
    """CPU seconds a request."""
    suite = suite_for(url, model=model, samples=1, concurrency=1, stream=stream)

    async def run() -> float:
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        async with httpx2.AsyncClient(trust_env=False, timeout=60, limits=limits) as client:
            await _bare_round(client, suite, WARM_UP, concurrency)
            before = spent_s()
            await _bare_round(client, suite, REQUESTS, concurrency)
            return (spent_s() - before) / REQUESTS

    return asyncio.run(run())


async def _bare_round(client: httpx2.AsyncClient, suite: Suite, count: int, concurrency: int) -> None:
    endpoint = suite.endpoints["server"]
    wire = protocol_named("openai-chat").build(endpoint, first_question(suite.probes[0]))
    body = render(wire.body)
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            read = _bare_stream if wire.streamed else _bare_json
            answer, usage = await read(client, wire.url, body)
            if not answer or usage["completion_tokens"] != 50:
                raise SystemExit("a reply was not what the server said")

    await asyncio.gather(*(worker() for _ in range(concurrency)))


async def _bare_json(client: httpx2.AsyncClient, url: str, body: bytes) -> tuple[str, dict[str, Any]]:
    reply = (await client.post(url, content=body, headers={"content-type": "application/json"})).json()
    return reply["choices"][0]["message"]["content"], reply["usage"]


async def _bare_stream(client: httpx2.AsyncClient, url: str, body: bytes) -> tuple[str, dict[str, Any]]:
    answer: list[str] = []
    usage: dict[str, Any] = {}
    rest = b""
    async with client.stream("POST", url, content=body, headers={"content-type": "application/json"}) as response:
        async for piece in response.aiter_bytes():
            *events, rest = (rest + piece).split(b"\n\n")
            for event in events:
                data = event.removeprefix(b"data: ")
                if data != b"[DONE]":
                    chunk = json.loads(data)
                    answer += [choice["delta"].get("content", "") for choice in chunk["choices"]]
                    usage = chunk.get("usage") or usage
    return "".join(answer), usage


def _measured(who: str, url: str, kind: str, concurrency: int) -> float:
    """One figure, in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--one", who, kind, url, str(concurrency)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Print one line for each kind of reply and concurrency."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock", help="another server binary, started with a port as its argument")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, kind, url, concurrency = options.one
        model, stream = KINDS[kind]
        print((ours if who == "ours" else bare)(url, model, stream, int(concurrency)))
        return
    with schedule_server(options.mock) as server:
        print(f"CPU a sample, server {server.name}, ms, median of {options.rounds} processes each")
        for kind in KINDS:
            for concurrency in (1, 16):
                pairs = [
                    [_measured(who, server.url, kind, concurrency) * 1000 for who in ("ours", "bare")]
                    for _ in range(options.rounds)
                ]
                mine, theirs = (median(values) for values in zip(*pairs, strict=True))
                print(
                    f"  {kind:<16} {concurrency:>2} at once   holdfast {mine:.3f}   bare httpx2 {theirs:.3f}   "
                    f"ratio {median(one / other for one, other in pairs):.2f}"
                )


if __name__ == "__main__":
    main()

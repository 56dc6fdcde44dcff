"""Thousands of suites under one real daemon for a while: lateness, memory, open files, growth of the store.

    nice python -m tests.benchmarks.soak [--suites 2000] [--minutes 20] [--every 100] [--keep FOLDER]

Suites of one probe each ask four hosts of one endpoint process on loopback, which answers after 5 to 25 ms in one of
eight wordings. The daemon is the installed command with a store in a file, and is asked for ``/metrics`` every minute,
as Prometheus would. What counts begins after the warm-up (two intervals, at most a third of the while). In the end the
same suites get a schedule that is not due, and the daemon does nothing for a while: ``idle``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.real import free_port
from tests.fakes.http_server import event, stream

HOLDFAST = Path(sys.executable).parent / "holdfast"
HOSTS = 4
LOOK_EVERY_S, SCRAPE_EVERY_S = 5.0, 60.0
START_S, STOP_S = 300.0, 60.0
IDLE_SETTLE_S = 20.0
SUITE = """\
version: 1
suite: s{number:05}
schedule: {{every: {every_s:g}s, jitter: {every_s:g}s}}
endpoints: {{production: {{base_url: "http://127.0.0.1:{port}/v1", model: m, retries: 0}}}}
probes:
  - {{id: capital, prompt: What is the capital of Australia?, checks: [contains: Canberra, no_refusal]}}
"""
SETTINGS = "store: sqlite:///holdfast.db\nsuites: suites\nlisten: 127.0.0.1:{port}\n"
WORDINGS = (
    "The capital of Australia is Canberra.",
    "Canberra is the capital of Australia.",
    "It is Canberra, not Sydney.",
    "Canberra, in the Australian Capital Territory.",
    "Australia's capital city is Canberra, chosen in 1908.",
    "The seat of government is Canberra.",
    "That would be Canberra.",
    "Canberra. Many people think of Sydney or Melbourne first.",
)


# ------------------------------------------------------------------------------------------------ the endpoint
def _reply(words: str) -> bytes:
    def chunk(choice: dict[str, object], **more: object) -> bytes:
        return event({"id": "c", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], **more})

    spoken = [chunk({"index": 0, "delta": {"content": f"{word} "}}) for word in words.split()]
    usage = {"prompt_tokens": 9, "completion_tokens": len(spoken), "total_tokens": 9 + len(spoken)}
    last = chunk({"index": 0, "delta": {}, "finish_reason": "stop"}, usage=usage)
    return b"".join(step for step in stream([*spoken, last, event("[DONE]")]) if isinstance(step, bytes))


REPLIES = tuple(map(_reply, WORDINGS))


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    dice = random.Random()
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0))
            await asyncio.sleep(dice.uniform(0.005, 0.025))
            writer.write(dice.choice(REPLIES))
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


async def _serve(ports: list[int]) -> None:
    servers = [await asyncio.start_server(_answer, "127.0.0.1", port, backlog=1024) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextmanager
def _child(command: list[str], folder: Path, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is stopped in good order, and killed where it does not stop."""
    with (folder / log).open("ab") as stream_:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=stream_)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


# ------------------------------------------------------------------------------------------------ what is seen
@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The daemon from outside, at one instant."""

    at_s: float
    rss_mb: float
    files: int
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What its metrics say."""

    late: dict[float, float]
    """Cumulative counts by upper bound in seconds."""
    runs: int
    healthy: int
    skipped: dict[str, int]
    withheld_or_broken: int
    database_mb: float
    """The file and its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """One soak."""

    suites: int
    every_s: float
    minutes: float
    looks: tuple[Look, ...]
    warm: Scrape
    end: Scrape
    warm_s: float
    start_s: float
    idle_cpu: float
    idle_rss_mb: float

    @property
    def runs(self) -> int:
        """Made after the warm-up."""
        return self.end.runs - self.warm.runs

    @property
    def kb_a_run(self) -> float:
        """Growth of the store, its log included."""
        return (self.end.database_mb - self.warm.database_mb) * 1024 / max(1, self.runs)

    def late(self, share: float) -> str:
        """A quantile of lateness after the warm-up, as the bucket of the histogram that holds it."""
        return _quantile({b: n - self.warm.late.get(b, 0.0) for b, n in self.end.late.items()}, share)

    def lines(self) -> Iterator[str]:
        """For people."""
        first, last = self.looks[0], self.looks[-1]
        warm = next(look for look in self.looks if look.at_s >= self.warm_s)
        cpu = (last.cpu_s - warm.cpu_s) / max(1e-9, last.at_s - warm.at_s)
        yield f"{self.suites} suites every {self.every_s:g} s for {self.minutes:g} minutes"
        yield f"ready after {self.start_s:.1f} s, warm after {self.warm_s:.0f} s"
        yield f"runs made {self.end.runs}, {self.runs} of them warm, {self.end.healthy} of them healthy"
        yield f"skipped {self.end.skipped}"
        yield f"runs not stored, cut off or withheld: {self.end.withheld_or_broken}"
        yield f"lateness p50 {self.late(0.5)}, p99 {self.late(0.99)}, all {self.late(1.0)}"
        yield (
            f"RSS {first.rss_mb:.0f} / {warm.rss_mb:.0f} / {last.rss_mb:.0f} MB (start, warm, end), "
            f"{self.slope('rss_mb'):+.1f} MB an hour"
        )
        yield f"open files {first.files} / {warm.files} / {last.files}, {self.slope('files'):+.1f} an hour"
        yield (
            f"store {self.warm.database_mb:.1f} -> {self.end.database_mb:.1f} MB, {self.kb_a_run:.2f} kB a run, "
            f"that is {self.kb_a_run * 86400 / self.every_s * self.suites / 1024 / 1024:.2f} GB a day at this pace"
        )
        yield f"CPU {cpu:.1%} of a core busy, {self.idle_cpu:.2%} idle; RSS idle {self.idle_rss_mb:.0f} MB"

    def slope(self, what: str) -> float:
        """Growth an hour after the warm-up, by least squares; 0 of fewer than two looks."""
        points = [(look.at_s / 3600, float(getattr(look, what))) for look in self.looks if look.at_s >= self.warm_s]
        mean_x = sum(x for x, _ in points) / max(1, len(points))
        mean_y = sum(y for _, y in points) / max(1, len(points))
        spread = sum((x - mean_x) ** 2 for x, _ in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def _quantile(cumulative: dict[float, float], share: float) -> str:
    bounds = sorted(cumulative)
    total = cumulative[bounds[-1]] if bounds else 0.0
    if not total:
        return "of nothing"
    for below, bound in zip([0.0, *bounds], bounds, strict=False):
        if cumulative[bound] >= share * total:
            before = cumulative.get(below, 0.0)
            inside = (share * total - before) / max(1.0, cumulative[bound] - before)
            near = f", about {(below + inside * (bound - below)) * 1e3:.1f} ms" if share < 1 and bound < 1e9 else ""
            return f"within {bound:g} s{near}"
    return "of nothing"


# ------------------------------------------------------------------------------------------------ the daemon
@dataclass(kw_only=True)
class Soaking:
    """One folder with suites, and a daemon over it."""

    folder: Path
    suites: int
    ports: list[int]
    port: int = field(default_factory=free_port)

    def furnish(self, every_s: float) -> None:
        """Write the suites and the settings."""
        (self.folder / "suites").mkdir(exist_ok=True)
        for number in range(self.suites):
            text = SUITE.format(number=number, every_s=every_s, port=self.ports[number % len(self.ports)])
            (self.folder / "suites" / f"s{number:05}.yaml").write_text(text, encoding="utf-8")
        (self.folder / "holdfast.yaml").write_text(SETTINGS.format(port=self.port), encoding="utf-8")

    @contextmanager
    def daemon(self) -> Iterator[tuple[int, float]]:
        """Its process id, and how long it took until it was ready."""
        began = time.monotonic()
        with _child([str(HOLDFAST), "daemon", "--log-level", "warning"], self.folder, "daemon.log") as process:
            while self._status() != 200:
                if process.poll() is not None or time.monotonic() - began > START_S:
                    raise SystemExit(f"the daemon is not ready: {(self.folder / 'daemon.log').read_text()[-1000:]}")
                time.sleep(0.1)
            yield process.pid, time.monotonic() - began

    def _status(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def scrape(self) -> Scrape:
        """Ask for the metrics and look at the files."""
        late: dict[float, float] = {}
        skipped: dict[str, int] = {}
        runs = healthy = broken = 0
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as reply:
            for line in reply.read().decode().splitlines():
                name, _, value = line.rpartition(" ")
                if name.startswith("holdfast_run_lateness_seconds_bucket"):
                    late[float(name.split('le="')[1].split('"')[0])] = float(value)
                elif name.startswith("holdfast_runs_total{"):
                    runs += int(float(value))
                    healthy += int(float(value)) if 'health="healthy"' in name else 0
                elif name.startswith("holdfast_skipped_runs_total{"):
                    reason = name.split('reason="')[1].split('"')[0]
                    skipped[reason] = skipped.get(reason, 0) + int(float(value))
                elif name.startswith(("holdfast_run_errors_total{", "holdfast_withheld_runs_total{")):
                    broken += int(float(value))
        size = sum(file.stat().st_size for file in self.folder.glob("holdfast.db*")) / 1024**2
        return Scrape(
            late=late, runs=runs, healthy=healthy, skipped=skipped, withheld_or_broken=broken, database_mb=size
        )


def looked_at(pid: int, since: float) -> Look:
    """Read ``/proc``."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    rss_kb = int(status.partition("VmRSS:")[2].split()[0])
    ticks = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    cpu_s = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Look(at_s=time.monotonic() - since, rss_mb=rss_kb / 1024, files=files, cpu_s=cpu_s)


def soak(suites: int, every_s: float, seconds: float, folder: Path, *, idle_s: float) -> Soaked:
    """The whole of it: ``seconds`` of work, then ``idle_s`` of none."""
    ports = [free_port() for _ in range(HOSTS)]
    soaking = Soaking(folder=folder, suites=suites, ports=ports)
    soaking.furnish(every_s)
    serve = [sys.executable, "-m", "tests.benchmarks.soak", "--serve", *map(str, ports)]
    warm_s = min(seconds / 3, 2 * every_s + 60)
    with ExitStack() as stack:
        stack.enter_context(_child(serve, Path.cwd(), os.devnull))
        with soaking.daemon() as (pid, start_s):
            looks, warm = _watched(soaking, pid, seconds, warm_s)
            end = soaking.scrape()
        soaking.furnish(86_400.0)
        with soaking.daemon() as (pid, _):
            time.sleep(min(idle_s, IDLE_SETTLE_S))
            before = looked_at(pid, 0.0)
            time.sleep(idle_s)
            after = looked_at(pid, 0.0)
    return Soaked(
        suites=suites, every_s=every_s, minutes=seconds / 60, looks=looks, warm=warm, end=end, warm_s=warm_s,
        start_s=start_s, idle_cpu=(after.cpu_s - before.cpu_s) / (after.at_s - before.at_s), idle_rss_mb=after.rss_mb,
    )  # fmt: skip


def _watched(soaking: Soaking, pid: int, seconds: float, warm_s: float) -> tuple[tuple[Look, ...], Scrape]:
    began = time.monotonic()
    looks, warm, scraped_at = [looked_at(pid, began)], None, 0.0
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(min(LOOK_EVERY_S, seconds / 10))
        looks.append(looked_at(pid, began))
        if passed - scraped_at >= SCRAPE_EVERY_S or (warm is None and passed >= warm_s):
            scraped_at, seen = passed, soaking.scrape()
            warm = warm or (seen if passed >= warm_s else None)
            print(f"{passed:6.0f} s: {seen.runs} runs, {looks[-1].rss_mb:.0f} MB, {seen.database_mb:.0f} MB stored",
                  file=sys.stderr, flush=True)  # fmt: skip
    return tuple(looks), warm or soaking.scrape()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="a soak of the daemon")
    parser.add_argument("--suites", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=100.0, help="seconds between two runs of a suite")
    parser.add_argument("--idle", type=float, default=60.0, help="seconds to do nothing in the end")
    parser.add_argument("--keep", type=Path, help="a folder for suites, store and log, to look at afterwards")
    parser.add_argument("--serve", type=int, nargs="+", metavar="PORT", help="be the endpoint instead")
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.serve))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # and so end what was started
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        soaked = soak(options.suites, options.every, options.minutes * 60, folder, idle_s=options.idle)
        print("\n".join(soaked.lines()))


if __name__ == "__main__":
    main()

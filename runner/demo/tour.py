"""The demo: a baseline, quiet rounds, a change behind the program's back, the alarm, the report. Told line by line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.verdict import Health
from probes.suite import AlertRule
from reports.attribution.causes import cause_words, causes
from reports.notifiers.console import ConsoleNotifier
from reports.summary import RunRecord
from reports.tally import folded
from reports.wording import names_words, since_words, stream_sentence
from runner.demo.endpoint import EndpointProcess
from runner.pages import page_name, write_reports
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite, prepare, select
from runner.settings.settings import LoadedSettings, Settings
from runner.starter import STARTER_SUITE, write_starter
from runner.wiring import Installation, installation

BASELINE_ROUNDS = 60
QUIET_ROUNDS = 10
MOST_ROUNDS_AFTER = 24
MOST_NAMED = 6
LATENCY_SCALE = 4
"""Slow enough that what this machine adds of its own is small beside it."""
ROUNDS_TO_NAME = 3
"""Rounds after the first alarm, so that slower streams may join in."""

STORIES = {
    "model-swap": "another model now answers under the same name",
    "slower": "the endpoint now takes 1.6 times as long",
    "longer-answers": "answers are now longer, and still right",
    "refusals": "three answers in ten are now refusals",
    "broken-json": "the JSON answer now comes wrapped in prose",
    "outage": "the endpoint now says 503 to every request",
}
Tell = Callable[[str], object]


@dataclass(slots=True, kw_only=True)
class Tour:
    """One demo on its way."""

    here: Installation
    order: RunOrder
    tell: Tell

    async def baseline(self) -> None:
        """Capture what is normal."""
        self.tell(f"\n1. What is normal: {BASELINE_ROUNDS} rounds of {len(self.order.probes)} probes x 3 samples")
        for round_ in range(BASELINE_ROUNDS):
            capturing = round_ < BASELINE_ROUNDS - 1
            record = await self.here.engine.run(replace(self.order, trigger="capture", capturing=capturing))
        self.tell(f"   {len(record.drift)} streams know what is normal; at most one false alarm a year is expected")

    async def quiet(self) -> bool:
        """Rounds in which nothing changes; true where none of them alarmed."""
        self.tell(f"\n2. Nothing changes: {QUIET_ROUNDS} rounds")
        records = [await self._round() for _ in range(QUIET_ROUNDS)]
        alarms = sum(bool(alarmed(record)) for record in records)
        self.tell(f"   {alarms} alarms")
        return alarms == 0

    async def changed(self, scenario: str) -> bool:
        """Rounds after the change, until it is found and named; true where it was."""
        self.tell(f"\n3. Behind our back {STORIES[scenario]}. Still 200 OK? We shall see.")
        since_found = 0
        for _ in range(MOST_ROUNDS_AFTER):
            record = await self._round()
            await self.here.outbox.deliver_due()
            since_found += bool(since_found or alarmed(record) or record.health is Health.FAILING)
            if since_found > ROUNDS_TO_NAME and alarmed(record):
                self._name(record)
                return True
        self.tell(f"   not found in {MOST_ROUNDS_AFTER} rounds")
        return False

    async def _round(self) -> RunRecord:
        record = await self.here.engine.run(replace(self.order, trigger="demo"))
        self.tell(f"   {record.health.value:<9} {_top(record)}")
        return record

    def _name(self, record: RunRecord) -> None:
        self.tell("\n4. Found, and named:")
        moved = folded(alarmed(record))
        for result, probes in moved[:MOST_NAMED]:
            since = since_words(record, result)
            self.tell(f"   {stream_sentence(result, since)} {names_words(probes)}".rstrip())
        if len(moved) > MOST_NAMED:
            self.tell(f"   and {len(moved) - MOST_NAMED} more, each in the report")
        for cause in causes(record):
            if cause.speaks:
                self.tell(f"   so: {cause_words(cause)}")


def alarmed(record: RunRecord) -> list[StreamResult]:
    """Streams of a run in alarm, pooled ones first."""
    found = [result for result in record.drift if result.state is StreamState.ALARM]
    return sorted(found, key=lambda result: (result.key.scope != SUITE_SCOPE, result.key))


def _top(record: RunRecord) -> str:
    judged = [result for result in record.drift if result.score is not None]
    if not judged:
        return record.note
    top = max(judged, key=lambda result: result.score or 0.0)
    bar = "#" * round((top.score or 0) / 5)
    return f"highest drift score {top.score:5.1f} of 100  {bar:<20}  {top.key}"


async def tour(*, scenario: str, seed: int, folder: Path, tell: Tell) -> bool:
    """Show the whole loop; true where the quiet rounds were quiet and the change was found."""
    tell(f"Holdfast demo, scenario {scenario}, seed {seed}. Everything stays on this machine.")
    with EndpointProcess(seed=seed, latency_scale=LATENCY_SCALE) as endpoint:
        prepared = _suite(folder, endpoint.base_url)
        tell(f"   a fake endpoint answers on {endpoint.base_url}; the suite is {prepared.file}")
        settings = LoadedSettings(settings=Settings(), folder=folder)
        page = (folder / page_name(prepared.suite.name, prepared.suite.monitored[0])).resolve()
        async with installation(
            settings,
            store_option=str(_fresh_store(folder)),
            report_link=lambda _record: str(page),
            notifiers={"console": ConsoleNotifier(stream=sys.stdout)},
        ) as here:
            order = RunOrder(prepared=prepared, endpoint=prepared.suite.monitored[0], probes=select(prepared.suite))
            show = Tour(here=here, order=order, tell=tell)
            await show.baseline()
            quiet = await show.quiet()
            endpoint.set_scenario(scenario)
            found = await show.changed(scenario)
            pages: Sequence[Path] = write_reports(here.store, [order], folder, reach=here.letterhead.reach)
    tell(f"\nThe report: {pages[0].resolve()}")
    return quiet and found


def _suite(folder: Path, base_url: str) -> PreparedSuite:
    write_starter(folder, force=True)
    environ = {
        **os.environ,
        "HOLDFAST_BASE_URL": base_url,
        "HOLDFAST_API_KEY": "demo-key",
        "HOLDFAST_MODEL": "support-bot",
    }
    prepared = prepare(folder / STARTER_SUITE, environ, None)
    rule = AlertRule(notify=("console",))
    return replace(prepared, suite=prepared.suite.model_copy(update={"alerts": (rule,)}))


def _fresh_store(folder: Path) -> Path:
    """The demo's own store, begun anew: a second demo must not learn from the first."""
    path = folder / "demo.db"
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return path

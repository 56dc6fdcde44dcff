"""Runs, incidents and notices as they are written to a store. Feeds tests of stores and of what reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.drift.observation import observe
from checks.drift.result import StreamKey
from reports.alerts.machine import AlertState
from reports.alerts.silences import (
    Silence,
)
from reports.notice import AlertEvent, Notice
from reports.summary import ProbeRecord, RunRecord
from runner.store.base import OutboxEntry, RunWrite
from tests.fakes.records import (
    HOSTILE,
    NOW,
    a_run,
)

SUITE, ENDPOINT = "support-bot", "production"


PLACE = (SUITE, ENDPOINT)


LATENCY = StreamKey(scope="suite", dimension="latency.total")


def numbered(number: int, *, probes: tuple[ProbeRecord, ...] | None = None, **changes: Any) -> RunRecord:
    """Run ``number``, a quarter of an hour after the one before, with samples of its own."""
    run_id = f"run-{number:04d}"
    record = a_run(probes, run_id=run_id, started_at=NOW + timedelta(minutes=15 * number))
    record = replace(record, **changes)
    return replace(record, probes=tuple(_of_run(record, probe) for probe in record.probes))


def _of_run(record: RunRecord, probe: ProbeRecord) -> ProbeRecord:
    samples = tuple(
        replace(
            sample,
            run_id=record.run_id,
            suite=record.suite,
            endpoint=record.endpoint,
            sample_id=f"{record.run_id}-{probe.probe}-{index}",
        )
        for index, sample in enumerate(probe.samples)
    )
    return replace(probe, samples=samples)


def written(record: RunRecord, **changes: Any) -> RunWrite:
    """What the engine would write of this run."""
    observation = observe(
        run_id=record.run_id,
        started_at=record.started_at,
        probes=[(p.probe, p.request_hash, p.samples, p.findings, [False] * len(p.samples)) for p in record.probes],
    )
    write = RunWrite(record=record, observation=observation, plan={"ln_c": 15.5}, in_baseline=False)
    return replace(write, **changes)


def alert(state: str = "open", **changes: Any) -> AlertState:
    plain = AlertState(
        key=f"{SUITE}/{ENDPOINT}/drift",
        notifier="slack",
        kind="drift",
        state=state,  # type: ignore[arg-type]
        severity="page",
        outcomes=(False, True),
        incident_id="incident-1",
        opened_at=NOW,
        facts=("tokens moved",),
    )
    return replace(plain, **changes)


def entry(event: AlertEvent = AlertEvent.OPENED, *, incident: str = "incident-1", to: str = "slack") -> OutboxEntry:
    notice = Notice(
        incident_id=incident,
        key=f"{SUITE}/{ENDPOINT}/drift",
        event=event,
        kind="drift",
        severity="page",
        suite=SUITE,
        endpoint=ENDPOINT,
        run_id="run-0001",
        at=NOW,
        opened_at=NOW,
        headline="tokens.output moved",
        facts=("+31 %",),
        after=HOSTILE,
    )
    return OutboxEntry(notifier=to, notice=notice)


def a_silence(silence_id: str = "5a1e", **changes: Any) -> Silence:
    plain = Silence(
        silence_id=silence_id,
        target=f"{SUITE}/*/drift",
        reason="deploy " + HOSTILE[:40],
        author="oncall",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=2),
        until_resolved=True,
    )
    return replace(plain, **changes)


SILENCE = Silence(
    silence_id="5a1e",
    target="bot/prod",
    reason="deploy",
    author="oncall",
    created_at=datetime(2026, 3, 14, 9, 0, tzinfo=UTC),
    expires_at=datetime(2026, 3, 14, 11, 0, tzinfo=UTC),
)

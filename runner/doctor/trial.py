"""A real test message through a notifier, clearly marked, after which nothing is open anywhere. Feeds ``examination``.

It is told as an incident that opens and ends at once. A channel that would forget to tell so short an incident brings
a test of its own (``TrialNotifier``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from probes.clock import Clock
from probes.duration import format_duration
from probes.errors import DeliveryError
from reports.notice import AlertEvent, Delivery, Notice, Notifier, TrialNotifier
from runner.delivery.outbox import SEND_TIMEOUT_S, called
from runner.doctor.diagnosis import Diagnosis, State

SUITE = "holdfast-doctor"
ATTEMPTS = 3
"""For the end of the test: what was opened must not stay open for one lost packet."""
PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0


def a_test(clock: Clock, severity: str, incident_id: str) -> Notice:
    """The notice of the test, as it opens."""
    now = clock.now()
    return Notice(
        incident_id=incident_id,
        key=f"{SUITE}/test/test",
        event=AlertEvent.OPENED,
        kind="test",
        severity=severity,
        suite=SUITE,
        endpoint="test",
        run_id="none",
        at=now,
        opened_at=now,
        headline="TEST from holdfast doctor: nothing is wrong, and nobody need act",
        facts=("This message proves that alerts of this installation arrive here.",),
    )


async def tried(name: str, notifier: Notifier, notice: Notice, clock: Clock) -> Diagnosis:
    """Send the test through one notifier."""
    if isinstance(notifier, TrialNotifier):
        outcome = await _within(_trial(notifier, notice))
        return _failed(name, outcome) if isinstance(outcome, DeliveryError) else _arrived(name, "and ends by itself")
    opened = await _within(notifier.deliver(notice, None))
    if isinstance(opened, DeliveryError):
        return _failed(name, opened)
    error = await _ended(notifier, notice, opened.receipt, clock)
    if error is not None:
        told = f"the test arrived, its end did not: {error}"
        advice = f"resolve incident {notice.incident_id} there by hand"
        return Diagnosis(area="notifier", subject=name, state=State.WRONG, told=told, advice=advice)
    return _arrived(name, "and so was its end")


async def _trial(notifier: TrialNotifier, notice: Notice) -> Delivery:
    await notifier.deliver_trial(notice)
    return Delivery(receipt={})


async def _ended(notifier: Notifier, notice: Notice, receipt: Mapping[str, str], clock: Clock) -> DeliveryError | None:
    # later than its beginning, for channels that order by time
    over = replace(notice, event=AlertEvent.RESOLVED, at=notice.at + timedelta(milliseconds=1))
    error: DeliveryError | None = None
    for attempt in range(ATTEMPTS):
        if error is not None:
            await clock.sleep(min(max(error.retry_after_s or 0.0, PAUSE_S * attempt), LONGEST_PAUSE_S))
        outcome = await _within(notifier.deliver(over, receipt))
        if not isinstance(outcome, DeliveryError):
            return None
        error = outcome
    return error


async def _within(sending: Coroutine[Any, Any, Delivery]) -> Delivery | DeliveryError:
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            return await called(sending)
    except TimeoutError:
        return DeliveryError(f"no answer within {SEND_TIMEOUT_S:g} s")


def _arrived(name: str, end: str) -> Diagnosis:
    return Diagnosis(area="notifier", subject=name, state=State.FINE, told=f"the test message was taken, {end}")


def _failed(name: str, error: DeliveryError) -> Diagnosis:
    told, again = str(error), "in a moment"
    if error.retry_after_s is not None:
        again = f"in {format_duration(error.retry_after_s)}"
        told = f"{told}; it asks to be tried again {again}"
    lasting = "this will not pass by itself: " if error.permanent else f"try again {again}, else "
    advice = f"{lasting}check the notifier's settings (docs/channels.md)"
    return Diagnosis(area="notifier", subject=name, state=State.WRONG, told=told, advice=advice)

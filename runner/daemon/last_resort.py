"""Tells people directly that results cannot be stored: the outbox cannot, for it is in the store. Feeds ``daemon``.

One attempt a notifier, at most one an hour for the whole installation. Nothing is kept of it, so a
restart may repeat it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from probes.clock import Clock
from probes.errors import DeliveryError
from probes.suite import Suite
from reports.notice import AlertEvent, Notice, Notifier
from runner.delivery.outbox import SEND_TIMEOUT_S, called

log = structlog.get_logger("holdfast.daemon")

EVERY_S = 3600.0
KIND, SEVERITY = "no-data", "ticket"


@dataclass(slots=True, kw_only=True)
class LastResort:
    """Remembers whom it told when."""

    notifiers: Mapping[str, Notifier]
    clock: Clock
    _told_at: dict[str, float] = field(default_factory=dict)

    async def tell(self, suite: Suite, endpoint: str, reason: str) -> None:
        """Tell the notifiers of the suite's alert rules that a run could not be stored. Never raises for a channel."""
        names = dict.fromkeys(name for rule in suite.alerts for name in rule.notify)
        due = [name for name in names if name in self.notifiers and self._is_due(name)]
        for name in due:
            self._told_at[name] = self.clock.monotonic()
        notice = notice_of(suite, endpoint, reason, self.clock.now())
        await asyncio.gather(*(self._send(name, notice) for name in due))

    def _is_due(self, name: str) -> bool:
        told_at = self._told_at.get(name)
        return told_at is None or self.clock.monotonic() - told_at >= EVERY_S

    async def _send(self, name: str, notice: Notice) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                outcome = await called(self.notifiers[name].deliver(notice, None))
        except TimeoutError:
            outcome = DeliveryError(f"no answer within {SEND_TIMEOUT_S:g} s")
        if isinstance(outcome, DeliveryError):
            log.error("direct_notice_lost", notifier=name, key=notice.key, error=str(outcome)[:300])
        else:
            log.info("direct_notice_delivered", notifier=name, key=notice.key)


def notice_of(suite: Suite, endpoint: str, reason: str, now: datetime) -> Notice:
    """What is told; its key is that of no other alert, so that it never resolves or updates one."""
    return Notice(
        incident_id=f"not-stored-{suite.name}-{endpoint}",
        key=f"{suite.name}/{endpoint}/not-stored",
        event=AlertEvent.OPENED,
        kind=KIND,
        severity=SEVERITY,
        suite=suite.name,
        endpoint=endpoint,
        run_id="",
        at=now,
        opened_at=now,
        headline=f"{suite.name} at {endpoint}: results cannot be stored, so nothing is judged - {reason}",
        facts=(
            "Until this is mended no other alert can come, of this suite or of others in the same store.",
            "Told directly, without the store: at most once an hour, and no notice will say that it is over.",
        ),
        team=suite.owner.team,
        contact=suite.owner.contact,
        runbook=suite.owner.runbook,
    )

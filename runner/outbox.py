"""Delivers what waits in the outbox: retried with backoff, in order for each incident, at least once. Runs beside
the daemon's schedule and at the end of ``holdfast run``.

A notice is marked delivered only after its channel took it. A crash in between repeats it; the incident's key and
receipt let the channel update its message instead of posting another.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import ParamSpec, TypeVar

import structlog

from probes.clock import Clock
from probes.errors import DeliveryError
from reports.notice import Delivery, Notifier
from runner.store.base import PendingDelivery, Store

SEND_TIMEOUT_S = 15.0
LEASE_S = 60.0
"""How long a notice is ours. After a crash it stays silent for this long, so it is short."""
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 2.0, 300.0
MAX_AGE_S = 24 * 3600.0
"""A notice that still fails at this age is given up: it would be news no more. It stays in the store."""
LEAST_POLL_S = 0.05
BATCH = 50
ERROR_LENGTH = 300

Asked = ParamSpec("Asked")
Told = TypeVar("Told")

_log = structlog.get_logger(__name__)


class OutboxWorker:
    """Takes due notices from the store and hands them to their notifiers. Several workers may share one store."""

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        *,
        send_timeout_s: float = SEND_TIMEOUT_S,
        max_age_s: float = MAX_AGE_S,
        dice: random.Random | None = None,
    ) -> None:
        """``send_timeout_s`` limits one delivery; ``dice`` spreads retries, so that installations do not march."""
        self._store = store
        self._notifiers = notifiers
        self._clock = clock
        self._send_timeout_s = send_timeout_s
        self._max_age_s = max_age_s
        self._dice = dice or random.Random()  # noqa: S311  spreads load, guards nothing

    async def deliver_due(self) -> int:
        """Try everything that is due now, each notifier on its own; how many notices were delivered.

        A cancellation leaves what was not marked under its lease: it becomes due again when that ends.

        Raises:
            StoreError: the store cannot be read or written.
        """
        leased_at = self._clock.monotonic()
        due = await _aside(self._store.due, self._clock.now(), limit=BATCH, lease_s=LEASE_S)
        last_start = leased_at + LEASE_S - self._send_timeout_s
        by_notifier = groupby(sorted(due, key=_notifier), key=_notifier)
        turns = [self._deliver_in_turn(list(group), last_start) for _, group in by_notifier]
        counts = await asyncio.gather(*turns, return_exceptions=True)  # the others finish even where one cannot
        delivered = 0
        for count in counts:
            if isinstance(count, BaseException):
                raise count
            delivered += count
        return delivered

    async def drain(self, deadline_s: float) -> int:
        """Deliver until nothing waits; at most ``deadline_s`` seconds, and less where nothing gets due by then.

        Returns how many notices still wait: nothing is lost, the next run or the daemon goes on.

        Raises:
            StoreError: the store cannot be read or written.
        """
        end = self._clock.monotonic() + deadline_s
        with contextlib.suppress(TimeoutError):  # a channel that hangs: its notice stays under its lease
            async with asyncio.timeout(deadline_s):
                await self.deliver_due()
                while (wait_s := await self._next_due_s()) is not None and self._clock.monotonic() + wait_s < end:
                    await self._clock.sleep(wait_s)
                    await self.deliver_due()
        return await _aside(self._store.undelivered)

    async def _next_due_s(self) -> float | None:
        next_due = await _aside(self._store.next_due)
        return None if next_due is None else max((next_due - self._clock.now()).total_seconds(), LEAST_POLL_S)

    async def _deliver_in_turn(self, group: Sequence[PendingDelivery], last_start: float) -> int:
        delivered = 0
        for pending in group:
            if self._clock.monotonic() > last_start:
                break  # the lease could end while we send, and another worker would send it too
            error = await self._attempt(pending)
            if error is None:
                delivered += 1
            elif error.retry_after_s is not None:
                break  # the channel asked for quiet: that is meant for the rest as well
        return delivered

    async def _attempt(self, pending: PendingDelivery) -> DeliveryError | None:
        notifier = self._notifiers.get(pending.entry.notifier)
        if notifier is None:
            error = DeliveryError("the settings name no such notifier", retry_after_s=LONGEST_BACKOFF_S)
            await self._failed(pending, error)
            return error
        outcome = await self._send(notifier, pending)
        if isinstance(outcome, DeliveryError):
            await self._failed(pending, outcome)
            return outcome
        await _aside(self._store.delivered, pending.outbox_id, self._clock.now(), outcome.receipt)
        _log.info("notice_delivered", **_names(pending))
        return None

    async def _send(self, notifier: Notifier, pending: PendingDelivery) -> Delivery | DeliveryError:
        """One delivery as a value. A notifier that breaks must not keep the others of its channel from being told."""
        try:
            async with asyncio.timeout(self._send_timeout_s):
                sending = notifier.deliver(pending.entry.notice, pending.receipt)
                (outcome,) = await asyncio.gather(sending, return_exceptions=True)
        except TimeoutError:
            return DeliveryError(f"no answer within {self._send_timeout_s:g} s")
        if isinstance(outcome, (Delivery, DeliveryError)):
            return outcome
        if not isinstance(outcome, Exception):
            raise outcome  # cancelled, or the process is told to end
        # a bug of the notifier; its text may hold anything, so only its type is told
        return DeliveryError(f"the notifier broke: {type(outcome).__name__}")

    async def _failed(self, pending: PendingDelivery, error: DeliveryError) -> None:
        now = self._clock.now()
        words = str(error)[:ERROR_LENGTH]
        names = {**_names(pending), "attempt": pending.attempts + 1, "error": words}
        if error.permanent or now - pending.entry.notice.at >= timedelta(seconds=self._max_age_s):
            await _aside(self._store.give_up, pending.outbox_id, words)
            _log.error("notice_given_up", permanent=error.permanent, **names)
            return
        wait_s = self._backoff_s(pending.attempts, error.retry_after_s)
        await _aside(self._store.retry, pending.outbox_id, now + timedelta(seconds=wait_s), words)
        _log.warning("notice_delayed", retry_in_s=round(wait_s, 1), **names)

    def _backoff_s(self, attempts: int, asked_s: float | None) -> float:
        """2 s doubling to 5 min, shortened by up to a half by chance; never sooner than the channel asked."""
        steady_s = min(FIRST_BACKOFF_S * 2.0 ** min(attempts, 30), LONGEST_BACKOFF_S)
        jittered_s = steady_s * self._dice.uniform(0.5, 1.0)
        return max(jittered_s, min(asked_s or 0.0, self._max_age_s))


async def _aside(call: Callable[Asked, Told], *args: Asked.args, **kwargs: Asked.kwargs) -> Told:
    """Ask the store off the loop: it may be held for a judgement, and probes are being timed here.

    Shielded, so that a cancellation cannot take back the mark of what was already sent.
    """
    return await asyncio.shield(asyncio.to_thread(call, *args, **kwargs))


def _notifier(pending: PendingDelivery) -> str:
    return pending.entry.notifier


def _names(pending: PendingDelivery) -> dict[str, str]:
    """What a log line may say of a notice: who and which, never its texts."""
    notice = pending.entry.notice
    return {
        "notifier": pending.entry.notifier,
        "incident": notice.incident_id,
        "notice_event": notice.event.value,
        "key": notice.key,
    }

"""Delivers what waits in the outbox: retried with backoff, in order for each incident, at least once. Runs beside
the daemon's schedule and at the end of ``holdfast run``.

A notice is marked delivered only after its channel took it. A crash in between repeats it; the incident's key and
receipt let the channel update its message instead of posting another. What is being sent is therefore never cut off
to be in time: a stop begins nothing new and waits for what has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import ParamSpec, TypeVar

import structlog

from probes.clock import Clock
from probes.errors import DeliveryError, StoreError
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
    """Takes due notices from the store and hands them to their notifiers. Several workers may share one store.

    It touches only notices for notifiers it knows: another process may know the rest.
    """

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
        self._last_start = float("inf")
        self.given_up = 0
        """Notices this worker gave up since it was made."""

    @property
    def notifiers(self) -> Mapping[str, Notifier]:
        """Those it knows, by name."""
        return self._notifiers

    async def deliver_due(self) -> int:
        """Try everything that is due now, each notifier on its own; how many notices were delivered.

        A cancellation leaves what was not marked under its lease: it becomes due again when that ends.

        Raises:
            StoreError: the store cannot be read or written.
        """
        leased_at = self._clock.monotonic()
        due = await _aside(
            self._store.due, self._clock.now(), limit=BATCH, lease_s=LEASE_S, notifiers=self._notifiers.keys()
        )
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
        """Deliver until nothing waits, or nothing gets due in time. The last word of this worker.

        After ``deadline_s`` seconds no delivery begins, here or in a ``deliver_due`` under way; one that has begun
        may take its time (``send_timeout_s``), because cutting it off could post it twice.

        Returns how many notices still wait: nothing is lost, the next run or the daemon goes on.

        Raises:
            StoreError: the store cannot be read or written.
        """
        self._last_start = end = self._clock.monotonic() + deadline_s
        await self.deliver_due()
        while (wait_s := await self._next_due_s()) is not None and self._clock.monotonic() + wait_s < end:
            await self._clock.sleep(wait_s)
            await self.deliver_due()
        return await _aside(self._store.undelivered)

    async def unknown(self) -> int:
        """How many notices wait for notifiers that this worker does not know. For the daemon, whose settings count.

        Those too old to be news are given up, so that a notifier that left the settings for good is not told of
        for ever.

        Raises:
            StoreError: the store cannot be read or written.
        """
        waiting = await _aside(self._store.undelivered_by_notifier)
        strangers = waiting.keys() - self._notifiers.keys()
        if not strangers:
            return 0
        for pending in await _aside(self._store.due, self._clock.now(), limit=BATCH, lease_s=0, notifiers=strangers):
            if self._too_old(pending):
                await self._failed(pending, DeliveryError("the settings name no such notifier"))
        return sum(waiting[name] for name in strangers)

    def _too_old(self, pending: PendingDelivery) -> bool:
        return self._clock.now() - pending.entry.notice.at >= timedelta(seconds=self._max_age_s)

    async def _next_due_s(self) -> float | None:
        next_due = await _aside(self._store.next_due, notifiers=self._notifiers.keys())
        return None if next_due is None else max((next_due - self._clock.now()).total_seconds(), LEAST_POLL_S)

    async def _deliver_in_turn(self, group: Sequence[PendingDelivery], last_start: float) -> int:
        delivered = 0
        for pending in group:
            if self._clock.monotonic() > min(last_start, self._last_start):
                break  # the lease could end while we send, and another worker would send it too
            error = await self._attempt(pending)
            if error is None:
                delivered += 1
            elif error.retry_after_s is not None:
                break  # the channel asked for quiet: that is meant for the rest as well
        return delivered

    async def _attempt(self, pending: PendingDelivery) -> DeliveryError | None:
        outcome = await self._send(self._notifiers[pending.entry.notifier], pending)
        if isinstance(outcome, DeliveryError):
            await self._failed(pending, outcome)
            return outcome
        await self._delivered(pending, outcome)
        return None

    async def _delivered(self, pending: PendingDelivery, outcome: Delivery) -> None:
        await _aside(self._store.delivered, pending.outbox_id, self._clock.now(), outcome.receipt)
        _log.info("notice_delivered", **_names(pending))

    async def _send(self, notifier: Notifier, pending: PendingDelivery) -> Delivery | DeliveryError:
        """One delivery as a value. A notifier that breaks must not keep the others of its channel from being told.

        Where we are cancelled in the instant in which the channel took the notice, its receipt is still kept.
        """
        sending = asyncio.ensure_future(called(notifier.deliver(pending.entry.notice, pending.receipt)))
        try:
            await asyncio.wait({sending}, timeout=self._send_timeout_s)
        except asyncio.CancelledError:
            taken = await _ended(sending)
            if isinstance(taken, Delivery):
                with contextlib.suppress(StoreError):  # it is repeated then, as after a crash
                    await self._delivered(pending, taken)
            raise
        return await _ended(sending) or DeliveryError(f"no answer within {self._send_timeout_s:g} s")

    async def _failed(self, pending: PendingDelivery, error: DeliveryError) -> None:
        now = self._clock.now()
        words = str(error)[:ERROR_LENGTH]
        names = {**_names(pending), "attempt": pending.attempts + 1, "error": words}
        if error.permanent or self._too_old(pending):
            await _aside(self._store.give_up, pending.outbox_id, now, words)
            self.given_up += 1
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


async def called(sending: Awaitable[Delivery]) -> Delivery | DeliveryError:
    """What a notifier came to, as a value."""
    try:
        return await sending
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001  bulkhead: a notifier's bug is trouble of that delivery
        # its text may hold anything, so only its type is told
        return DeliveryError(f"the notifier broke: {type(error).__name__}")


async def _ended(sending: asyncio.Future[Delivery | DeliveryError]) -> Delivery | DeliveryError | None:
    """What came of a delivery, which is cancelled where it is still under way; None where nothing did."""
    if not sending.done():
        sending.cancel()
        await asyncio.wait({sending})
    return None if sending.cancelled() else sending.result()


async def _aside(call: Callable[Asked, Told], *args: Asked.args, **kwargs: Asked.kwargs) -> Told:
    """Ask the store off the loop: it may be held for a judgement, and probes are being timed here.

    A cancellation waits for the answer, so that it cannot take back the mark of what was already sent.
    """
    answer = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(answer)
    except asyncio.CancelledError:
        await asyncio.wait({answer})
        answer.exception()  # looked at, so that the loop does not report it as forgotten
        raise


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

"""Delivers what waits in the outbox: grouped, in order for each incident, retried with backoff, at least once.

Runs beside the daemon's schedule and at the end of ``holdfast run``. A notice is marked delivered only by the message
that told it, after its channel took that. A crash in between repeats it; the incident's key and receipt let the channel
update its message instead of posting another. What is being sent is therefore never cut off to be in time: a stop
begins nothing new and waits for what has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from probes.clock import Clock
from probes.errors import DeliveryError, StoreError
from reports.notice import Delivery, Notice, Notifier
from runner.delivery.dead_channels import channel_refused
from runner.delivery.grouping import Plan, Telling
from runner.delivery.letters import Letter, letter_of, names_of
from runner.delivery.pacing import Pace
from runner.delivery.queueing import plan_for
from runner.delivery.recovering import recovered
from runner.delivery.sending import (
    LEASE_S,
    LONGEST_QUIET_S,
    SEND_TIMEOUT_S,
    BrokenNotifier,
    aside,
    backoff_s,
    called,
    sent,
)
from runner.delivery.strangers import strangers
from runner.store.base import Store

__all__ = ["LEASE_S", "SEND_TIMEOUT_S", "OutboxWorker", "called"]

MAX_AGE_S = 24 * 3600.0
"""A notice that still fails at this age is given up: it would be news no more. It stays in the store."""
LEAST_POLL_S = 0.05
FAILURES_IN_A_ROW = 2
"""After so many the channel is left alone until the next pass, and what it was to get is planned anew."""
ERROR_LENGTH = 300

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
        paces: Mapping[str, Pace] | None = None,
        send_timeout_s: float = SEND_TIMEOUT_S,
        max_age_s: float = MAX_AGE_S,
        dice: random.Random | None = None,
        reach: str = "",
    ) -> None:
        """``send_timeout_s`` limits one delivery; ``dice`` spreads retries, so that installations do not march;
        ``reach`` is what commands need to find the store."""
        self._store = store
        self._notifiers = notifiers
        self._clock = clock
        self._paces = paces or {}
        self._send_timeout_s = send_timeout_s
        self._max_age_s = max_age_s
        self._reach = reach
        self._dice = dice or random.Random()  # noqa: S311  spreads load, guards nothing
        self._last_start = float("inf")
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next_at: dict[str, datetime | None] = {}
        self.on_outcome: Callable[[str, str], None] = lambda _notifier, _outcome: None
        """Hears of every notice tried: its notifier, and ``delivered``, ``delayed`` or ``given_up``."""

    @property
    def notifiers(self) -> Mapping[str, Notifier]:
        """Those it knows, by name."""
        return self._notifiers

    # ------------------------------------------------------------------------------------------ passes
    async def deliver_due(self, *, hurry: bool = False) -> int:
        """Try everything that is due now, each notifier on its own; how many notices were delivered.

        A cancellation leaves what was being sent under its lease: it becomes due again when that ends.

        Raises:
            StoreError: the store cannot be read or written.
        """
        passes = [self.deliver_to(name, hurry=hurry) for name in self._notifiers]
        counts = await asyncio.gather(*passes, return_exceptions=True)  # the others finish even where one cannot
        delivered = 0
        for count in counts:
            if isinstance(count, BaseException):
                raise count
            delivered += count
        return delivered

    async def deliver_to(self, name: str, *, hurry: bool = False) -> int:
        """Try what is due to one notifier; how many notices were delivered.

        ``hurry``: nobody will be here to send later, so nothing waits for company.

        Raises:
            StoreError: the store cannot be read or written.
        """
        async with self._turns[name]:
            planned = await self._plan(name, hurry=hurry)
            self._next_at[name] = planned.next_at
            delivered = failed = 0
            for telling in planned.tellings:
                if self._clock.monotonic() > self._last_start or failed == FAILURES_IN_A_ROW:
                    break
                outcome = await self._tell(name, telling)
                if isinstance(outcome, DeliveryError):
                    failed += 1
                    if outcome.retry_after_s is not None:
                        break  # the channel asked for quiet: that is meant for the rest as well
                else:
                    delivered, failed = delivered + outcome, 0
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
        await self.deliver_due(hurry=True)
        while (wait_s := await self._next_due_s()) is not None and self._clock.monotonic() + wait_s < end:
            await self._clock.sleep(wait_s)
            await self.deliver_due(hurry=True)
        return await aside(self._store.undelivered)

    async def unknown(self) -> int:
        """How many notices wait for notifiers that this worker does not know. For the daemon, whose settings count.

        Those too old to be news are given up, so that a notifier that left the settings for good is not told of
        for ever.

        Raises:
            StoreError: the store cannot be read or written.
        """
        now = self._clock.now()
        return await strangers(self._store, self._notifiers.keys(), now, self._too_old, self._give_up)

    async def _plan(self, name: str, *, hurry: bool) -> Plan:
        pace, now = self._paces.get(name, Pace()), self._clock.now()
        return await aside(plan_for, self._store, name, self._notifiers[name], pace, now, hurry=hurry)

    async def _next_due_s(self) -> float | None:
        await asyncio.gather(*(self._look_ahead(name) for name in self._notifiers))
        instants = [at for at in self._next_at.values() if at is not None]
        return max((min(instants) - self._clock.now()).total_seconds(), LEAST_POLL_S) if instants else None

    async def _look_ahead(self, name: str) -> None:
        planned = await self._plan(name, hurry=True)
        self._next_at[name] = self._clock.now() if planned.tellings else planned.next_at

    def _too_old(self, notice: Notice) -> bool:
        return self._clock.now() - notice.at >= timedelta(seconds=self._max_age_s)

    # ------------------------------------------------------------------------------------------ one message
    async def _tell(self, name: str, telling: Telling) -> int | DeliveryError:
        """Send one message; how many notices it settled."""
        notifier, timeout_s = self._notifiers[name], self._send_timeout_s
        settled, unsure = await recovered(self._store, name, notifier, telling, self._clock.now(), timeout_s)
        if settled:
            return settled  # what is left is planned anew
        letter = await aside(self._letter, name, telling)
        if letter is None:
            return 0  # another worker was faster

        async def taken(delivery: Delivery) -> None:
            with contextlib.suppress(StoreError):  # it is repeated then, as after a crash
                await self._delivered(name, letter, delivery)

        outcome = unsure or await sent(letter.deliver_by(notifier), timeout_s, taken)
        if isinstance(outcome, DeliveryError):
            await self._failed(name, letter, outcome)
            return outcome
        await self._delivered(name, letter, outcome)
        return len(letter.ids)

    def _letter(self, name: str, telling: Telling) -> Letter | None:
        """Lease what a message is to tell, and read it; None where nothing of it is left to tell."""
        now = self._clock.now()
        ids = self._store.claim([row.outbox_id for row in telling.rows], now, LEASE_S, telling.told_as)
        return letter_of(self._store, name, telling, ids, now, reach=self._reach) if ids else None

    async def _delivered(self, name: str, letter: Letter, delivery: Delivery) -> None:
        now = self._clock.now()
        if letter.digest is None:
            await aside(self._store.delivered, letter.ids[0], now, delivery.receipt)
            _log.info("notice_delivered", **names_of(name, letter.told[letter.ids[0]]))
        else:
            digest_id = letter.digest.digest_id
            await aside(self._store.told_together, letter.ids, now, delivery.receipt, digest_id)
            _log.info("digest_delivered", notifier=name, digest=digest_id, notices=len(letter.ids))
        for _ in letter.ids:
            self.on_outcome(name, "delivered")

    async def _failed(self, name: str, letter: Letter, error: DeliveryError) -> None:
        words, asked_s = str(error)[:ERROR_LENGTH], min(error.retry_after_s or 0.0, LONGEST_QUIET_S)
        if asked_s and not error.permanent:
            await aside(self._store.quiet, name, self._clock.now() + timedelta(seconds=asked_s))
        again = []
        for outbox_id, notice in letter.told.items():
            if self._too_old(notice) or (error.permanent and letter.alone):
                await self._give_up(name, outbox_id, notice, error)
            else:
                again.append(outbox_id)
                self.on_outcome(name, "delayed")
        if not again:
            return
        # a digest that was refused for good, or broke the notifier, may be so for one of its notices
        alone = not letter.alone and (error.permanent or isinstance(error, BrokenNotifier))
        wait_s = 0.0 if alone else backoff_s(letter.attempts, self._dice)
        at = self._clock.now() + timedelta(seconds=wait_s)
        await aside(self._store.retry_together, again, at, words, alone=alone)
        told, retry_in_s = letter.names_for(name, len(again)), round(max(wait_s, asked_s), 1)
        _log.warning("notice_delayed", **told, attempt=letter.attempts + 1, error=words, retry_in_s=retry_in_s)

    async def _give_up(self, name: str, outbox_id: int, notice: Notice, error: DeliveryError) -> None:
        now, words = self._clock.now(), str(error)[:ERROR_LENGTH]
        await aside(self._store.give_up, outbox_id, now, words)
        self.on_outcome(name, "given_up")
        _log.error("notice_given_up", permanent=error.permanent, **names_of(name, notice), error=words)
        if error.permanent:
            others = await aside(channel_refused, self._store, name, notice, words, now, self._notifiers.keys())
            if others:
                _log.error("channel_dead", notifier=name, told=list(others), error=words)

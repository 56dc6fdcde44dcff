"""What was spent today, and the caps that end a day's probing. Feeds ``holding``.

A day is a calendar day in UTC. What is spent is the store's sum of the day (all processes), read as each run begins,
and what the runs of this process added since. A request leaves while what is spent, and what those in flight are
expected to add, stays below every cap; it waits while only those in flight stand in the way; it is not asked once a
cap is reached. So a cap is passed by less than one request, as far as the estimates hold, and never by more than the
requests in flight in that instant, and what other processes spend while a run is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from probes.clock import Clock
from probes.endpoint import Spend
from probes.failure import Failure, FailureClass
from probes.sample import TokenUsage
from reports.wording import dollars
from runner.limits.bell import Bell
from runner.limits.estimate import Estimate, counted
from runner.store.base import Spending, Spent, Store

GOES_ON = "probing goes on at 00:00 UTC"


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """What one run used so far, and how many of its requests are in flight."""

    run_id: str
    suite: str
    endpoint: str
    estimate: Estimate
    days: dict[date, tuple[datetime, Spent]] = field(default_factory=dict)
    """By day: when its first request ended, and the sum."""
    unpriced: int = 0
    """Requests under a dollar cap whose price nobody knows: they are missing in the sum."""
    in_flight: int = 0
    open: bool = True
    """False once the run has ended."""
    saved: bool = False
    """True once the store has it."""

    def add(self, at: datetime, spent: Spent) -> None:
        """One request is over."""
        first, sum_ = self.days.get(at.date(), (at, Spent()))
        self.days[at.date()] = (first, sum_ + spent)

    def rows(self) -> tuple[Spending, ...]:
        """What the store is to keep."""
        return tuple(
            Spending(run_id=self.run_id, suite=self.suite, endpoint=self.endpoint, at=first, spent=spent)
            for first, spent in self.days.values()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one cap stands today."""

    suite: str
    """Empty for the installation's."""
    unit: str
    """``usd`` or ``tokens``."""
    cap: float
    spent: float
    reserved: float = 0.0
    """What requests in flight are expected to add."""

    @property
    def reached(self) -> bool:
        return self.spent >= self.cap

    def __str__(self) -> str:
        """``the suite's spending cap of $5.00 a day is reached ($5.02 spent)``."""
        whose = "suite" if self.suite else "installation"
        cap, spent = self._amount(self.cap), self._amount(self.spent)
        return f"the {whose}'s spending cap of {cap} a day is reached ({spent} spent)"

    def _amount(self, amount: float) -> str:
        return dollars(amount) if self.unit == "usd" else f"{amount:,.0f} tokens"


class Ledger:
    """What all runs of this installation spent today, as far as this process can know."""

    def __init__(self, store: Store, clock: Clock, caps: Spend) -> None:
        self.changed = Bell()
        self._store = store
        self._clock = clock
        self._caps: dict[str, Spend] = {"": caps}
        self._accounts: list[Account] = []
        self._stored: dict[str, Spent] = {}
        self._stored_whole = Spent()
        """The sum of all suites, in the store's own reckoning: every request asks for it."""
        self._stored_of: date | None = None
        self._reading = asyncio.Lock()

    async def open(self, account: Account, caps: Spend) -> None:
        """Begin to count a run of a suite with these caps.

        Raises:
            StoreError: the day's sum cannot be read; nothing may be sent then.
        """
        async with self._reading:
            now = self._clock.now()
            today = now.astimezone(UTC).date()
            kept = [known for known in self._accounts if not known.saved and (known.open or today in known.days)]
            # what is in our own books is left out there, so that nothing counts twice whenever it is saved
            ids = [known.run_id for known in (*kept, account)]
            # what is known of other suites still holds, so that with thousands of them few are read for each run
            before = set(self._accounts) if self._stored_of != today else set(self._accounts) - set(kept)
            suites = {known.suite for known in (*before, account)}
            read = await asyncio.to_thread(self._store.spent, _midnight(now), without_runs=ids, suites=suites)
            held = self._stored if self._stored_of == today else {}
            self._stored = {**held, **{suite: read.get(suite, Spent()) for suite in suites}}
            self._stored_whole, self._stored_of = read.get("", Spent()), today
            self._accounts = [*kept, account]
            self._caps[account.suite] = caps

    def spent(self, suite: str) -> Spent:
        """What a suite spent today; all suites where the name is empty."""
        today, stored = self._today(), Spent()
        if self._stored_of == today:
            stored = self._stored.get(suite, Spent()) if suite else self._stored_whole
        return sum((known.days[today][1] for known in self._known(suite) if today in known.days), stored)

    def standings(self, suite: str | None = None) -> Iterator[Standing]:
        """Every cap over a suite: its own, then the installation's. None: all caps that are known."""
        names = list(self._caps) if suite is None else [suite, ""]
        for name in names:
            yield from _standings(name, self._caps.get(name, Spend()), self.spent(name), self._known(name))

    def today(self) -> Iterator[tuple[str, str, float, float | None]]:
        """For metrics: suite (empty: all), unit, spent today, cap or None; of every suite that this process ran."""
        today = self._today()
        sums = dict(self._stored) if self._stored_of == today else {}
        for known in self._accounts:  # one pass: this is asked over all suites, of which there are thousands
            if today in known.days:
                sums[known.suite] = sums.get(known.suite, Spent()) + known.days[today][1]
        for name, caps in list(self._caps.items()):
            spent = sums.get(name, Spent()) if name else self.spent("")
            yield name, "usd", spent.usd, caps.usd_per_day
            yield name, "tokens", spent.tokens, caps.tokens_per_day

    def _known(self, suite: str) -> list[Account]:
        return [known for known in self._accounts if suite in ("", known.suite)]

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()


def _standings(suite: str, caps: Spend, spent: Spent, accounts: Sequence[Account] = ()) -> Iterator[Standing]:
    if caps.usd_per_day is not None:
        usd = sum(known.in_flight * (known.estimate.usd or 0.0) for known in accounts)
        yield Standing(suite=suite, unit="usd", cap=caps.usd_per_day, spent=spent.usd, reserved=usd)
    if caps.tokens_per_day is not None:
        tokens = sum(known.in_flight * known.estimate.tokens for known in accounts)
        yield Standing(suite=suite, unit="tokens", cap=caps.tokens_per_day, spent=spent.tokens, reserved=tokens)


def reached_today(store: Store, now: datetime, suite: str, caps: Spend, installation: Spend) -> Standing | None:
    """The first cap over a suite that is reached before anything is asked; None where there is none.

    Raises:
        StoreError: the day's sums cannot be read.
    """
    sums = store.spent(_midnight(now))
    own, whole = sums.get(suite, Spent()), sum(sums.values(), Spent())
    standings = (*_standings(suite, caps, own), *_standings("", installation, whole))
    return next((standing for standing in standings if standing.reached), None)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


class SpendGate:
    """The caps over one run (``probes.gate.Gate``)."""

    def __init__(self, ledger: Ledger, account: Account, clock: Clock) -> None:
        self.reached: dict[str, Standing] = {}
        """Caps that held questions of this run back, by what they are of."""
        self._ledger = ledger
        self._account = account
        self._clock = clock

    async def admit(self) -> Failure | None:
        """Let a request leave while it stays within the caps; wait where that depends on those in flight."""
        while True:
            standings = list(self._ledger.standings(self._account.suite))
            reached = next((standing for standing in standings if standing.reached), None)
            if reached is not None:
                self.reached[f"{reached.suite}/{reached.unit}"] = reached
                return Failure(kind=FailureClass.SPEND_CAP, message=f"not asked: {reached}; {GOES_ON}")
            if all(standing.spent + standing.reserved < standing.cap for standing in standings):
                self._account.in_flight += 1
                return None
            await self._ledger.changed.heard()

    def note(
        self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
    ) -> None:
        """Count what a request used. Where a reply at least began and did not say, it is counted by the estimate."""
        account = self._account
        account.in_flight -= 1
        if failure is None or not failure.held_back:
            used = self._used(usage, cost_usd, charged=charged or failure is None)
            account.add(self._clock.now().astimezone(UTC), used)
        if failure is None:
            account.estimate.learn(counted(usage), cost_usd)
        self._ledger.changed.ring()

    def _used(self, usage: TokenUsage, cost_usd: float | None, *, charged: bool) -> Spent:
        tokens, estimate = counted(usage), self._account.estimate
        if not charged:
            return Spent(requests=1, tokens=tokens or 0, usd=cost_usd or 0.0)
        units = self._units()
        unpriced = cost_usd is None and estimate.usd is None
        self._account.unpriced += unpriced and "usd" in units
        guessed = (tokens is None and "tokens" in units) or (cost_usd is None and not unpriced and "usd" in units)
        return Spent(
            requests=1,
            tokens=estimate.tokens if tokens is None else tokens,
            usd=(estimate.usd or 0.0) if cost_usd is None else cost_usd,
            estimated=int(guessed),
        )

    def _units(self) -> set[str]:
        """What caps over this suite are in."""
        return {standing.unit for standing in self._ledger.standings(self._account.suite)}

    def end(self) -> None:
        """The run is over: requests cancelled in flight count by the estimate, for nobody knows what they used."""
        account = self._account
        account.open = False
        if account.in_flight:
            count, estimate = account.in_flight, account.estimate
            usd = count * (estimate.usd or 0.0)
            account.unpriced += count if estimate.usd is None and "usd" in self._units() else 0
            used = Spent(requests=count, tokens=count * estimate.tokens, usd=usd, estimated=count)
            account.in_flight = 0
            account.add(self._clock.now().astimezone(UTC), used)
        self._ledger.changed.ring()

"""What holds a run back, put together: places, minutes and caps of one run at one endpoint. Feeds ``engine``.

Built once a process (``wiring``), so that runs of all suites share what is counted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from probes.clock import Clock
from probes.duration import format_duration
from probes.endpoint import Spend
from probes.gate import Gate
from probes.price_list import read_list
from reports.wording import count
from runner.limits.estimate import Estimate, estimate_of, first_estimate
from runner.limits.places import Places, PlacesFor, endpoint_key
from runner.limits.rate import Minute, RateGate
from runner.limits.spending import Account, Ledger, SpendGate, Standing
from runner.preparing.orders import RunOrder
from runner.schedule.schedule import interval_s
from runner.store.base import Spending, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What all suites that ask one endpoint have in common."""

    places: Places
    minute: Minute
    estimates: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    """By suite and what is asked (``probes`` or ``judge``): their questions differ in length."""


class Limits:
    """All limits of one process."""

    def __init__(self, store: Store, clock: Clock, spend: Spend | None = None) -> None:
        """``spend``: the caps of the installation."""
        self.ledger = Ledger(store, clock, spend or Spend())
        self._clock = clock
        self._shared: dict[str, _Shared] = {}

    async def hold(self, order: RunOrder, run_id: str) -> RunLimits:
        """The limits of a run that is about to begin; to be ended once it is over.

        Raises:
            StoreError: what was spent today cannot be read.
        """
        first = first_estimate(order.prepared.suite.endpoints[order.endpoint], [p for p, _ in order.probes])
        return await self._hold(order, run_id, order.endpoint, "probes", first)

    async def hold_judge(self, order: RunOrder, run_id: str, name: str, characters: int) -> RunLimits:
        """The limits of what a run asks one of its judges; the longest of the questions has so many characters.

        Raises:
            StoreError: what was spent today cannot be read.
        """
        first = estimate_of(order.prepared.suite.endpoints[name], characters)
        return await self._hold(order, run_id, name, "judge", first)

    async def _hold(self, order: RunOrder, run_id: str, name: str, asked: str, first: Estimate) -> RunLimits:
        suite = order.prepared.suite
        endpoint = suite.endpoints[name]
        if endpoint.prices is None:
            await asyncio.to_thread(read_list)  # now, because later it would fall into somebody's timing
        shared = self._shared.setdefault(endpoint_key(endpoint), _Shared(places=Places(), minute=Minute(self._clock)))
        estimate = shared.estimates.setdefault((suite.name, asked), first)
        account = Account(run_id=run_id, suite=suite.name, endpoint=name, estimate=estimate)
        await self.ledger.open(account, suite.spend)
        return RunLimits(
            order=order,
            account=account,
            places=PlacesFor(shared.places, endpoint.concurrency),
            spend=SpendGate(self.ledger, account, self._clock),
            rate=RateGate(shared.minute, endpoint, estimate, self._clock),
            ledger=self.ledger,
        )


@dataclass(slots=True, kw_only=True)
class RunLimits:
    """The limits of one run."""

    order: RunOrder
    account: Account
    places: PlacesFor
    spend: SpendGate
    rate: RateGate
    ledger: Ledger

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Caps first, the minute last: what counts as sent is then really about to be sent."""
        return (self.spend, self.rate)

    def end(self) -> tuple[Spending, ...]:
        """The run is over, or was cancelled: give back what it held. What it used, for the store."""
        self.rate.end()
        self.spend.end()
        return self.account.rows()

    def saved(self) -> None:
        """The store has what this run used."""
        self.account.saved = True

    def reached(self) -> tuple[str, ...] | None:
        """The caps that are reached after this run or held it back, a sentence each; None where there are no caps."""
        standings = list(self.ledger.standings(self.account.suite))
        now = {_name(standing): standing for standing in standings if standing.reached}
        told = {**self.spend.reached, **now}
        return tuple(str(standing) for standing in told.values()) if standings or told else None

    def note(self, duration_s: float) -> str:
        """What a reader of the run should know of its limits, in one line; mostly empty."""
        return "; ".join(filter(None, (self._guessed(), self._unpriced(), self._slow(duration_s))))

    def _guessed(self) -> str:
        guessed = sum(spent.estimated for _, spent in self.account.days.values())
        if not guessed:
            return ""
        return (
            f"{count(guessed, 'request')} did not tell what they used and count by an estimate under the spending cap"
        )

    def _unpriced(self) -> str:
        if not self.account.unpriced:
            return ""
        in_tokens = any(standing.unit == "tokens" for standing in self.ledger.standings(self.account.suite))
        rest = ", only tokens_per_day is" if in_tokens else ""
        return f"the price of {count(self.account.unpriced, 'request')} is unknown: usd_per_day is not kept{rest}"

    def _slow(self, duration_s: float) -> str:
        schedule = self.order.prepared.suite.schedule
        if schedule is None or not self.rate.waited_s or duration_s <= interval_s(schedule):
            return ""
        took, every = format_duration(duration_s), format_duration(interval_s(schedule))
        return f"limits a minute made this run take {took}, longer than the {every} between runs"


def _name(standing: Standing) -> str:
    return f"{standing.suite}/{standing.unit}"

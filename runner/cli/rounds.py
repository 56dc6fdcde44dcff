"""The runs of one command, round after round. Feeds ``run`` and ``baseline capture``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.sample import Sample
    from reports.summary import RunRecord
    from runner.cli.printing import Made
    from runner.preparing.orders import RunOrder
    from runner.store.base import Store
    from runner.wiring import Installation


async def make_rounds(
    here: Installation,
    orders: Sequence[RunOrder],
    rounds: int,
    made: Made,
    tick: Callable[[Sample | None], None] | None,
    *,
    capturing: bool,
) -> None:
    """Make the runs of all orders, round after round; what came of them is in ``made``.

    A run that cannot be stored is the last one. A suite that meets a bug of ours is asked no more, and the others are.

    Raises:
        HoldfastError: nothing more can be asked.
    """
    from dataclasses import replace

    from probes.errors import HoldfastError
    from runner.asking.not_stored import NotStored

    going = list(orders)
    for round_ in range(rounds):
        for order in tuple(going):
            collecting = capturing and round_ < rounds - 1
            try:
                record = await here.engine.run(replace(order, capturing=collecting), tick)
            except NotStored as error:
                made.records.append(error.record)
                made.stored = False
                return
            except HoldfastError:
                raise
            except Exception as error:
                if len(orders) == 1:
                    raise
                going.remove(order)
                made.lost += 1
                made.notes.append(_broken(order, error))
                continue
            made.records.append(record)
            if not await _confirm(here, order, record, made, tick, capturing=capturing):
                return
            if capturing and (cap := _held_by_cap(record)):
                going.remove(order)
                made.notes.append(_ended_early(here.store, record, round_ + 1, rounds, cap))


def _broken(order: RunOrder, error: Exception) -> str:
    """Bulkhead: a bug that one suite meets must not keep the others from being asked."""
    where = f"{order.prepared.suite.name} at {order.endpoint}"
    return (
        f"holdfast: {where}: its run is lost by a bug in holdfast ({type(error).__name__}); run this suite alone with"
        " --debug to see where"
    )


async def _confirm(
    here: Installation,
    order: RunOrder,
    record: RunRecord,
    made: Made,
    tick: Callable[[Sample | None], None] | None,
    *,
    capturing: bool,
) -> bool:
    """The confirmation runs that a run asks for; false where one could not be stored."""
    from functools import partial

    from runner.asking.confirming import confirmed
    from runner.asking.not_stored import NotStored

    if capturing or order.prepared.suite.drift.confirm is None:
        return True
    make = partial(here.engine.run, on_sample=tick)
    try:
        async for again in confirmed(order, record, make=make, store=here.store, clock=here.clock):
            made.records.append(again)
    except NotStored as error:
        made.records.append(error.record)
        made.stored = False
    return made.stored


def _held_by_cap(record: RunRecord) -> str:
    """What the first question says that a spending cap kept from being asked."""
    from probes.failure import FailureClass

    failures = (sample.failure for sample in record.samples if sample.failure)
    return next((failure.message for failure in failures if failure.kind is FailureClass.SPEND_CAP), "")


def _ended_early(store: Store, record: RunRecord, round_: int, rounds: int, cap: str) -> str:
    from reports.wording import count

    normal = store.baseline(record.suite, record.endpoint)
    counted = count(normal.runs if normal else 0, "run")
    return (
        f"{record.suite} at {record.endpoint}: the capture ended in round {round_} of {rounds}, {cap}; "
        f"the baseline has {counted}"
    )

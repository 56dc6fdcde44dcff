"""What the daemon does for its channels: each is served by a chore of its own, so that none waits for another."""

from __future__ import annotations

import asyncio

from runner.daemon.chores import Chore, Troubles
from runner.delivery.outbox import OutboxWorker
from runner.store.base import Store

DELIVERY_EVERY_S = 1.0
WATCH_EVERY_S = 5.0


def channel_chores(outbox: OutboxWorker, store: Store, troubles: Troubles) -> list[Chore]:
    """One chore a notifier, and one that tells ``/healthz`` whether the store can be written and which notifiers take
    nothing any more."""

    def serving(name: str) -> Chore:
        async def serve() -> None:
            await outbox.deliver_to(name)

        return Chore(name=f"outbox to {name}", every_s=DELIVERY_EVERY_S, work=serve)

    async def watch() -> None:
        await asyncio.to_thread(store.prove_writable)  # an idle outbox only reads, and would never know
        dead = {one.notifier: one for one in await asyncio.to_thread(store.dead_channels)}
        for name in outbox.notifiers:
            one = dead.get(name)
            words = f"it takes no notices since {one.since:%Y-%m-%d %H:%M}Z: {one.error}" if one else ""
            troubles.tell(f"notifier {name}", words)

    watching = Chore(name="watch over the outbox", every_s=WATCH_EVERY_S, work=watch)
    return [*map(serving, outbox.notifiers), watching]

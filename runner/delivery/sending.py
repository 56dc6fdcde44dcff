"""One delivery to one channel as a value, and the store asked off the loop. Feeds the outbox and the last resort."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from probes.errors import DeliveryError
from reports.notice import Delivery

SEND_TIMEOUT_S = 15.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 2.0, 300.0
LONGEST_QUIET_S = 3600.0
"""No channel may silence us for longer at once."""
LEASE_S = 60.0
"""How long a notice is ours. After a crash it stays silent for this long, so it is short."""

Asked = ParamSpec("Asked")
Told = TypeVar("Told")


class BrokenNotifier(DeliveryError):
    """A bug in a notifier, not a refusal by its channel."""


async def called(sending: Awaitable[Delivery]) -> Delivery | DeliveryError:
    """What a notifier came to, as a value."""
    try:
        return await sending
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001  bulkhead: a notifier's bug is trouble of that delivery
        # its text may hold anything, so only its type is told
        return BrokenNotifier(f"the notifier broke: {type(error).__name__}")


async def sent(
    delivery: Awaitable[Delivery], timeout_s: float, taken: Callable[[Delivery], Awaitable[None]]
) -> Delivery | DeliveryError:
    """One delivery as a value. A notifier that breaks must not keep the others of its channel from being told.

    ``taken``: keeps the receipt where we are cancelled in the very instant in which the channel took the notice.
    """
    sending = asyncio.ensure_future(called(delivery))
    try:
        await asyncio.wait({sending}, timeout=timeout_s)
    except asyncio.CancelledError:
        outcome = await _ended(sending)
        if isinstance(outcome, Delivery):
            await taken(outcome)
        raise
    return await _ended(sending) or DeliveryError(f"no answer within {timeout_s:g} s")


async def _ended(sending: asyncio.Future[Delivery | DeliveryError]) -> Delivery | DeliveryError | None:
    """What came of a delivery, which is cancelled where it is still under way; None where nothing did."""
    if not sending.done():
        sending.cancel()
        await asyncio.wait({sending})
    return None if sending.cancelled() else sending.result()


async def aside(call: Callable[Asked, Told], *args: Asked.args, **kwargs: Asked.kwargs) -> Told:
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


def backoff_s(attempts: int, dice: random.Random) -> float:
    """Seconds until a delivery is tried again: 2 s doubling to 5 min, shortened by up to a half by chance."""
    steady_s = min(FIRST_BACKOFF_S * 2.0 ** min(attempts, 30), LONGEST_BACKOFF_S)
    return steady_s * dice.uniform(0.5, 1.0)

"""What stands before every request: it lets it leave at once, later, or not at all. Feeds ``asking``.

Rate limits, spending caps and the stop at a dead endpoint are gates; ``fire_all`` is given those that apply.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from probes.failure import Failure, FailureClass
from probes.sample import TokenUsage

_GIVEN_UP = Failure(kind=FailureClass.NOT_ASKED, message="not asked: nobody waits for it any more")
Places = AbstractAsyncContextManager[None]
"""Room for so many samples under way at one endpoint; entered by each of them, at the same time."""


class Gate(typing.Protocol):
    """One reason to hold a request back."""

    async def admit(self) -> Failure | None:
        """Wait until a request may leave. A failure of class ``not_asked`` where none may leave any more.

        Waiting here is in no timing. A request that was admitted is always followed by one ``note``.
        """
        ...

    def note(
        self, *, failure: Failure | None, usage: TokenUsage, cost_usd: float | None, charged: bool = False
    ) -> None:
        """What became of a request that was admitted: its failure, or None, and what it used as far as known.

        ``charged``: the endpoint may charge for it although it failed (``Exchange.charged``).
        """
        ...


async def admitted(gates: Sequence[Gate]) -> Failure | None:
    """Pass all gates in turn. Those passed before one that refuses, or at which the waiting is cancelled, are told that
    nothing was used."""
    for position, gate in enumerate(gates):
        try:
            refused = await gate.admit()
        except BaseException:
            _unused(gates[:position], _GIVEN_UP)
            raise
        if refused is not None:
            _unused(gates[:position], refused)
            return refused
    return None


def _unused(gates: Sequence[Gate], why: Failure) -> None:
    for gate in gates:
        gate.note(failure=why, usage=TokenUsage(), cost_usd=None)

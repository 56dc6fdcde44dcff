"""What the contract test asks of every dialect: how it says one answer, how it calls a tool, how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.sample import Finish

ANSWER = "Grüße aus Köln"
TOOL_ARGUMENTS = {"order_id": "4471"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """How one dialect says ``ANSWER``, and how it says no."""

    body: bytes
    answer: str = ANSWER
    """What ``body`` says."""
    finish: Finish | None = Finish.STOP
    """How it ends in the one normal form; None for a dialect without reasons."""
    stream: tuple[bytes, ...] = ()
    """The same in events; empty for a dialect that never streams."""
    complete_after: int = 0
    """Number of stream events after which the answer is complete."""
    quiet: int = 0
    """Number of stream events before the first that carries content."""
    unknown_finish: bytes = b""
    """``body`` with a finish reason nobody has heard of."""
    unauthorized: bytes
    tool_call: bytes | None = None
    """A whole reply that calls the tool ``get_order`` with ``TOOL_ARGUMENTS``; None for a dialect without tools."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """What an endpoint of this dialect needs beside address, model and key."""

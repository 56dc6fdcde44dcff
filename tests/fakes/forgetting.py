"""All texts before an instant forgotten at once, which housekeeping does in small steps. Feeds tests of what stays."""

from __future__ import annotations

from datetime import datetime

from runner.store.base import Store


def expire_texts(store: Store, before: datetime) -> int:
    """How many rows went: texts of runs that began before this instant, and what quotes them."""
    rows = 0
    while found := store.forget_texts(before, most=20):
        rows += found
    return rows + store.forget_told(before) + store.forget_conversations()

"""Which maintenance window an instant lies in, right across changes of the clock. Feeds ``engine`` and ``validate``.

A window of a cron line begins when such a line fires in its zone (``slots`` says what that means in the two
nights of a clock change), and lasts real time from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from probes.duration import format_duration
from probes.maintenance import Window
from runner.schedule.cron import parsed
from runner.schedule.slots import CronSlots

_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_LOOKED_AT = 1500


def window_at(windows: Sequence[Window], now: datetime) -> Window | None:
    """The first window that an aware instant lies in; its begin belongs to it, its end does not."""
    return next((window for window in windows if _covers(window, now)), None)


def window_problem(window: Window) -> str | None:
    """What is wrong with a window's cron line, in one sentence; None where nothing is."""
    if window.cron is None:
        return None
    try:
        begins = list(_begins(window, _REFERENCE))
    except ValueError as error:
        return f"{window.cron!r} is not a cron line: {error}"
    if not begins:
        return f"{window.cron!r} is not a cron line: it never fires"
    shortest = min((later - begun for begun, later in pairwise(begins)), default=timedelta.max)
    if shortest > window.lasts:
        return None
    told, gap = format_duration(window.lasts.total_seconds()), format_duration(shortest.total_seconds())
    return f"a window of {told} that begins every {gap} would never end; make it shorter than the time between two"


def window_notes(windows: Sequence[Window], now: datetime) -> Iterator[str]:
    """A sentence for each window that is over for good."""
    for window in windows:
        if window.ends is not None and window.ends <= now:
            yield f"the maintenance window until {window.ends.isoformat()} is over ({window.reason!r}); take it out"


def _covers(window: Window, now: datetime) -> bool:
    if window.begins is not None and window.ends is not None:
        return window.begins <= now < window.ends
    begun, _ = _slots(window.cron or "", window.timezone).passed(now - window.lasts, now)
    return begun > 0


def _begins(window: Window, since: datetime) -> Iterator[datetime]:
    """The instants at which it begins within a year of the first one, as many as are worth looking at.

    The first may be years away: a line for the 29th of February has one in four or eight.
    """
    slots = _slots(window.cron or "", window.timezone)
    begun = slots.after(since)
    last = None if begun is None else begun + timedelta(days=366)
    for _ in range(_MOST_LOOKED_AT):
        if begun is None or last is None or begun > last:
            return
        yield begun
        begun = slots.after(begun)


@lru_cache(maxsize=256)
def _slots(cron: str, timezone: str) -> CronSlots:
    return CronSlots(fields=parsed(cron), timezone=timezone)

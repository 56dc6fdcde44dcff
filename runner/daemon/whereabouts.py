"""What each place is about: its run is under way or waits for something, or runs of it are lost. Feeds ``rounds``.

What is told of a place that is late, or of which nothing is known, comes from here: who reads it is to see the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from probes.clock import Clock
from probes.duration import format_duration
from reports.wording import count
from runner.daemon.turns import Turns
from runner.schedule.beats import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Runs that were made and not stored, one after the other."""

    runs: int
    newest_at: datetime
    why: str


@dataclass(slots=True)
class Whereabouts:
    """Of all places of one daemon. Only the event loop's thread changes it."""

    clock: Clock
    turns: Turns
    _running: dict[Place, float] = field(default_factory=dict)
    """Since when; the first began first."""
    _waiting: dict[Place, str] = field(default_factory=dict)
    """For a turn at this host; empty between a run and one that confirms it."""
    _over: dict[Place, tuple[datetime, float]] = field(default_factory=dict)
    """When the last run was over, and for how many seconds it had been under way."""
    _lost: dict[Place, Lost] = field(default_factory=dict)

    @contextmanager
    def waiting(self, place: Place, host: str = "") -> Iterator[None]:
        """Within the block no run of the place is under way, though there may be one soon: it may be cancelled."""
        self._waiting[place] = host
        try:
            yield
        finally:
            self._waiting.pop(place, None)

    @contextmanager
    def running(self, place: Place) -> Iterator[None]:
        """Within the block a run of the place is under way."""
        self._running[place] = began = self.clock.monotonic()
        try:
            yield
        finally:
            self._running.pop(place, None)
            self._over[place] = self.clock.now(), self.clock.monotonic() - began

    def idle(self, place: Place) -> bool:
        """True while it waits."""
        return place in self._waiting

    def words(self, place: Place, due_at: datetime) -> str:
        """Why no run has begun that was due then; empty where nothing of it kept it from that."""
        if place in self._running:
            return f"its run has been under way for {format_duration(self.clock.monotonic() - self._running[place])}"
        if place in self._waiting:
            host = self._waiting[place]
            return (
                f"it waits for its turn: {self._taken(host)}" if host else "it rests before its last run is confirmed"
            )
        ended_at, took_s = self._over.get(place, (due_at, 0.0))
        return f"its last run was under way for {format_duration(took_s)}" if ended_at > due_at else ""

    def _taken(self, host: str) -> str:
        most = self.turns.most_for(host)
        longest = next(iter(self._running), None)
        by = f", longest by {' at '.join(longest)}" if longest else ""
        return f"{min(self.turns.taken, most)} of {most} places taken{by}"

    # ------------------------------------------------------------------------------------------ what came of it
    def lost(self, place: Place, why: str) -> None:
        """A run was made and could not be judged or stored; ``why`` as ``/healthz`` has it."""
        before = self._lost.get(place)
        self._lost[place] = Lost(runs=before.runs + 1 if before else 1, newest_at=self.clock.now(), why=why)

    def stored(self, place: Place) -> None:
        """A run was stored."""
        self._lost.pop(place, None)

    def forget(self, place: Place) -> None:
        """The place is no more."""
        self._lost.pop(place, None)
        self._over.pop(place, None)

    def lost_words(self, place: Place) -> str:
        """That its runs are lost, how many and why; empty where the newest was stored."""
        lost = self._lost.get(place)
        if lost is None:
            return ""
        newest = f"{lost.newest_at:%Y-%m-%d %H:%M} UTC"
        return f"runs are made and lost, {count(lost.runs, 'run')} until {newest}: {lost.why}"

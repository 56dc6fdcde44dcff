"""What the daemon tells Prometheus of itself: its notices, its heartbeat, its loop, its suites. Feeds ``metrics``."""

from __future__ import annotations

from reports.metrics import table as m
from reports.metrics.series import Series

OUTCOMES = ("delivered", "delayed", "given_up")


class OfDaemon:
    """Counts and sets what is of no suite."""

    def __init__(self, series: Series) -> None:
        self._series = series

    def outbox(self, *, pending: int) -> None:
        """How many notices wait."""
        self._series.put(m.OUTBOX, to=pending)

    def expect_notifier(self, notifier: str) -> None:
        """The settings name a notifier: its counters begin at 0."""
        for outcome in OUTCOMES:
            self._series.count(m.NOTICES, notifier, outcome, by=0)

    def notice(self, notifier: str, outcome: str) -> None:
        """Count an attempt to deliver a notice: ``delivered``, ``delayed`` or ``given_up``."""
        self._series.count(m.NOTICES, notifier, outcome)

    def troubles(self, number: int) -> None:
        """How many things are wrong with the daemon now."""
        self._series.put(m.TROUBLES, to=number)

    def loop_lag(self, seconds: float) -> None:
        """Count how late the loop woke up."""
        self._series.observe(m.LOOP_LAG, seconds=max(seconds, 0.0))

    def expect_heartbeats(self, *, every_s: float, since: float) -> None:
        """The settings name a heartbeat, to be taken every so many seconds from an instant (Unix time) on."""
        self._series.put(m.HEARTBEAT_EVERY, to=every_s)
        self._series.put(m.HEARTBEAT_TAKEN, to=since)
        for outcome in ("sent", "failed"):
            self._series.count(m.HEARTBEATS, outcome, by=0)

    def heartbeat(self, outcome: str, at: float) -> None:
        """Count a heartbeat: ``sent`` (taken at this instant, Unix time) or ``failed``."""
        self._series.count(m.HEARTBEATS, outcome)
        if outcome == "sent":
            self._series.put(m.HEARTBEAT_TAKEN, to=at)

    def loaded(self, *, suites: int, refused: int) -> None:
        """A load of the suites: how many the schedule fires now, and how many files were refused."""
        self._series.put(m.SUITES, to=suites)
        self._series.put(m.SUITE_FILES_BAD, to=refused)
        self._series.count(m.SUITE_LOADS, "refused" if refused else "whole")

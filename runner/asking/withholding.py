"""Runs from which the judge learns nothing, and why: a maintenance window, a lost network of our own, an extra run.

Feeds ``engine``. Such a run is made, checked and stored; stream states stay exactly as they were, and the stored plan
says so, so that a replay passes it over as the live judge did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from checks.drift.result import StreamKey
from checks.verdict import Health
from probes.maintenance import Window
from reports.summary import RunRecord
from runner.normal.baselines import latest_drift
from runner.normal.judging import Judged
from runner.preparing.orders import Fired, RunOrder
from runner.schedule.windows import window_at
from runner.store.base import Json, Store

WHILE_FAILING = "while-failing"
"""Trigger of an extra run that is made because something is failing."""
NOT_JUDGED = "drift was not judged: it stands as the last judged run left it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Why the judge is not asked about a run."""

    maintenance: str = ""
    """The reason of a window."""
    offline: str = ""
    """What says that our own network was lost."""

    @property
    def alerts_held(self) -> bool:
        """True where incidents stay as they are, too. An extra run counts for all of them but drift."""
        return bool(self.maintenance or self.offline)

    @property
    def told(self) -> Json:
        """Why, for the stored plan."""
        kind = ("offline" if self.offline else "maintenance") if self.alerts_held else WHILE_FAILING
        return {"withheld": kind}

    def judged(self, store: Store, order: RunOrder, states: Mapping[StreamKey, Json]) -> Judged:
        """What stands in place of a judgement: the states as they are and, unless nothing is known, the last word."""
        if self.offline:
            return Judged(states=states, results=(), learned=False, note=f"our own network was lost: {self.offline}")
        last = latest_drift(store, order.prepared.suite.name, order.endpoint) if order.whole else ()
        window = f"made in a maintenance window: {self.maintenance}" if self.maintenance else ""
        note = "; ".join(filter(None, (window, NOT_JUDGED)))
        return Judged(states=states, results=last, learned=False, note=note)

    def marked(self, record: RunRecord) -> RunRecord:
        """The record with the reason, and of unknown health where the network was lost."""
        record = replace(record, maintenance=self.maintenance, offline=self.offline)
        return replace(record, health=Health.UNKNOWN) if self.offline else record


def withheld(order: RunOrder, fired: Fired, everywhere: Sequence[Window]) -> Withheld | None:
    """Why this run is withheld from the judge; None where it is judged.

    Args:
        order: What it was made from. A capture says what is normal by an explicit act, whatever the hour.
        fired: What came back.
        everywhere: The maintenance windows of the installation.
    """
    windows = () if order.capturing else (*order.prepared.suite.maintenance, *everywhere)
    window = window_at(windows, fired.started_at)
    if window is None and not fired.offline and order.trigger != WHILE_FAILING:
        return None
    return Withheld(maintenance=window.reason if window else "", offline=fired.offline)

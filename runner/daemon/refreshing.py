"""Says again what is open, to channels that would forget it. A chore of the daemon; feeds notifiers like Alertmanager.

What such a channel is told is the newest notice it took of each incident, never more: what waits in the outbox, was
muted or was given up is not told by this way. Nor is what nobody looks at any more: an incident of a suite that only
``holdfast run`` fires is said again for a day after its last run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.clock import Clock
from probes.errors import DeliveryError
from reports.alerts.machine import AlertState
from reports.alerts.no_data import INSTALLATION
from reports.alerts.story import Told
from reports.notice import AlertEvent, Notice, Notifier, RefreshingNotifier
from runner.daemon.chores import Chore
from runner.daemon.load_alerts import PLACE as FILE
from runner.schedule.beats import Place
from runner.store.base import Store

EVERY_S = 60.0
"""As Prometheus does by default (``--rules.alert.resend-delay``)."""
UNLOOKED_AT = timedelta(days=1)
"""Time after the last run of a place that no schedule runs, until nobody can tell how it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshing:
    """Refreshes every notifier of the settings that asks for it."""

    store: Store
    notifiers: Mapping[str, Notifier]
    clock: Clock

    def chores(self) -> list[Chore]:
        """The one chore; none where no notifier asks for it."""
        wanted = any(isinstance(notifier, RefreshingNotifier) for notifier in self.notifiers.values())
        return [Chore(name="refresh of alerts", every_s=EVERY_S, work=self.refresh)] if wanted else []

    async def refresh(self) -> None:
        """One round; a notifier that fails keeps no other from its turn.

        Raises:
            StoreError: the store cannot be read.
            DeliveryError: naming the first notifier that could not be told.
        """
        # when it begins: a notice read before its incident ended must not look newer than the end
        now = self.clock.now()
        states, told = await asyncio.to_thread(self._standing, now)
        failed: list[str] = []
        for name, notifier in self.notifiers.items():
            if isinstance(notifier, RefreshingNotifier):
                try:
                    await notifier.refresh(list(standing(name, states, told)), now)
                except DeliveryError as error:
                    failed.append(f"notifier {name}: {error}")
        if failed:
            raise DeliveryError(failed[0])

    def _standing(self, now: datetime) -> tuple[Sequence[AlertState], Mapping[str, tuple[Told, ...]]]:
        live = self.store.open_alerts()
        scheduled = self.store.scheduled()
        seen = {place for place in set(map(place_of, live)) if place in scheduled or self._looked_at(place, now)}
        states = [state for state in live if place_of(state) in seen]
        return states, self.store.told([state.incident_id for state in states])

    def _looked_at(self, place: Place, now: datetime) -> bool:
        """True where somebody but the schedule would see that it is well again."""
        suite, endpoint = place
        if suite == INSTALLATION or endpoint == FILE:
            return True
        return any(
            now - run.started_at < UNLOOKED_AT for run in self.store.runs(suite=suite, endpoint=endpoint, limit=1)
        )


def place_of(state: AlertState) -> Place:
    """Suite and endpoint of an incident."""
    suite, endpoint, _ = (*state.key.split("/"), "", "")[:3]
    return suite, endpoint


def standing(name: str, states: Sequence[AlertState], told: Mapping[str, tuple[Told, ...]]) -> Iterator[Notice]:
    """The newest notice this notifier took of each open incident; a short one where the store forgot its texts."""
    for state in states:
        entries = [entry for entry in told.get(state.incident_id, ()) if entry.notifier == name]
        taken = [entry.notice for entry in entries if entry.state == "delivered"]
        if taken and taken[-1].event is not AlertEvent.RESOLVED:
            yield taken[-1]
        elif not entries and state.told_at is not None and name in (state.notifier, *state.escalated_to):
            yield _bare(state)


def _bare(state: AlertState) -> Notice:
    suite, endpoint = place_of(state)
    began = state.opened_at or state.told_at
    assert began is not None  # the caller asked
    return Notice(
        incident_id=state.incident_id,
        key=state.key,
        event=AlertEvent.REMINDER,
        kind=state.kind,
        severity=state.severity,
        suite=suite,
        endpoint=endpoint,
        run_id=state.run_id,
        at=began,
        opened_at=began,
        headline=f"{suite} at {endpoint}: {state.summary or state.kind}",
        facts=state.facts,
    )

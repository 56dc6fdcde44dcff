"""Alerts about the installation itself: one incident for everybody, of no suite. Feeds ``watching``.

They go the way of all alerts: state and notices in one transaction, delivered by the outbox, told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex

import structlog

from probes.clock import Clock
from probes.suite import AlertRule, Owner, Suite
from reports.alerts.incident import Condition
from reports.alerts.machine import Transition, step, views
from reports.alerts.no_data import INSTALLATION, KIND
from reports.alerts.silences import silenced
from reports.messages.message import notice
from reports.summary import AlertView
from runner.alerting.no_run import no_run
from runner.alerting.silencing import end_recovered
from runner.store.base import OutboxEntry, Store

log = structlog.get_logger("holdfast.daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationAlerts:
    """Tells every notifier that a rule of any suite names."""

    store: Store
    clock: Clock
    suites: Callable[[], Iterable[Suite]]
    new_id: Callable[[], str] = lambda: token_hex(8)
    reach: str = ""
    """What the commands of a message need to find the store."""
    on_change: Callable[[str, str, Sequence[AlertView]], None] = lambda _suite, _endpoint, _alerts: None
    """Told of what was written: ``installation``, its name and the incidents there now."""

    def settle(self, name: str, condition: Condition) -> bool:
        """Bring the incident of this name up to date; whether anything changed.

        Raises:
            StoreError: the store cannot be read or written; nothing of it was.
        """
        now = self.clock.now()
        with self.store.exclusive():
            states = self.store.alert_states(INSTALLATION, name)
            after, told = step(
                states,
                (condition,),
                self._rules(),
                now=now,
                new_incident_id=self.new_id,
                muted=silenced(self.store.silences(now), now),
            )
            if after == states or not (condition.bad or any(state.live for state in states)):
                return False
            entries = [_entry(transition, name, self.reach) for transition in told if transition.notifier]
            self.store.save_alerts(INSTALLATION, name, after, entries, at=now)
            end_recovered(self.store, states, after, now)
        self.on_change(INSTALLATION, name, views(after, told))
        for transition in told:
            log.info("alert", key=transition.key, alert_event=transition.event.value, notifier=transition.notifier)
        return True

    def _rules(self) -> tuple[AlertRule, ...]:
        names = dict.fromkeys(name for suite in self.suites() for rule in suite.alerts for name in rule.notify)
        return (AlertRule(notify=tuple(names), on=(KIND,)),) if names else ()


def _entry(transition: Transition, name: str, reach: str) -> OutboxEntry:
    nothing_asked = no_run((INSTALLATION, name), transition.at)
    told = notice(transition, nothing_asked, None, Owner(), report="", replay="", reach=reach)
    return OutboxEntry(notifier=transition.notifier, notice=told)

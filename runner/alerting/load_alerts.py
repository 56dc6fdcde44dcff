"""One alert for each suite file that cannot be used, opened and resolved by the same machine as all others.

Feeds ``reloading``. The suite that went on running tells its own notifiers, whatever kinds its rules name; a file of
which no version ever ran tells all. The incident is kept in the store like any other, so that a restart tells nothing
twice and closes what was mended meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from probes.suite import AlertRule, Owner
from reports.alerts.machine import Condition, Transition, step
from reports.messages.message import notice
from reports.messages.notice import AlertEvent, Notice
from runner.alerting.no_run import no_run
from runner.daemon.roster import Refused
from runner.store.base import OutboxEntry, Store

PLACE = "(file)"
"""Stands for the endpoint in keys; no endpoint may be called so."""
KIND, SEVERITY = "no-data", "ticket"
MOST_PROBLEMS = 5
"""Problems told of one file; ``holdfast validate`` tells all."""
MENDED = "the file can be used again, or is gone"


def tell(store: Store, refused: Iterable[Refused], everybody: Collection[str], now: datetime) -> None:
    """Open an alert for each refused file that has none, and resolve those of files that are refused no more.

    ``everybody``: the notifiers of the installation.

    Raises:
        StoreError: it cannot be written; what was not written is told by the next call.
    """
    wanted = {one.suite: one for one in refused}
    with store.exclusive():
        open_now = {state.key.partition("/")[0] for state in store.open_alerts() if f"/{PLACE}/" in state.key}
        for suite in sorted(open_now - wanted.keys()):
            _write(store, suite, None, (), now)
        for suite, one in wanted.items():
            if suite not in open_now:
                _write(store, suite, one, everybody, now)


def _write(store: Store, suite: str, refused: Refused | None, everybody: Collection[str], now: datetime) -> None:
    states = store.alert_states(suite, PLACE)
    names = _listeners(refused, everybody) if refused else {state.notifier for state in states if state.live}
    after, told = step(
        states,
        [_condition(suite, refused)],
        [AlertRule(notify=tuple(sorted(names)), on=(KIND,))] if names else [],
        now=now,
        new_incident_id=lambda: token_hex(8),
    )
    owner = refused.instead.suite.owner if refused and refused.instead else Owner()
    outbox = [
        OutboxEntry(notifier=one.notifier, notice=_notice(one, suite, refused, owner)) for one in told if one.notifier
    ]
    store.save_alerts(suite, PLACE, after, outbox, at=now)


def _listeners(refused: Refused, everybody: Collection[str]) -> set[str]:
    if refused.instead is None:
        return set(everybody)
    return {name for rule in refused.instead.suite.alerts for name in rule.notify}


def _condition(suite: str, refused: Refused | None) -> Condition:
    problems = refused.problems if refused else ()
    more = len(problems) - MOST_PROBLEMS
    facts = [str(problem) for problem in problems[:MOST_PROBLEMS]] + ([f"and {more} more"] if more > 0 else [])
    return Condition(
        kind=KIND,
        key=f"{suite}/{PLACE}/{KIND}",
        bad=refused is not None,
        severity=SEVERITY,
        immediate=True,
        certain=True,
        facts=(*facts, *_meanwhile(refused)),
        subjects=("file",),
    )


def _meanwhile(refused: Refused | None) -> Sequence[str]:
    if refused is None:
        return ()
    if refused.instead is None:
        return ("No version of this file has run, so nothing of it is watched.",)
    return ("The version before goes on running, with its schedule and its open alerts.",)


def _notice(told: Transition, suite: str, refused: Refused | None, owner: Owner) -> Notice:
    over = told.event is AlertEvent.RESOLVED
    made = notice(told, no_run((suite, PLACE), told.at), None, owner, report="", replay="")
    where = refused.path.name if refused else suite
    return replace(
        made,
        headline=f"{suite}: {MENDED}" if over else f"{suite}: {where} cannot be used as it is now",
        cause="",
    )

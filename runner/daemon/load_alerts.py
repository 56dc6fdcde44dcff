"""One alert for each suite file that cannot be used, opened and resolved by the same machine as all others.

Feeds ``reloading``. The suite that went on running tells its own notifiers, whatever kinds its rules name; a file of
which no version ever ran tells all. The incident is kept in the store like any other, so that a restart tells nothing
twice and closes what was mended meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex

from probes.errors import Problem
from probes.suite import AlertRule, Owner
from reports.alerts.machine import AlertState, Condition, Transition, step
from reports.alerts.silences import silenced
from reports.escaping import one_line
from reports.messages.message import notice
from reports.notice import Notice
from runner.alerting.no_run import no_run
from runner.alerting.silencing import end_recovered
from runner.daemon.roster import Refused, Roster, going_on_words
from runner.store.base import OutboxEntry, Store

PLACE = "(file)"
"""Stands for the endpoint in keys; no endpoint may be called so."""
KIND, SEVERITY = "no-data", "ticket"
MOST_PROBLEMS = 5
"""Problems told of one file; ``holdfast validate`` tells all."""
SUBJECT_CHARS = 120
LOST = "suites"
"""Stands for the suite in the key where no file is there at all."""
MENDED, GONE, BACK = "{} can be used again", "{} is gone", "suite files are there again"


def tell(
    store: Store,
    roster: Roster,
    everybody: Collection[str],
    now: datetime,
    *,
    before: Sequence[Refused] = (),
    reach: str = "",
) -> bool:
    """Open an alert for each refused file that has none, update those whose error is another one, tell those whose
    silence is over, and resolve those of files that are refused no more.

    Args:
        store: Where they are kept.
        roster: The suites that run, and the files that cannot be used.
        everybody: The notifiers of the installation.
        now: The present instant.
        before: The files that could not be used at the last call.
        reach: What commands need to find the store (`` --store PATH``); may be empty.

    Returns:
        True where somebody is yet to be told, because it is silenced now.

    Raises:
        StoreError: it cannot be written; what was not written is told by the next call.
    """
    wanted = _by_suite(roster.refused)
    known = {one.suite: one.owner for one in before} | _owners(roster)
    with store.exclusive():
        states = [state for state in store.open_alerts() if f"/{PLACE}/" in state.key]
        for suite in sorted({_suite_of(state) for state in states} - wanted.keys()):
            over = Over(owner=known.get(suite, Owner()), how=_how(suite, roster, before))
            _write(store, suite, over, (), now, reach)
        later = [
            any(state.untold for state in _write(store, suite, one, everybody, now, reach))
            for suite, one in wanted.items()
        ]
    return any(later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A file that is refused no more."""

    owner: Owner
    how: str


def _by_suite(refused: Sequence[Refused]) -> dict[str, Refused]:
    """One for each suite: of several files of one name (``a.yaml``, ``a.yml``) with the problems of all."""
    told: dict[str, Refused] = {}
    for one in sorted(refused, key=lambda one: one.instead is None):  # the file that runs comes first
        known = told.get(one.suite)
        told[one.suite] = one if known is None else replace(known, problems=(*known.problems, *one.problems))
    return told


def _owners(roster: Roster) -> dict[str, Owner]:
    """Whose they are, by suite and by the name of the file."""
    owners = {path.stem: prepared.suite.owner for path, prepared in roster.running.items()}
    return owners | {prepared.suite.name: prepared.suite.owner for prepared in roster.running.values()}


def _how(suite: str, roster: Roster, before: Sequence[Refused]) -> str:
    if suite == LOST:
        return BACK
    files = {one.suite: one.path.name for one in before}
    files |= {prepared.suite.name: path.name for path, prepared in roster.running.items()}
    return (MENDED if suite in _owners(roster) else GONE).format(files.get(suite, "the file"))


def _suite_of(state: AlertState) -> str:
    return state.key.partition("/")[0]


def _write(
    store: Store, suite: str, found: Refused | Over, everybody: Collection[str], now: datetime, reach: str
) -> Sequence[AlertState]:
    """The states afterwards."""
    refused = found if isinstance(found, Refused) else None
    states = store.alert_states(suite, PLACE)
    names = _listeners(refused, everybody) if refused else {state.notifier for state in states if state.live}
    after, told = step(
        states,
        [_condition(suite, refused)],
        [AlertRule(notify=tuple(sorted(names)), on=(KIND,))] if names else [],
        now=now,
        new_incident_id=lambda: token_hex(8),
        muted=silenced(store.silences(now), now),
    )
    outbox = [
        OutboxEntry(notifier=one.notifier, notice=_notice(one, suite, found, reach)) for one in told if one.notifier
    ]
    if after != tuple(states):
        store.save_alerts(suite, PLACE, after, outbox, at=now)
        end_recovered(store, states, after, now)
    return after


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
        subjects=_subjects(problems),
    )


def _subjects(problems: Sequence[Problem]) -> tuple[str, ...]:
    """What the incident is about: what is wrong, wherever in the file it stands."""
    return tuple(dict.fromkeys(one_line(one.message, SUBJECT_CHARS) for one in problems[:MOST_PROBLEMS]))


def _meanwhile(refused: Refused | None) -> Sequence[str]:
    if refused is None:
        return ()
    if refused.going_on:
        return (f"{going_on_words(refused.going_on)}.",)
    if refused.instead is None:
        return ("No version of this file has run, so nothing of it is watched.",)
    return ("The version before goes on running, with its schedule and its open alerts.",)


def _notice(told: Transition, suite: str, found: Refused | Over, reach: str) -> Notice:
    made = notice(told, no_run((suite, PLACE), told.at), None, found.owner, report="", replay="", reach=reach)
    if isinstance(found, Over):
        return replace(made, headline=f"{suite}: {found.how}", cause="", facts=())
    if found.going_on:
        return replace(made, headline=f"{suite}: {found.problems[0].message}", cause="")
    return replace(made, headline=f"{suite}: {found.path.name} cannot be used as it is now", cause="")

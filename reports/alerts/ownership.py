"""Whose a class of failures is: who stands in the notice, and what a run says to each notifier. Feeds the engine.

A suite may give classes owners of their own, and these notifiers of their own. Then every notifier gets its own view
of a run, in which only what it is told of can be bad. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner, Owner
from reports.alerts.audience import seen_by
from reports.alerts.incident import AlertState, Condition, Covered
from reports.alerts.incidents import conditions
from reports.alerts.listening import Listeners, listeners
from reports.summary import RunRecord


def conditions_told(
    record: RunRecord,
    rules: Sequence[AlertRule],
    owners: Mapping[Fault, ClassOwner],
    *,
    caps_reached: Sequence[str] | None = None,
    states: Sequence[AlertState] = (),
) -> tuple[Condition, ...]:
    """What a run says of each possible incident: once for all notifiers, or for each where classes part them.

    Args:
        record: The run, judged.
        rules: The suite's alert rules.
        owners: The suite's owners of classes.
        caps_reached: As in ``conditions``.
        states: What is remembered of the suite at the endpoint: what was told as another kind parts notifiers, too.
    """
    heard = listeners(rules, owners)
    covered = {state.notifier: state.covered for state in states if state.kind == "drift"}
    memories = {covered.get(name, ()) for name, _ in heard.of("drift")} or {()}
    if not heard.parted and len(memories) == 1:
        return conditions(record, caps_reached=caps_reached, covered=memories.pop())
    return tuple(
        replace(condition, notifier=name)
        for name in heard.names
        for condition in _told_to(name, heard, record, caps_reached, covered.get(name, ()))
    )


def _told_to(
    name: str, heard: Listeners, record: RunRecord, caps_reached: Sequence[str] | None, covered: Covered
) -> Iterator[Condition]:
    """What a run says to one notifier; rules that see the same of it share one look at it."""
    kinds: dict[tuple[object, ...], list[str]] = {}
    listening = {kind: listener for (notifier, kind), listener in heard.rules.items() if notifier == name}
    for kind, listener in listening.items():
        kinds.setdefault((listener.whens, listener.severities), []).append(kind)
    for alike in kinds.values():
        listener = listening[alike[0]]
        said = conditions(
            seen_by(record, listener.whens),
            dict(listener.severities),
            caps_reached=caps_reached,
            hears=heard.ear(name),
            covered=covered,
        )
        yield from (condition for condition in said if condition.kind in alike)


def owner_of(faults: Sequence[Fault], owners: Mapping[Fault, ClassOwner], whole: Owner) -> Owner:
    """Who looks after these classes; several owners stand side by side, with the first one's runbook.

    Args:
        faults: What broke, worst first; empty where nobody says.
        owners: The suite's owners of classes.
        whole: The suite's owner, who has every class that is nobody else's.
    """
    found = list(dict.fromkeys(owners.get(fault, whole).plain() for fault in faults)) or [whole.plain()]
    return Owner(
        team=", ".join(dict.fromkeys(owner.team for owner in found if owner.team)),
        contact=", ".join(dict.fromkeys(owner.contact for owner in found if owner.contact)),
        runbook=next((owner.runbook for owner in found if owner.runbook), ""),
    )

"""Incidents that wait because what they depend on is broken: who holds whom back, and what is said of it. Pure.

Feeds the mutes of the alert state machine and the message of the one that holds others back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from reports.alerts.incident import AlertState, Condition
from reports.alerts.telling import INHIBITED, Muting

NEVER_HELD = frozenset({"spend"})
"""Kinds that no other suite's incident explains."""
_CAUSES = ("availability", "contract")
"""Kinds that hold others back, likeliest cause first; a contract does so only where it is a page."""
_SUBJECT = "suites held back"
_SHOWN = 5

Place = tuple[str, str]
"""Suite and endpoint."""


def inhibition(
    own: Place, depends_on: Sequence[str], upstream: Sequence[AlertState], endpoints: Callable[[str], Collection[str]]
) -> Muting:
    """Why incidents of one place wait for others.

    The reason names the root: where what holds us back waits itself, it is what that waits for. So two suites that
    depend on each other never hold each other back: the first of them to open is told.

    Args:
        own: The place whose incidents are asked about.
        depends_on: ``suite`` or ``suite/endpoint``, as the suite says. A suite alone means its endpoint of the same
            name, or all of them where it has none of that name.
        upstream: Open states of the suites that are named there.
        endpoints: Endpoints of a suite of which anything is known.
    """
    wanted = [_wanted(entry, own[1], endpoints) for entry in depends_on]
    causes = [state for state in upstream if any(_is_of(state, *place) for place in wanted) and _is_cause(state)]
    roots = [root for state in sorted(causes, key=_rank) if (root := _root(state)) != "/".join(own)]
    reason = INHIBITED + roots[0] if roots else ""
    return lambda _key, kind, _severity: "" if kind in NEVER_HELD else reason


def _wanted(entry: str, own_endpoint: str, endpoints: Callable[[str], Collection[str]]) -> tuple[str, str | None]:
    suite, _, endpoint = entry.partition("/")
    if endpoint:
        return suite, endpoint
    return suite, own_endpoint if own_endpoint in endpoints(suite) else None


def _is_of(state: AlertState, suite: str, endpoint: str | None) -> bool:
    its_suite, its_endpoint, _ = state.key.split("/", 2)
    return its_suite == suite and endpoint in (None, its_endpoint)


def _is_cause(state: AlertState) -> bool:
    return state.state == "open" and (
        state.kind == "availability" or (state.kind == "contract" and state.severity == "page")
    )


def _rank(state: AlertState) -> tuple[int, str]:
    return _CAUSES.index(state.kind), state.key


def _root(state: AlertState) -> str:
    waiting = state.muted.startswith(INHIBITED)
    return state.muted.removeprefix(INHIBITED) if waiting else state.key.rpartition("/")[0]


# ------------------------------------------------------------------------------------------------ said at the root
def reason_of(root: Place) -> str:
    """Why incidents are muted that wait for those of this place."""
    return INHIBITED + "/".join(root)


def held_back(waiting: Sequence[AlertState]) -> tuple[str, ...]:
    """Places (``bot at production``) of incidents that wait, each once."""
    return tuple(dict.fromkeys(" at ".join(state.key.split("/")[:2]) for state in waiting))


def with_dependents(conditions: Sequence[Condition], waiting: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions of a run, the likeliest cause among them with who is held back; that there are any is news."""
    cause = next((kind for kind in _CAUSES for c in conditions if c.kind == kind and c.bad), "")
    if not waiting or not cause:
        return tuple(conditions)
    shown = ", ".join(waiting[:_SHOWN]) + (f" and {len(waiting) - _SHOWN} more" if len(waiting) > _SHOWN else "")
    fact = f"holds back the alerts of {len(waiting)} that depend on it: {shown}"
    return tuple(
        replace(c, facts=(*c.facts, fact), subjects=(*sorted(c.about), _SUBJECT)) if c.kind == cause and c.bad else c
        for c in conditions
    )

"""Probes that are asked something else than their history was learned with. Feeds the note of a run.

What is asked is all of the request: the question with its params, and the endpoint's model and params beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.drift.identity import same_request
from checks.drift.observation import RunObservation
from checks.drift.result import StreamKey

_TOLD_BY_ALL = "failures"
"""Every sample tells this dimension something, so its stream knows every probe that was ever asked."""
_NAMED = 6


def asked_anew(states: Mapping[StreamKey, Mapping[str, Any]], run: RunObservation) -> tuple[str, ...]:
    """Probes whose request differs from the one that the states before this run remember."""
    known = {probe.probe: _known(states, probe.probe) for probe in run.probes}
    return tuple(p.probe for p in run.probes if (hash_ := known[p.probe]) is not None and not same_request(hash_, p))


def _known(states: Mapping[StreamKey, Mapping[str, Any]], probe: str) -> str | None:
    state = states.get(StreamKey(scope=probe, dimension=_TOLD_BY_ALL))
    return None if state is None else state["hashes"].get(probe)


def asked_anew_words(probes: tuple[str, ...]) -> str:
    """``the question of refund-window changed: it is learned anew``; empty where none has."""
    if not probes:
        return ""
    if len(probes) == 1:
        return f"the question of {probes[0]} changed: it is learned anew"
    more = len(probes) - _NAMED
    names = ", ".join(probes[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"the questions of {names} changed: they are learned anew"

"""What has to stay the same for a probe's history to go on: its request, and for pass rates its checks too.

Feeds streams, which leave out or start anew what has changed, and the note that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.drift.observation import ProbeObservation, RunObservation
from checks.drift.result import StreamKey

CHECKS = "checks"
"""The dimension that checks themselves make."""
ANSWERS = "answers"
"""The dimension of their wording."""
_NAMED = 6


def identity(dimension: str, probe: ProbeObservation) -> str:
    """What a stream of this dimension remembers a probe by."""
    if dimension == ANSWERS and probe.answers_as:
        return f"{probe.request_hash} {probe.answers_as}"
    if dimension != CHECKS or not probe.checks_hash:
        return probe.request_hash
    return f"{probe.request_hash} {probe.checks_hash}"


def without_other_forms(
    states: Mapping[StreamKey, Mapping[str, Any]], run: RunObservation
) -> Mapping[StreamKey, Mapping[str, Any]]:
    """The states without frozen answers in another form than answers are seen in now: they could not be compared any
    more, and hold what may no longer be kept. Streams that are not frozen begin anew of their own accord."""
    forms = {probe.probe: identity(ANSWERS, probe) for probe in run.probes if probe.answers_as}
    stale = {key for key, state in states.items() if key.golden and key.measured == ANSWERS and _other(state, forms)}
    return {key: state for key, state in states.items() if key not in stale} if stale else states


def _other(state: Mapping[str, Any], forms: Mapping[str, str]) -> bool:
    both = [(known, forms[name]) for name, known in state.get("hashes", {}).items() if name in forms]
    return any(known != now and _asked(known) == _asked(now) for known, now in both)


def _asked(identity: str) -> str:
    return identity.partition(" ")[0]


def same_request(known: str, probe: ProbeObservation) -> bool:
    """True where a remembered probe was asked the same, whatever its checks were."""
    return known.partition(" ")[0] == probe.request_hash


def adopted(state: Mapping[str, Any], dimension: str, seen: Mapping[str, ProbeObservation]) -> Mapping[str, Any]:
    """The state with the fingerprints of now, where it is from a Holdfast that stored none: nothing tells a change."""
    if dimension != CHECKS:
        return state
    hashes = {
        name: identity(dimension, seen[name]) if name in seen and known == seen[name].request_hash else known
        for name, known in state["hashes"].items()
    }
    return state if hashes == state["hashes"] else {**state, "hashes": hashes}


def relearned(states: Mapping[StreamKey, Mapping[str, Any]], run: RunObservation) -> tuple[str, ...]:
    """Probes that are asked as before and judged by other checks than their pass rate was learned with."""
    return tuple(_relearned(states, run))


def _relearned(states: Mapping[StreamKey, Mapping[str, Any]], run: RunObservation) -> Iterator[str]:
    for probe in run.probes:
        state = states.get(StreamKey(scope=probe.probe, dimension=CHECKS))
        known = None if state is None else state["hashes"].get(probe.probe)
        if known in (None, probe.request_hash, identity(CHECKS, probe)) or not probe.checks_hash:
            continue
        if same_request(known, probe):
            yield probe.probe


def relearned_words(probes: tuple[str, ...]) -> str:
    """``checks of refund-window changed: its pass rate is learned anew``; empty where none has."""
    if not probes:
        return ""
    more = len(probes) - _NAMED
    names = ", ".join(probes[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    whose = "its pass rate is" if len(probes) == 1 else "their pass rates are"
    return f"checks of {names} changed: {whose} learned anew"

"""Streams whose break was told as another kind of incident: they are not told again as drift once that one is over.

The evidence of an alarm outlives the break by many runs. Pure; feeds ``incidents`` and the alert state machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from checks.drift.result import StreamResult, StreamState
from reports.alerts.counting import Count
from reports.alerts.incident import Covered
from reports.attribution.harm import dimension_of

COVERED = {"checks": "contract", "refusals": "contract", "failures": "availability", "route": "policy"}
"""Streams that tell the same fact as another kind of incident, while that one is bad."""


# ------------------------------------------------------------------------------------------------ said by a run
def covered_by(drift: Sequence[StreamResult], bad_kinds: Collection[str]) -> Covered:
    """Alarms that kinds which are bad in this very run tell, each with its evidence now."""
    return tuple(_entry(result) for result in _alarms(drift) if COVERED.get(dimension_of(result)) in bad_kinds)


def still_covered(drift: Sequence[StreamResult], memory: Covered) -> Covered:
    """Of what was covered before: the alarms that have neither ended nor risen anew, with their lowest evidence since.

    A stream rises anew where its evidence grows by as much as an alarm needs (``ln_c``): then the runs since would
    have raised one by themselves, with the same bound on false alarms. One that this run did not look at is kept.
    """
    seen = {str(result.key): result for result in drift}
    kept = ((name, lowest, seen.get(name)) for name, lowest in memory)
    return tuple(
        (name, lowest if result is None else min(lowest, _entry(result)[1]))
        for name, lowest, result in kept
        if result is None or (result.state is StreamState.ALARM and not _risen(result, lowest))
    )


def _risen(result: StreamResult, lowest: float) -> bool:
    now = _entry(result)[1]
    return result.opened or now - max(lowest, 0.0) >= result.ln_c or now >= result.ln_c > lowest


def _alarms(drift: Sequence[StreamResult]) -> Iterator[StreamResult]:
    return (result for result in drift if result.state is StreamState.ALARM)


def _entry(result: StreamResult) -> tuple[str, float]:
    return str(result.key), result.ln_m or 0.0


# ------------------------------------------------------------------------------------------------ kept by a notifier
def with_cover(counts: Sequence[Count]) -> list[Count]:
    """The counts, those of drift with what is to be remembered as covered for the one they are for.

    Only an incident that is open covers beyond its own bad runs: of one that never opened nobody was told. Nor is
    anything covered that its drift incident is about already.
    """
    opened = {(count.place, count.condition.kind) for count in counts if count.phase == "open" or count.state.live}
    return [
        replace(count, covered=tuple(_remembered(count, opened))) if count.condition.kind == "drift" else count
        for count in counts
    ]


def _remembered(count: Count, opened: Collection[tuple[tuple[str, str], str]]) -> Iterator[tuple[str, float]]:
    before: Mapping[str, float] = dict(count.state.covered)
    told = set(count.state.subjects) if count.state.live else set()
    for name, lowest in count.condition.covered:
        dimension, _, scope = name.partition(" of ")
        own = {dimension, f"{dimension} of {scope or 'suite'}"} & told
        if name in before or ((count.place, COVERED[dimension]) in opened and not own):
            yield name, lowest

"""Long lists cut to what people can take in: the worst first, and how much is left out. Feeds text and pages."""

from __future__ import annotations

from collections.abc import Sequence

from checks.verdict import WORST_FIRST
from reports import wording
from reports.summary import ProbeRecord

_RANK = {health: rank for rank, health in enumerate(WORST_FIRST)}


def shown_probes(probes: Sequence[ProbeRecord], most: int) -> Sequence[ProbeRecord]:
    """At most so many, those that are not healthy before others; the order of the suite is kept."""
    if len(probes) <= most:
        return probes
    shown = {id(probe) for probe in sorted(probes, key=lambda probe: _RANK[probe.health])[:most]}
    return [probe for probe in probes if id(probe) in shown]


def untold_probes(probes: Sequence[ProbeRecord], most: int) -> str:
    """What is said of the others; empty where there are none."""
    shown = {id(probe) for probe in shown_probes(probes, most)}
    rest = [probe.health for probe in probes if id(probe) not in shown]
    if not rest:
        return ""
    unwell = [f"{rest.count(health)} {health}" for health in WORST_FIRST[:-1] if health in rest]
    told = f"{', '.join(unwell)} among them" if unwell else "all healthy"
    return f"and {wording.count(len(rest), 'more probe')}, {told}; every one is in the JSON"

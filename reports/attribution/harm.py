"""How much harm a stream that moved does: its severity, and its place among others. Feeds incidents. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from checks.drift.result import SUITE_SCOPE, StreamResult
from reports.notice import SEVERITIES

DRIFT_SEVERITIES: Mapping[str, str] = {"checks": "page", "failures": "page", "refusals": "page", "answers": "info"}
"""Of streams by dimension; all others are ``ticket``. Changed wording is drift, not yet harm."""


def dimension_of(result: StreamResult) -> str:
    """The dimension, whichever of its channels moved: ``latency.total`` of ``latency.total.tail``."""
    return result.key.dimension.removesuffix(".spread").removesuffix(".tail")


def severity_of(result: StreamResult, severities: Mapping[str, str]) -> str:
    """How loudly its drift is told; ``severities`` go before the standard, the longer name before the shorter."""
    dimension = dimension_of(result)
    for table in (severities, DRIFT_SEVERITIES):
        for name in (result.key.dimension, dimension, dimension.partition(".")[0]):
            if name in table:
                return table[name]
    return "ticket"


def harm(result: StreamResult) -> tuple[int, bool, float, str]:
    """A key to sort by: most harm first, pooled streams before those of single probes."""
    rank = SEVERITIES.index(severity_of(result, {}))
    return -rank, result.key.scope != SUITE_SCOPE, -_size(result), str(result.key)


def _size(result: StreamResult) -> float:
    """How far a stream moved, on scales that can at least be put in an order: ln of a factor, or a share."""
    effect = result.effect
    if effect is None:
        return 0.0
    factor = effect.kind != "difference"
    return abs(math.log(effect.value)) if factor and effect.value > 0 else abs(effect.value)

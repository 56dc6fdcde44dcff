"""What the judge says of one stream after one run: state, score, effect. Feeds verdict, alerts, store and reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

SUITE_SCOPE = "suite"
"""Scope of a stream pooled over all probes; any other scope is a probe id."""
CONTROL = "latency.control"
"""The dimension of the control question's own time."""
CONTROLLED = ("latency.first_token", "latency.total")
"""Dimensions that the control question's time is taken off."""
_LONGEST_SCOPE = 120
GOLDEN = "golden."
"""What the dimensions of streams begin with that are held against a baseline which only a person moves."""


def label_scope(label: str, value: str) -> str:
    """The scope of all probes with one value of a label, on one line and not endless: values may come from files."""
    return " ".join(f"{label}={value}".split())[:_LONGEST_SCOPE]


class StreamState(StrEnum):
    """Bands of the score: under 50 quiet, from 50 watch, from 75 warn, 100 alarm. Collecting: no baseline yet."""

    COLLECTING = "collecting"
    QUIET = "quiet"
    WATCH = "watch"
    WARN = "warn"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StreamKey:
    """One line of evidence of one suite at one endpoint."""

    scope: str
    """``suite``, a label with its value (``locale=de``) or a probe id."""
    dimension: str
    """``latency.total``, ``answers``, ... (docs/drift.md lists them)."""

    @property
    def golden(self) -> bool:
        """Whether this line is held against a frozen baseline."""
        return self.dimension.startswith(GOLDEN)

    @property
    def of_label(self) -> bool:
        """Whether it speaks of all probes with one value of a label; ids of probes have no equals sign."""
        return "=" in self.scope

    @property
    def measured(self) -> str:
        """What is looked at, whatever it is held against: ``latency.total`` of ``golden.latency.total``."""
        return self.dimension.removeprefix(GOLDEN)

    def __str__(self) -> str:
        return self.dimension if self.scope == SUITE_SCOPE else f"{self.dimension} of {self.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How far a stream moved, with a 95 % interval. Evidence says *that*, effect says *how far*."""

    kind: Literal["ratio", "difference", "distance"]
    """ratio: now / before. difference: share now - share before. distance: median answer distance now / the
    baseline's own 95 % distance."""
    value: float
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``Effect(**value)`` is the inverse."""
        return {"kind": self.kind, "value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResult:
    """The judge's word on one stream after one run."""

    key: StreamKey
    state: StreamState
    score: float | None
    """0-100, 100 = alarm; None while collecting."""
    ln_m: float | None
    """Natural logarithm of the evidence; None while collecting."""
    ln_c: float
    """Threshold that ``ln_m`` is held against."""
    baseline_size: int
    """Runs the stream has learned from."""
    effect: Effect | None = None
    since: str | None = None
    """Run id of the most likely first changed run, where the stream has risen."""
    opened: bool = False
    """True in the one run in which the alarm was raised."""
    supported: bool = False
    """While an alarm is open: True as long as the last runs still speak for the change."""
    note: str = ""
    """A sentence for a human: what is missing while collecting, why a score is capped, what moved."""

"""The nouns that every report speaks of: one run with its probes, drift and alerts, and the baseline behind it.

Made by the engine, kept by the store, read by formats, messages and pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from checks.drift.result import StreamKey, StreamResult
from checks.finding import Finding
from checks.verdict import Health
from probes.sample import Sample
from probes.suite import Message, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One incident as a run left it."""

    key: str
    kind: str
    severity: str
    """``page``, ``ticket`` or ``info``."""
    state: str
    """``pending``, ``open`` or ``resolved``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """One probe in one run."""

    probe: str
    labels: Mapping[str, str]
    request_hash: str
    conversation: tuple[Message, ...]
    """What was asked; empty where the text has expired."""
    health: Health
    samples: tuple[Sample, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One firing of a suite at an endpoint, judged."""

    run_id: str
    suite: str
    endpoint: str
    trigger: str
    """``manual``, ``capture``, ``schedule`` or ``demo``."""
    started_at: datetime
    duration_s: float
    health: Health
    probes: tuple[ProbeRecord, ...]
    drift: tuple[StreamResult, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    note: str = ""
    """Why something could not be done, in one line; empty otherwise."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All samples of the run, in the order of the suite."""
        return tuple(sample for probe in self.probes for sample in probe.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPoint:
    """One stream after one run: what a picture draws."""

    run_id: str
    started_at: datetime
    score: float | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineView:
    """What is normal, for people: where it came from, and samples to draw and quote."""

    runs: int
    captured_at: datetime | None
    author: str
    reason: str
    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Sample values by dimension (``latency.total`` in seconds, ``tokens.output``, ...), over all probes."""
    answers: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """By probe: distinct baseline answers with how often each came, most frequent first."""
    routes: Mapping[str, int] = field(default_factory=dict)
    """Route keys with how many samples each served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one HTML page shows: the latest run judged against its baseline, and how it got there."""

    run: RunRecord
    recent: tuple[RunRecord, ...]
    """Earlier runs, oldest first, the shown run last."""
    baseline: BaselineView | None
    history: Mapping[StreamKey, tuple[StreamPoint, ...]]
    owner: Owner = Owner()
    replay: str = ""
    """The command that recomputes this verdict from what is stored."""

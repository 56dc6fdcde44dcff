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
from probes.cases import family_of
from probes.sample import Document, Sample
from probes.suite import Message, Owner
from reports.consultation import CalibrationResult, Consultation


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One incident as a run left it."""

    key: str
    kind: str
    severity: str
    """``page``, ``ticket`` or ``info``."""
    state: str
    """``pending``, ``open``, ``muted`` (open, and nobody is told at present) or ``resolved``."""
    muted: str = ""
    """Why nobody is told at present; empty where that is not so."""


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

    @property
    def family(self) -> str | None:
        """The probe this one is a case of; None where it is no case."""
        return family_of(self.probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """When another run, or this one, began."""

    at: datetime
    runs_ago: int
    """How many runs of the same suite and endpoint before this one; 0 for this run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A change that a person declared before a run."""

    kind: str
    """``mark`` or ``accept``."""
    at: datetime
    author: str
    reason: str
    runs_ago: int
    """How many runs ago the first run after it was; 0 for this run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One firing of a suite at an endpoint, judged."""

    run_id: str
    suite: str
    endpoint: str
    trigger: str
    """``manual``, ``capture``, ``schedule``, ``confirm``, ``while-failing`` or ``demo``."""
    started_at: datetime
    duration_s: float
    health: Health
    # asyncio.run writes its result out on the way, in vain (signal.getsignal): not whole runs
    probes: tuple[ProbeRecord, ...] = field(repr=False)
    drift: tuple[StreamResult, ...] = field(default=(), repr=False)
    alerts: tuple[AlertView, ...] = ()
    note: str = ""
    """Why something could not be done, in one line; empty otherwise."""
    maintenance: str = ""
    """The reason of the maintenance window it was made in; empty where it was in none."""
    offline: str = ""
    """What says that our own network was lost, so that nobody knows of the endpoint; empty where it was not."""
    consultations: tuple[Consultation, ...] = ()
    """What judges and embeddings were asked about the answers, in the order of asking."""
    calibration: CalibrationResult | None = None
    """Whether the judge still gives its known verdicts; None where the suite has none, or no judge was needed."""
    began: Mapping[str, Began] = field(default_factory=dict, compare=False, repr=False)
    """Of the runs that ``drift`` names as the first changed ones, by id: looked up, no part of what was found."""
    declared: tuple[Declared, ...] = field(default=(), compare=False, repr=False)
    """Changes declared before this run, oldest first, where a stream has moved: looked up like ``began``."""
    cut_off: str = field(default="", compare=False, repr=False)
    """That its time was over before everything had come; else empty. Told after the run, kept in ``note``."""
    reach: str = field(default="", compare=False, repr=False)
    """What commands about it need to find its store (`` --store PATH``): known to whoever reads it, not kept."""

    @property
    def charged(self) -> tuple[Sample | Consultation, ...]:
        """All that was paid for: samples, and what was asked about them."""
        return (*self.samples, *self.consultations)

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
    ln_m: float | None = None
    """Natural logarithm of the evidence; None while collecting."""
    ln_c: float | None = None
    """What it is held against; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeNormal:
    """What one probe did in the runs of the baseline, its question as last asked there."""

    runs: int
    """Runs in which it was asked."""
    well: int
    """Of these, in which it passed: it answered, broke no contract, and kept tracked checks in half of its samples."""
    first_token_s: tuple[float, ...] = ()
    """Of every sample that has it, as are the next two."""
    total_s: tuple[float, ...] = ()
    output_tokens: tuple[float, ...] = ()


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
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By probe: those of ``answers`` that broke a contract whenever they came: no examples of what is normal."""
    documents: Mapping[str, tuple[tuple[Document, ...], ...]] = field(default_factory=dict)
    """By probe: distinct lists of retrieved documents, the most frequent first."""
    routes: Mapping[str, int] = field(default_factory=dict)
    """Route keys with how many samples each served."""
    probes: Mapping[str, ProbeNormal] = field(default_factory=dict)
    """Figures by probe, which pages sum up by label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person said about what is normal: pictures show it as a line between two runs."""

    kind: str
    """``capture``, ``accept``, ``mark``, ``reset`` or ``freeze``."""
    at: datetime
    author: str
    reason: str
    streams: tuple[StreamKey, ...] = ()
    """The streams it spoke of; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one HTML page shows: the latest run judged against its baseline, and how it got there."""

    run: RunRecord
    recent: tuple[RunRecord, ...]
    """Earlier runs, oldest first, the shown run last."""
    baseline: BaselineView | None
    history: Mapping[StreamKey, tuple[StreamPoint, ...]]
    decisions: tuple[Decision, ...] = ()
    """Those that fall into the history, oldest first."""
    owner: Owner = Owner()
    replay: str = ""
    """The command that recomputes this verdict from what is stored."""

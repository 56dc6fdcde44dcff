"""What a run is made from and what it brings back: the order before it, the samples after it. Feeds ``engine``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from checks.drift.result import label_scope
from checks.fingerprint import fingerprint
from checks.inquiry import InquiryReply
from probes.failure import FailureClass
from probes.sample import Sample
from probes.suite import Probe, Suite
from reports.consultation import CalibrationResult, Consultation
from runner.preparing.prepare import PreparedSuite
from runner.store.base import Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """One run to be made."""

    prepared: PreparedSuite
    endpoint: str
    probes: tuple[tuple[Probe, int], ...]
    """Probes with how often each is asked."""
    trigger: str = "manual"
    capturing: bool = False
    """True while a baseline is being captured: streams only collect."""
    alerting: bool = True
    timeout_s: float | None = None
    """Seconds that it may ask, its judges included; None: as long as it takes."""

    @property
    def whole(self) -> bool:
        """False where the run leaves probes of the suite out: pooled streams then have nothing to say."""
        return len(self.probes) == len(self.prepared.suite.probes)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Probes by scope (``locale=de``), of the labels that the suite wants judged by value."""
        return groups_of(self.prepared.suite)

    @property
    def checks_hashes(self) -> dict[str, str]:
        """Fingerprints of the checks that look at the answers, by probe."""
        return {probe.id: fingerprint(self.prepared.checks_at(probe, self.endpoint)) for probe, _ in self.probes}


def groups_of(suite: Suite) -> dict[str, tuple[str, ...]]:
    """Probes of a suite by the scope of the streams that they share with others of their label."""
    return {label_scope(label, value): ids for (label, value), ids in suite.groups.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulted:
    """What other endpoints said about the answers of one run, for the checks that asked."""

    consultations: tuple[Consultation, ...] = ()
    replies: Mapping[str, InquiryReply] = field(default_factory=dict)
    """By the keys of the inquiries."""
    calibration: CalibrationResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What came back, before anybody judged it."""

    run_id: str
    started_at: datetime
    duration_s: float
    samples: tuple[Sample, ...]
    spending: tuple[Spending, ...] = ()
    """What it used, retries included."""
    caps_reached: tuple[str, ...] | None = None
    """The spending caps that are reached, a sentence each; None where there are no caps."""
    note: str = ""
    """What its limits did to it, in one line."""
    cut_off: str = ""
    """That its time was over before everything had come, in one line; empty where it was not."""
    offline: str = ""
    """What says that our own network was lost; empty where it was not."""
    consulted: Consulted = Consulted()

    @property
    def unasked(self) -> bool:
        """True where its time was over before anything at all was asked."""
        failures = [sample.failure for sample in self.samples]
        return bool(failures) and all(
            failure is not None and failure.kind is FailureClass.TIME_LIMIT for failure in failures
        )

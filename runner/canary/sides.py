"""One side of a canary: asks its endpoint, and keeps what came and what the checks say of it. Feeds ``canary``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.drift.observation import SampleFacts, observe
from checks.drift.wording import distances_to, key_of
from checks.finding import Finding
from checks.inquiry import InquiryReply
from checks.refusal import is_refusal
from checks.run_checks import run_checks
from probes.access import Accesses
from probes.clock import Clock
from probes.fire import fire
from probes.sample import Sample
from probes.suite import Probe
from probes.transport import Transport
from reports.consultation import Consultation
from runner.asking.consulting import Consultants, context_of
from runner.limits.holding import RunLimits
from runner.preparing.orders import RunOrder
from runner.preparing.prepare import PreparedSuite


@dataclass(slots=True, kw_only=True)
class Side:
    """The candidate or production, while a canary runs."""

    prepared: PreparedSuite
    endpoint: str
    canary_id: str
    limits: RunLimits
    transport: Transport
    clock: Clock
    accesses: Accesses
    consultants: Consultants
    normal: Mapping[str, tuple[str, ...]]
    """By probe: production's baseline answers, for the checks of both sides."""
    held: list[RunLimits]
    """All limits of the canary: those of judges and embeddings join once they are asked about an answer."""
    consultations: list[Consultation] = field(default_factory=list)
    replies: dict[str, InquiryReply] = field(default_factory=dict)
    as_kept: Callable[[str], str] = str
    """An answer in the form in which ``normal`` holds them."""
    asks: bool = True
    """True where somebody is asked, and it costs."""
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """By probe, in the order of the pairs."""

    async def ask(self, probe: Probe, index: int) -> Sample:
        """Ask one probe once. Endpoint trouble is a value in the sample."""
        suite = self.prepared.suite
        # no circuit: here a dead endpoint is a finding, and the canary itself ends soon
        async with self.limits.places:
            return await fire(
                transport=self.transport,
                clock=self.clock,
                endpoint_name=self.endpoint,
                endpoint=suite.endpoints[self.endpoint],
                suite_name=suite.name,
                probe=probe,
                index=index,
                run_id=self.canary_id,
                gates=self.limits.gates,
                accesses=self.accesses,
            )

    async def consult(self, probe: Probe, sample: Sample) -> None:
        """Ask whoever the checks of this answer need: the same judges for both sides, so none is calibrated here."""
        order = RunOrder(
            prepared=self.prepared, endpoint=self.endpoint, probes=((probe, 1),), trigger="canary", alerting=False
        )
        told = await self.consultants.consult(
            order, self.canary_id, [sample], self.held, normal=self.normal, calibrating=False
        )
        self.consultations += told.consultations
        self.replies |= told.replies

    def facts(self, probe: Probe, sample: Sample) -> SampleFacts:
        """What the judge sees of a sample: not its answer, which only distances and checks look at."""
        findings = self.checked(probe, [sample])
        told = [(probe.id, sample.request_hash, [sample], findings, [is_refusal(sample)])]
        seen = observe(run_id=self.canary_id, started_at=sample.started_at, probes=told)
        return replace(seen.probes[0].samples[0], answer=None)

    def note(self, duration_s: float) -> str:
        """What its limits did to the canary, in one line."""
        return self.limits.note(duration_s)

    def checked(self, probe: Probe, samples: Sequence[Sample]) -> tuple[Finding, ...]:
        """What the checks that count at this endpoint say of these samples."""
        bound = self.prepared.checks_at(probe, self.endpoint)
        context = context_of(self.prepared.suite, probe, self.normal.get(probe.id, ()), self.replies)
        return run_checks(bound, probe.id, samples, replace(context, as_kept=self.as_kept))


def distances(candidate: Sample, production: Sample, normal: Sequence[str]) -> tuple[float | None, float | None]:
    """How far both answers are from what production normally says; None where one is missing, or nothing is normal.

    ``normal``: production's earlier answers, by key. The pair's own is not among them, so that the two answers may
    change places where nothing differs.
    """
    first, second = (_distance(sample.answer, normal) for sample in (candidate, production))
    return first, second


def _distance(answer: str | None, normal: Sequence[str]) -> float | None:
    return distances_to([key_of(answer)], normal)[0] if answer is not None and normal else None

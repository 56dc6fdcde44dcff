"""One side of a canary: asks its endpoint, and keeps what came and what the checks say of it. Feeds ``canary``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.check import CheckContext
from checks.drift.observation import SampleFacts, observe
from checks.drift.wording import distances_to, key_of
from checks.finding import Finding
from checks.refusal import is_refusal
from checks.run_checks import run_checks
from probes.access import Accesses
from probes.clock import Clock
from probes.fire import fire
from probes.sample import Sample
from probes.suite import Probe
from probes.transport import Transport
from runner.holding import RunLimits
from runner.prepare import PreparedSuite


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
    context: Mapping[str, CheckContext]
    """By probe: what its checks may know."""
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

    def facts(self, probe: Probe, sample: Sample) -> SampleFacts:
        """What the judge sees of a sample: not its answer, which only distances and checks look at."""
        findings = self.checked(probe, [sample])
        told = [(probe.id, sample.request_hash, [sample], findings, [is_refusal(sample)])]
        seen = observe(run_id=self.canary_id, started_at=sample.started_at, probes=told)
        return replace(seen.probes[0].samples[0], answer=None)

    def checked(self, probe: Probe, samples: Sequence[Sample]) -> tuple[Finding, ...]:
        """What the checks that count at this endpoint say of these samples."""
        bound = self.prepared.checks_at(probe, self.endpoint)
        return run_checks(bound, probe.id, samples, self.context[probe.id])


def distances(candidate: Sample, production: Sample, normal: Sequence[str]) -> tuple[float | None, float | None]:
    """How far both answers are from what production normally says; None where one is missing, or nothing is normal.

    ``normal``: production's earlier answers, by key. The pair's own is not among them, so that the two answers may
    change places where nothing differs.
    """
    first, second = (_distance(sample.answer, normal) for sample in (candidate, production))
    return first, second


def _distance(answer: str | None, normal: Sequence[str]) -> float | None:
    return distances_to([key_of(answer)], normal)[0] if answer is not None and normal else None

"""What one run tells the judge: the facts of its samples, without clocks, files or rules. Stored whole, so that
every verdict can be recomputed from it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from checks.finding import Finding, Status
from probes.sample import Document, Sample

_LONGEST_IDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFacts:
    """One sample, as the judge sees it. A failed sample has facts of nothing but its failure."""

    failed: bool
    held: bool = False
    """True where it was never asked (a dead endpoint, a spending cap): such a failure is nobody's."""
    first_token_s: float | None = None
    total_s: float | None = None
    output_tokens: int | None = None
    input_tokens: int | None = None
    refused: bool = False
    check_failed: bool | None = None
    """None where no check looked at the sample (or the check itself broke)."""
    route: str | None = None
    finish: str | None = None
    answer: str | None = None
    documents: str | None = None
    """Ids of the retrieved documents in their order, as one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeObservation:
    """All samples of one probe in one run, in the order they were asked."""

    probe: str
    request_hash: str
    samples: tuple[SampleFacts, ...]
    checks_hash: str = ""
    """Fingerprint of the checks that looked at them; empty where there were none, or where none was stored."""
    answers_as: str = ""
    """The form in which answers are seen, where it is not their own: they are only compared within one form."""
    control: bool = False
    """True for a question that does not reach the model: it tells what the way to it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunObservation:
    """One run of one suite at one endpoint."""

    run_id: str
    started_at: datetime
    probes: tuple[ProbeObservation, ...]
    confirming: bool = False
    """True for a run that was made at once after another: it shares the load of that moment."""

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Probes by scope (``locale=de``), of the labels that the suite wants judged by value."""

    def by_probe(self) -> dict[str, ProbeObservation]:
        """The probes by id."""
        return {probe.probe: probe for probe in self.probes}


def observe(
    *,
    run_id: str,
    started_at: datetime,
    probes: Sequence[tuple[str, str, Sequence[Sample], Sequence[Finding], Sequence[bool]]],
    checks: Mapping[str, str] | None = None,
    confirming: bool = False,
    groups: Mapping[str, tuple[str, ...]] | None = None,
    controls: Collection[str] = (),
) -> RunObservation:
    """Reduce a run to its facts.

    Args:
        run_id: Identity of the run.
        started_at: Aware UTC instant the run began.
        probes: For each probe its id, request hash, samples, findings, and per sample whether it was a refusal.
        checks: The fingerprint of each probe's checks, by its id.
        confirming: Whether it was made at once after another run.
        groups: Probes by scope, where the suite asks for streams by label.
        controls: Ids of the probes that do not reach the model.
    """
    return RunObservation(
        run_id=run_id,
        started_at=started_at,
        confirming=confirming,
        groups=groups or {},
        probes=tuple(
            ProbeObservation(
                probe=probe,
                request_hash=request_hash,
                checks_hash=(checks or {}).get(probe, ""),
                control=probe in controls,
                samples=tuple(
                    _facts(sample, _check_failed(sample.sample_id, findings), refused)
                    for sample, refused in zip(samples, refusals, strict=True)
                ),
            )
            for probe, request_hash, samples, findings, refusals in probes
        ),
    )


def _check_failed(sample_id: str, findings: Sequence[Finding]) -> bool | None:
    statuses = {
        entry.outcome.status for finding in findings for entry in finding.outcomes if entry.sample_id == sample_id
    }
    if Status.FAIL in statuses:
        return True
    return False if Status.PASS in statuses else None


def _facts(sample: Sample, check_failed: bool | None, refused: bool) -> SampleFacts:
    if sample.failure is not None:
        return SampleFacts(failed=True, held=sample.failure.held_back)
    # a cached reply says nothing about the model's speed; of tokens some gateways then report none; and the deployment
    # that LiteLLM names with it is the one it would have asked
    hit = sample.route.cache == "hit"
    return SampleFacts(
        failed=False,
        first_token_s=None if hit else sample.timing.first_token_s,
        total_s=None if hit else sample.timing.total_s,
        output_tokens=None if hit else sample.usage.output_tokens,
        input_tokens=None if hit else sample.usage.input_tokens,
        refused=refused,
        check_failed=check_failed,
        route=None if hit else sample.route_key,
        finish=sample.finish.value if sample.finish else None,
        answer=sample.answer,
        documents=None if sample.documents is None else ids_of(sample.documents),
    )


def ids_of(documents: Sequence[Document]) -> str:
    """The ids in order. Many long ones become a digest: they only need to be told apart."""
    ids = " ".join(document.id for document in documents)
    if len(ids) <= _LONGEST_IDS:
        return ids or "nothing"
    return f"{len(documents)} documents {hashlib.sha256(ids.encode()).hexdigest()[:12]}"

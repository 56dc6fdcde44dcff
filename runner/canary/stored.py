"""Production as a baseline file knows it, for canaries that cannot ask it: its samples are drawn in random order.

A drawn sample stands for what production would have answered: where nothing differs, it and the candidate's answer
could change places. That holds for answers, tokens and checks; not for latency, which has a load of its own day.
Feeds ``canary``.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from checks.baseline_file import BaselineFile, ProbeShown
from checks.drift.observation import SampleFacts
from checks.drift.wording import key_of
from checks.finding import Finding, Status
from probes.clock import Clock
from probes.failure import Failure, FailureClass
from probes.sample import Sample
from probes.suite import Probe
from reports.consultation import Consultation

_Stored = tuple[SampleFacts, FailureClass | None]
_ASIDE = 20
"""Answers of a probe at most that distances are measured from; fewer than half of them."""
NOT_JUDGED = "latency is not judged: production was not asked, a baseline file stood for it"


@dataclass(slots=True, kw_only=True)
class StoredSide:
    """The samples of a baseline file while a canary draws from them."""

    file: BaselineFile
    clock: Clock
    canary_id: str
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    consultations: list[Consultation] = field(default_factory=list)
    asks: bool = False
    _left: dict[str, list[_Stored]] = field(default_factory=dict)
    _facts: dict[str, SampleFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chance = random.Random(self.canary_id)  # noqa: S311  # an order of samples, not a secret
        for probe, shown in self.file.probes.items():
            told = [stored for stored in _latest(self.file, probe, shown) if not stored[0].held]
            chance.shuffle(told)
            self._left[probe] = told

    @property
    def endpoint(self) -> str:
        """The endpoint the file is of."""
        return self.file.endpoint

    def reference(self, probe: str) -> list[str]:
        """Keys of some of a probe's answers, which are put aside: what the distances of both sides are held against."""
        told = self._left.get(probe, [])
        count = min(len(told) // 2, _ASIDE)
        aside, self._left[probe] = told[:count], told[count:]
        return [key_of(facts.answer) for facts, _ in aside if facts.answer is not None]

    def left(self, probe: str) -> int:
        """Pairs that a probe's samples still make."""
        return len(self._left.get(probe, ()))

    async def ask(self, probe: Probe, index: int) -> Sample:
        """The next drawn sample; there must be one."""
        facts, kind = self._left[probe.id].pop()
        sample = Sample(
            sample_id=f"{self.canary_id}-{probe.id}-{index}",
            run_id=self.canary_id,
            suite=self.file.suite,
            endpoint=self.endpoint,
            probe=probe.id,
            index=index,
            request_hash="",
            trace_id="",
            started_at=self.clock.now(),
            answer=facts.answer,
            failure=Failure(kind=kind, message="failed when the baseline was captured") if kind else None,
        )
        self._facts[sample.sample_id] = facts
        return sample

    async def consult(self, probe: Probe, sample: Sample) -> None:
        """Nobody is asked: what the checks said then is in the file."""

    def facts(self, probe: Probe, sample: Sample) -> SampleFacts:
        """What the file tells of the sample, without its times."""
        return replace(self._facts[sample.sample_id], answer=None, first_token_s=None, total_s=None)

    def checked(self, probe: Probe, samples: Sequence[Sample]) -> tuple[Finding, ...]:
        """What the checks said over the whole file."""
        shown = self.file.probes.get(probe.id)
        return () if shown is None else tuple(_findings(probe.id, shown))

    def note(self, duration_s: float) -> str:
        """What a reader must know."""
        return NOT_JUDGED


def _latest(file: BaselineFile, probe: str, shown: ProbeShown) -> Iterator[_Stored]:
    """Every sample of a probe's request as it was last asked, with the class of its failure."""
    for told in (told for run in file.current for told in run.probes):
        if told.observed.probe == probe and told.observed.request_hash == shown.request_hash:
            failures = iter(told.failures)
            yield from ((facts, next(failures) if facts.failed else None) for facts in told.observed.samples)


def _findings(probe: str, shown: ProbeShown) -> Iterator[Finding]:
    for (check, argument), (passed, total) in shown.checks.items():
        yield Finding(
            probe=probe,
            check=check,
            argument=argument,
            mode="contract",
            policy=False,
            status=Status.PASS if total and passed == total else Status.FAIL,
            passed=passed,
            total=total,
            reason="",
        )

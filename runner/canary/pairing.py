"""The pairs of one canary: asked in random order, judged after each, ended as soon as it is decided. Feeds ``canary``.

The two questions of a pair leave back to back, in random order, so that whatever moves both moves none. The order is
drawn from the canary's id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from checks.baseline_file import BaselineFile
from checks.canary.contracts import broken_contracts, broken_on_both
from checks.canary.judge import judge_pairs
from checks.canary.pair import Pair
from checks.canary.plan import CanaryPlan
from checks.canary.verdict import BrokenContract
from checks.drift.wording import key_of
from probes.clock import Clock
from probes.sample import Sample, TokenUsage
from probes.suite import Probe
from probes.turns import sum_of, usage_of
from reports.canary.record import CanaryRecord, Example
from runner.canary.sides import Side, distances
from runner.canary.stored import StoredSide
from runner.preparing.prepare import PreparedSuite

_HOPELESS = 10
"""Pairs after which production that never answered ends the canary."""
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryOrder:
    """One canary to be run."""

    prepared: PreparedSuite
    production: str
    candidate: str
    probes: tuple[Probe, ...]
    plan: CanaryPlan
    max_time_s: float
    max_usd: float | None = None
    max_tokens: int | None = None
    baseline: BaselineFile | None = None
    """What stands for production where it cannot be asked; its latency is then not judged."""


@dataclass(slots=True, kw_only=True)
class Pairing:
    """A canary while it runs."""

    order: CanaryOrder
    canary_id: str
    clock: Clock
    production: Side | StoredSide
    candidate: Side
    started_at: datetime
    began: float
    on_pair: Callable[[Pair], None] | None
    as_kept: Callable[[str], str] = str
    """An answer in the form in which stored ones are compared with it."""
    normal: Mapping[str, list[str]] = field(default_factory=dict)
    """By probe: keys of what production normally answers; its answers here join."""
    most: Mapping[str, int] = field(default_factory=dict)
    """By probe: how often it may be asked."""
    waiting: dict[int, tuple[Probe, Sample, Sample]] = field(default_factory=dict)
    """Answered pairs that an earlier one still keeps from being judged."""
    pairs: list[Pair] = field(default_factory=list)
    broken: list[BrokenContract] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    asked: list[Sample] = field(default_factory=list)
    ended: str = ""

    async def all_pairs(self) -> None:
        """Several pairs at once, as many as both endpoints have places; no new one once the end is known."""
        endpoints = self.order.prepared.suite.endpoints
        lanes = min(endpoints[s.endpoint].concurrency for s in (self.production, self.candidate) if s.asks)
        todo = self._drawn()
        left_s = self.order.max_time_s
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s), asyncio.TaskGroup() as group:
                for _ in range(lanes):
                    group.create_task(self._lane(todo))
            self.ended = self.ended or self._over() or "every sample of the baseline was used"
        self.ended = self.ended or self._over() or "the time was up"

    def _drawn(self) -> Iterator[tuple[int, Probe, bool]]:
        """Number, probe, and whether the candidate is asked first; every probe once before any is asked again."""
        chance = random.Random(self.canary_id)  # noqa: S311  # an order of questions, not a secret
        number = 0
        asked = 0
        while number < self.order.plan.max_pairs:
            block = [probe for probe in self.order.probes if self.most[probe.id] > asked]
            if not block:
                return
            asked += 1
            chance.shuffle(block)
            for probe in block[: self.order.plan.max_pairs - number]:
                yield number, probe, chance.random() < 0.5
                number += 1

    async def _lane(self, todo: Iterator[tuple[int, Probe, bool]]) -> None:
        for number, probe, candidate_first in todo:
            if self.ended:
                return
            sides = (self.candidate, self.production) if candidate_first else (self.production, self.candidate)
            first, second = [await side.ask(probe, number) for side in sides]
            candidate, production = (first, second) if candidate_first else (second, first)
            self.asked += [sample for side, sample in zip(sides, (first, second), strict=True) if side.asks]
            await asyncio.gather(*(side.consult(probe, s) for side, s in zip(sides, (first, second), strict=True)))
            self.waiting[number] = (probe, candidate, production)
            self._judge_waiting()

    def _judge_waiting(self) -> None:
        """Judge in the order of the numbers, so that the verdict does not depend on who was quicker."""
        while not self.ended and len(self.pairs) in self.waiting:
            self._take(*self.waiting.pop(len(self.pairs)))
            result = judge_pairs(self.pairs, self.order.plan, self.broken, effects=False)
            self.ended = "decided" if result.decided else self._over()

    def _take(self, probe: Probe, candidate: Sample, production: Sample) -> None:
        apart = distances(self._kept(candidate), self._kept(production), self.normal[probe.id])
        pair = Pair(
            number=len(self.pairs),
            probe=probe.id,
            candidate=self.candidate.facts(probe, candidate),
            production=self.production.facts(probe, production),
            candidate_distance=apart[0],
            production_distance=apart[1],
        )
        self.pairs.append(pair)
        if production.answer is not None:
            self.normal[probe.id].append(key_of(self.as_kept(production.answer)))
        self.candidate.samples[probe.id].append(candidate)
        self.production.samples[probe.id].append(production)
        self._contracts(probe, pair)
        self._example(probe, pair, candidate, production)
        if self.on_pair is not None:
            self.on_pair(pair)

    def _kept(self, sample: Sample) -> Sample:
        return sample if sample.answer is None else replace(sample, answer=self.as_kept(sample.answer))

    def _contracts(self, probe: Probe, pair: Pair) -> None:
        if not pair.candidate.check_failed:
            return  # no contract breaks without a failed check
        self.broken += broken_contracts(
            self.candidate.checked(probe, self.candidate.samples[probe.id]),
            self.production.checked(probe, self.production.samples[probe.id]),
            self.order.prepared.suite.checks_of(probe, self.candidate.endpoint),
            pair=pair.number,
        )

    def _example(self, probe: Probe, pair: Pair, candidate: Sample, production: Sample) -> None:
        worse = pair.candidate.failed or pair.candidate.check_failed
        if not worse or pair.production.failed or pair.production.check_failed or len(self.examples) >= _EXAMPLES:
            return
        findings = self.candidate.checked(probe, [candidate])
        why = candidate.failure.message if candidate.failure else next(f.reason for f in findings if f.status == "fail")
        self.examples.append(
            Example(
                probe=probe.id,
                question=probe.conversation[-1].text if probe.conversation else "",
                production=production.answer or "",
                candidate=candidate.answer or "",
                why=why,
            )
        )

    def _over(self) -> str:
        """Why there is no further pair, as far as this is known before the verdict stands; empty: go on."""
        order, seen = self.order, self.pairs
        if any(pair.held for pair in seen[-1:]):
            held = next(s for s in reversed(self.asked) if s.failure is not None and s.failure.held_back)
            return held.failure.message if held.failure else ""
        if len(seen) >= order.plan.max_pairs:
            return f"all {order.plan.max_pairs} pairs were asked"
        if len(seen) >= _HOPELESS and all(pair.production.failed for pair in seen):
            return f"production answered none of {len(seen)} questions"
        if order.max_usd is not None and (cost := self._cost()) is None:
            return f"a reply did not tell what it cost, so the cap of {order.max_usd:g} dollars could not be kept"
        if order.max_usd is not None and cost is not None and cost >= order.max_usd:
            return f"the cap of {order.max_usd:g} dollars was reached"
        if order.max_tokens is not None and self._tokens() >= order.max_tokens:
            return f"the cap of {order.max_tokens} tokens was reached"
        return ""

    def _broken_on_both(self) -> Iterator[BrokenContract]:
        for probe in self.order.probes:
            if self.candidate.samples[probe.id]:
                yield from broken_on_both(
                    self.candidate.checked(probe, self.candidate.samples[probe.id]),
                    self.production.checked(probe, self.production.samples[probe.id]),
                    pair=len(self.pairs),
                )

    def _cost(self) -> float | None:
        told = [one.cost_usd for side in (self.candidate, self.production) for one in side.consultations]
        asked = [s.cost_usd for s in self.asked if s.failure is None or s.cost_usd is not None]
        return sum_of([*asked, *told])

    def _tokens(self) -> int:
        return sum((s.usage.input_tokens or 0) + (s.usage.output_tokens or 0) for s in self.asked)

    def record(self) -> CanaryRecord:
        """What is told and stored."""
        answered: Sequence[Sample] = [sample for sample in self.asked if sample.failure is None]
        duration_s = self.clock.monotonic() - self.began
        notes = (side.note(duration_s) for side in (self.production, self.candidate))
        return CanaryRecord(
            canary_id=self.canary_id,
            suite=self.order.prepared.suite.name,
            production=self.order.production,
            candidate=self.order.candidate,
            started_at=self.started_at,
            duration_s=duration_s,
            plan=self.order.plan,
            pairs=tuple(self.pairs),
            result=judge_pairs(self.pairs, self.order.plan, self.broken),
            ended=self.ended,
            broken_on_both=tuple(self._broken_on_both()),
            examples=tuple(self.examples),
            cost_usd=self._cost() if answered else None,
            usage=usage_of([sample.usage for sample in answered]) if answered else TokenUsage(),
            note="; ".join(dict.fromkeys(filter(None, notes))),
        )

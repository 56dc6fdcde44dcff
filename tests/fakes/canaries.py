"""Builders of canary records, for the tests of their formats, page and store. Computed from their arguments alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from checks.canary.judge import judge_pairs
from checks.canary.pair import Pair
from checks.canary.plan import CanaryPlan, Margin
from checks.canary.verdict import BrokenContract
from checks.drift.observation import SampleFacts
from probes.sample import TokenUsage
from reports.canary.record import CanaryRecord, Example
from tests.fakes.records import HOSTILE, NEW_ANSWER, NOW, OLD_ANSWER

PLAN = CanaryPlan(
    dimensions=("checks", "refusals", "latency.total", "tokens.output", "answers"),
    margins={"tokens.output": Margin(tolerance=0.1, margin=0.3)},
)


def some_pairs(count: int, *, slower: float = 1.0) -> tuple[Pair, ...]:
    """Pairs of answers, the candidate's ``slower`` times as long in coming."""
    chance = np.random.default_rng(count)
    times = np.exp(chance.normal(0, 0.3, (count, 2))).round(6)
    return tuple(
        Pair(
            number=number,
            probe=("refund-window", "invoice-json")[number % 2],
            candidate=SampleFacts(failed=False, total_s=float(slower * a), refused=False, check_failed=number % 9 == 0),
            production=SampleFacts(failed=False, total_s=float(b), refused=False, check_failed=number % 9 == 1),
            candidate_distance=0.12 if number > 1 else None,
            production_distance=0.1 if number > 1 else None,
        )
        for number, (a, b) in enumerate(times)
    )


def a_canary(count: int = 40, *, slower: float = 1.0, ended: str = "decided") -> CanaryRecord:
    """A canary with every kind of dimension: judged, silent, with and without a verdict."""
    pairs = some_pairs(count, slower=slower)
    return CanaryRecord(
        canary_id="canary-0007",
        suite="support-bot",
        production="production",
        candidate="candidate",
        started_at=NOW,
        duration_s=74.5,
        plan=PLAN,
        pairs=pairs,
        result=judge_pairs(pairs, PLAN),
        ended=ended,
        examples=(
            Example(
                probe="refund-window",
                question="How do I return a keyboard bought two weeks ago?",
                production=OLD_ANSWER,
                candidate=NEW_ANSWER,
                why="expected to contain '30 days', got 'You may return the keyboard within 14 days'",
            ),
        ),
        cost_usd=0.0421,
        usage=TokenUsage(input_tokens=9120, output_tokens=4300),
        note="3 requests did not tell what they used and count by an estimate under the spending cap",
    )


def a_hostile_canary() -> CanaryRecord:
    """Every text that an endpoint or a suite may shape, hostile."""
    record = a_canary(30, slower=2.0)
    broken = BrokenContract(probe="refund-window", check="contains", argument=HOSTILE, reason=HOSTILE, pair=3)
    example = Example(probe="refund-window", question=HOSTILE, production=HOSTILE, candidate=HOSTILE[::-1], why=HOSTILE)
    result = judge_pairs(record.pairs, record.plan, (broken,))
    return replace(record, result=result, examples=(example,), broken_on_both=(broken,), note=HOSTILE, ended=HOSTILE)

"""The canary's judge: pairs in their order, a verdict of every dimension, and one of the whole. Pure.

A dimension FAILs once the evidence for "worse than tolerated" reaches (dimensions / false-fail rate), and PASSes once
that for "not worse than the margin" reaches (1 / false-pass rate). Evidence that was reached once stays reached: each
is a test that may be looked at after every pair. The canary FAILs with its first dimension, PASSes with its last.
A dimension that neither endpoint ever tells (tokens, where servers count none) is left out of a PASS, and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from checks.canary.bets import Array
from checks.canary.dimensions import Dimension
from checks.canary.interval import effect_of
from checks.canary.pair import Pair
from checks.canary.plan import CanaryPlan
from checks.canary.verdict import BrokenContract, CanaryResult, CanaryVerdict, DimensionVerdict
from checks.canary.wording import dimension_words, result_words


def judge_pairs(
    pairs: Sequence[Pair], plan: CanaryPlan, broken: Sequence[BrokenContract] = (), *, effects: bool = True
) -> CanaryResult:
    """The verdict after these pairs, in the order of their numbers.

    ``broken``: contracts of production that the candidate broke; one is enough to fail. ``effects``: False leaves the
    intervals out, which a look after every pair need not pay for.
    """
    asked = [pair for pair in pairs if not pair.held]
    told = [_judged(plan.dimension(name), asked, plan, effects=effects) for name in plan.dimensions]
    verdicts = {entry.verdict for entry in told if not entry.silent}
    if broken or CanaryVerdict.FAIL in verdicts:
        verdict = CanaryVerdict.FAIL
    elif verdicts == {CanaryVerdict.PASS}:
        verdict = CanaryVerdict.PASS
    else:
        verdict = CanaryVerdict.INCONCLUSIVE
    result = CanaryResult(
        verdict=verdict,
        decided=verdict is not CanaryVerdict.INCONCLUSIVE,
        pairs=len(asked),
        dimensions=tuple(told),
        broken=tuple(broken),
    )
    return result_words(result, plan)


def _judged(dimension: Dimension, pairs: Sequence[Pair], plan: CanaryPlan, *, effects: bool) -> DimensionVerdict:
    differences = _differences(dimension, pairs)
    fail, passed = _lines(dimension, differences)
    best_fail, best_pass = (max(0.0, float(line.max())) if line.size else 0.0 for line in (fail, passed))
    due = sum(map(dimension.due, pairs))  # a probe's first answer has nothing to be held against
    enough = len(differences) >= plan.least_valid * due
    told = DimensionVerdict(
        dimension=dimension.name,
        verdict=_verdict(best_fail, best_pass, plan, enough=enough, pairs=len(differences)),
        evidence_fail=best_fail,
        evidence_pass=best_pass,
        pairs=len(differences),
        silent=len(pairs) >= plan.min_pairs and dimension.silent(pairs),
        effect=effect_of(dimension, differences) if effects and len(differences) else None,
        pairs_needed=_needed(fail, passed, plan) if enough else None,
        reason="",
    )
    return dimension_words(told, dimension, plan, asked=due)


def evidence_lines(name: str, pairs: Sequence[Pair], plan: CanaryPlan) -> tuple[list[float], list[float]]:
    """ln evidence of a dimension after each pair that told something of it: to fail, and to pass. For pictures."""
    dimension = plan.dimension(name)
    fail, passed = _lines(dimension, _differences(dimension, [pair for pair in pairs if not pair.held]))
    return fail.tolist(), passed.tolist()


def _differences(dimension: Dimension, pairs: Sequence[Pair]) -> Array:
    return np.array([worse for pair in pairs if (worse := dimension.worse(pair)) is not None], dtype=np.float64)


def _lines(dimension: Dimension, differences: Array) -> tuple[Array, Array]:
    """ln evidence after each pair: for worse than tolerated, and for not worse than the margin."""
    if not len(differences):
        return differences, differences
    return (
        dimension.ln_worse(differences, dimension.point(dimension.tolerance)),
        dimension.ln_better(differences, dimension.point(dimension.margin)),
    )


def _verdict(fail: float, passed: float, plan: CanaryPlan, *, enough: bool, pairs: int) -> CanaryVerdict:
    if not enough:
        return CanaryVerdict.INCONCLUSIVE
    if fail >= plan.ln_fail:
        return CanaryVerdict.FAIL
    ruled_out = passed >= plan.ln_pass and pairs >= plan.min_pairs
    return CanaryVerdict.PASS if ruled_out else CanaryVerdict.INCONCLUSIVE


def _needed(fail: Array, passed: Array, plan: CanaryPlan) -> int | None:
    """How many more pairs like these a verdict would take; None where the evidence does not grow."""
    if not len(fail):
        return None
    seen = len(fail)
    if fail.max() >= plan.ln_fail:
        return 0
    if passed.max() >= plan.ln_pass:
        return max(0, plan.min_pairs - seen)
    waits = [
        (threshold - float(line[-1])) * seen / float(line[-1])
        for line, threshold in ((fail, plan.ln_fail), (passed, plan.ln_pass))
        if line[-1] > 0
    ]
    return max(math.ceil(min(waits)), plan.min_pairs - seen, 1) if waits else None

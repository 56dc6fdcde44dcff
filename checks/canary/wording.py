"""What a canary's judge found, in one line a person can act on. Feeds ``judge``."""

from __future__ import annotations

from dataclasses import replace

from checks.canary.dimensions import Dimension
from checks.canary.plan import CanaryPlan
from checks.canary.verdict import CanaryResult, CanaryVerdict, DimensionVerdict
from checks.drift.result import Effect
from checks.quote import listed, shortened

_NAMED = 3


def dimension_words(told: DimensionVerdict, dimension: Dimension, plan: CanaryPlan, *, asked: int) -> DimensionVerdict:
    """The verdict of a dimension with its reason."""
    return replace(told, reason=_reason(told, dimension, plan, asked))


def _reason(told: DimensionVerdict, dimension: Dimension, plan: CanaryPlan, asked: int) -> str:
    size = f": {effect_words(told.effect)}" if told.effect else ""
    if told.verdict is CanaryVerdict.FAIL:
        return f"{dimension.higher}{size}"
    if told.verdict is CanaryVerdict.PASS:
        return f"not worse by {amount_words(dimension, dimension.margin)} ({1 - plan.false_pass:.0%} sure){size}"
    if told.silent:
        return "neither endpoint tells anything of it: not judged"
    if not asked or told.pairs < plan.least_valid * asked:
        if not asked:
            return "no pair was asked"
        return f"only {told.pairs} of {asked} pairs say anything of it; {plan.least_valid:.0%} must"
    if told.pairs_needed is None:
        return f"these pairs lead to no verdict{size}"
    more = "1 more pair is" if told.pairs_needed == 1 else f"{told.pairs_needed} more pairs are"
    return f"about {more} needed{size}"


def effect_words(effect: Effect) -> str:
    """``x1.31, between x1.22 and x1.40``."""
    if effect.low is None and effect.high is None:
        return f"{_amount(effect, effect.value)}, too few for an interval"
    low, high = (("open" if value is None else _amount(effect, value)) for value in (effect.low, effect.high))
    return f"{_amount(effect, effect.value)}, between {low} and {high}"


def _amount(effect: Effect, value: float) -> str:
    if effect.kind == "ratio":
        return f"x{value:.2f}"
    return f"{100 * value:+.1f} points" if effect.kind == "difference" else f"{value:+.2f}"


def amount_words(dimension: Dimension, amount: float) -> str:
    """A margin or tolerance: ``25 %``, ``10 points``, ``0.25``."""
    if dimension.kind == "ratio":
        return f"{100 * amount:g} %"
    return f"{100 * amount:g} points" if dimension.kind == "difference" else f"{amount:g}"


def _cut_short(told: DimensionVerdict) -> str:
    """The reason of a dimension once the canary has ended: an open one asks for no more pairs."""
    if told.verdict is not CanaryVerdict.INCONCLUSIVE or told.silent or not told.pairs:
        return told.reason
    return f"no verdict of its own when the canary ended{f': {effect_words(told.effect)}' if told.effect else ''}"


def result_words(result: CanaryResult, plan: CanaryPlan) -> CanaryResult:
    """The verdict of the whole with its reason."""
    if result.decided:
        ended = tuple(replace(told, reason=_cut_short(told)) for told in result.dimensions)
        result = replace(result, dimensions=ended)
    if result.broken:
        first = result.broken[0]
        also = f" (and {len(result.broken) - 1} more)" if len(result.broken) > 1 else ""
        return replace(
            result, reason=shortened(f"breaks a contract that production keeps: {first.check} of {first.probe}{also}")
        )
    worse = [told for told in result.dimensions if told.verdict is CanaryVerdict.FAIL]
    if worse:
        return replace(result, reason=f"{worse[0].dimension}: {worse[0].reason}")
    if result.verdict is CanaryVerdict.PASS:
        return replace(result, reason=f"no dimension is worse by its margin, after {_pairs(result.pairs)}")
    open_ones = tuple(
        told.dimension for told in result.dimensions if told.verdict is CanaryVerdict.INCONCLUSIVE and not told.silent
    )
    if not open_ones:
        return replace(result, reason="nothing was measured")
    return replace(result, reason=f"not enough evidence on {listed(open_ones)} after {_pairs(result.pairs)}")


def _pairs(count: int) -> str:
    return "1 pair" if count == 1 else f"{count} pairs"

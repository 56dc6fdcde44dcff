"""Pictures of a canary as inline SVG: how the evidence of a dimension grew, and where its effect lies. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from checks.canary.judge import evidence_lines
from checks.canary.verdict import DimensionVerdict
from reports.canary.record import CanaryRecord
from reports.evidence.charts import number, svg

_WIDTH, _HEIGHT = 168.0, 40.0
_LEFT, _TOP, _FLOOR = 3.0, 6.0, 36.0
_POINTS = 160


def growth(told: DimensionVerdict, record: CanaryRecord) -> Markup:
    """Evidence over pairs as shares of what a verdict takes: the line at the top is a verdict, FAIL drawn solid."""
    fail, passed = evidence_lines(told.dimension, record.pairs, record.plan)
    if not fail:
        return Markup("")
    lines = (
        ("now", [value / record.plan.ln_fail for value in fail]),
        ("before", [value / record.plan.ln_pass for value in passed]),
    )
    body = f'<path class="limit" d="M{_LEFT:g} {_TOP:g}H{_WIDTH - _LEFT:g}"/>'
    body += "".join(f'<path class="evidence {name}" d="{_path(shares)}"/>' for name, shares in lines)
    best = [max(0.0, min(max(shares), 1.0)) for _, shares in lines]
    words = (
        f"Evidence of {told.dimension} over {len(fail)} pairs: at most {best[0]:.0%} of what a FAIL takes, "
        f"{best[1]:.0%} of what a PASS takes"
    )
    return svg(_WIDTH, _HEIGHT, words, body, "evidence-lines")


def _path(shares: Sequence[float]) -> str:
    every = math.ceil(len(shares) / _POINTS)
    shown = list(shares[::every])
    step = (_WIDTH - 2 * _LEFT) / max(len(shown) - 1, 1)
    heights = (_FLOOR - (_FLOOR - _TOP) * max(0.0, min(share, 1.0)) for share in shown)
    return "M" + "L".join(f"{number(_LEFT + at * step)} {number(height)}" for at, height in enumerate(heights))


def interval(told: DimensionVerdict, record: CanaryRecord) -> Markup:
    """The effect with its interval on a scale from "just as good" to twice the margin; ticks: tolerance, margin."""
    if told.effect is None:
        return Markup("")
    dimension, effect = record.plan.dimension(told.dimension), told.effect
    span = 2 * dimension.point(dimension.margin)

    def place(value: float | None, open_end: float) -> float:
        if value is None:
            return open_end
        amount = math.log(value) if effect.kind == "ratio" else value
        share = max(-1.0, min(amount / span, 1.0))
        return _WIDTH / 2 + share * (_WIDTH / 2 - _LEFT)

    low, high = place(effect.low, _LEFT), place(effect.high, _WIDTH - _LEFT)
    ticks = "".join(
        f'<path class="{name}" d="M{number(x)} 6v24"/>'
        for name, x in (
            ("grid", _WIDTH / 2),
            ("notch", _WIDTH / 2 + dimension.point(dimension.tolerance) / span * (_WIDTH / 2 - _LEFT)),
            ("limit", _WIDTH / 2 + 0.5 * (_WIDTH / 2 - _LEFT)),
        )
    )
    middle = math.log(effect.value) if effect.kind == "ratio" else effect.value
    beyond = " beyond" if abs(middle) > span else ""  # hollow: the scale ends before it
    body = (
        f'{ticks}<path class="reach" d="M{number(low)} 18H{number(high)}"/>'
        f'<circle class="end{beyond}" cx="{number(place(effect.value, low))}" cy="18" r="4"/>'
    )
    return svg(_WIDTH, 36.0, f"{told.dimension}: {told.reason}", body, "effect")

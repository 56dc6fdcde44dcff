"""Baseline against now as one picture: every value a dot, the middle half a band, the median a mark. Feeds the page.

Pure, inline SVG. The axis is logarithmic where the values span more than a factor of eight, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median, quantiles

from markupsafe import Markup

from reports.evidence.charts import number, svg

WIDTH, HEIGHT = 440.0, 132.0
LEFT, RIGHT = 66.0, 424.0
_ROWS = (("before", 36.0), ("now", 88.0))
_BAND = 13.0
"""Half height of a row's cloud of dots, in pixels."""
DOTS_MAX = 160
"""Dots a row at most; beyond, evenly spaced order statistics stand for all."""
LOG_SPAN = 8.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def distributions(
    before: Sequence[float], now: Sequence[float], title: str, unit: Callable[[float], str]
) -> Markup | None:
    """Both sets of values on one axis; None where either side has no finite value.

    Args:
        before: Values of the baseline.
        now: Values of this run.
        title: What was measured, for screen readers.
        unit: How one value is written.
    """
    sides = [sorted(value for value in side if math.isfinite(value)) for side in (before, now)]
    if not all(sides):
        return None
    low, high = min(side[0] for side in sides), max(side[-1] for side in sides)
    axis = _log(low, high) if low > 0 and high / low > LOG_SPAN else _linear(low, high)
    medians = [median(side) for side in sides]
    words = f"{title}: median {unit(medians[0])} before ({len(sides[0])}), {unit(medians[1])} now ({len(sides[1])})"
    rows = "".join(_row(css, middle, side, axis[0], unit) for (css, middle), side in zip(_ROWS, sides, strict=True))
    ticks = "".join(_tick(axis[0](value), unit(value)) for value in axis[1])
    # below the rows' names: at the top it would stand in the way of a median at the right
    note = '<text class="who" x="0" y="126">log axis<title>logarithmic axis</title></text>' if axis[2] else ""
    return svg(WIDTH, HEIGHT, words, ticks + rows + note, "distribution")


Axis = tuple[Callable[[float], float], list[float], bool]
"""Value to x, values of the ticks, and whether it is logarithmic."""


def _linear(low: float, high: float) -> Axis:
    span = (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - span * 0.06, high + span * 0.06
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(power * factor for factor in _STEPS if (high - low) / (power * factor) <= 5)
    first = math.ceil(low / step)
    ticks = [index * step for index in range(first, math.floor(high / step) + 1)]
    return (lambda value: LEFT + (value - low) / (high - low) * (RIGHT - LEFT)), ticks, False


def _log(low: float, high: float) -> Axis:
    start, end = math.log(low) - 0.1, math.log(high) + 0.1
    ticks = [
        10.0**power * factor
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factor in (1, 3)
        if start <= math.log(10.0**power * factor) <= end
    ]
    while len(ticks) > 6:
        ticks = ticks[::2]
    return (lambda value: LEFT + (math.log(value) - start) / (end - start) * (RIGHT - LEFT)), ticks, True


def _tick(x: float, label: str) -> str:
    return (
        f'<path class="grid" d="M{number(x)} 16V112"/>'
        f'<text class="tick" x="{number(x)}" y="126" text-anchor="middle">{label}</text>'
    )


def _row(
    css: str, middle: float, values: Sequence[float], place: Callable[[float], float], unit: Callable[[float], str]
) -> str:
    center = median(values)
    x = place(center)
    anchor = "end" if x > WIDTH - 110 else "start"
    return (
        f'<g class="{css}"><text class="name" x="0" y="{number(middle)}">{css}</text>'
        f'<text class="who" x="0" y="{number(middle + 13)}">n = {len(values)}</text>'
        f"{_half(values, middle, place)}"
        f'<path class="dots" d="{_dots(values, middle, place)}"/>'
        f'<path class="median" d="M{number(x)} {number(middle - _BAND - 3)}v{number(2 * _BAND + 6)}"/>'
        f'<text class="value" x="{number(x + (-4 if anchor == "end" else 4))}" y="{number(middle - _BAND - 5)}" '
        f'text-anchor="{anchor}">median {unit(center)}</text></g>'
    )


def _half(values: Sequence[float], middle: float, place: Callable[[float], float]) -> str:
    """The middle half of the values as a band; with fewer than four values there is no honest one."""
    if len(values) < 4:
        return ""
    first, _, third = quantiles(values, n=4, method="inclusive")
    left, width = place(first), max(place(third) - place(first), 1.0)
    top, tall = number(middle - _BAND), number(2 * _BAND)
    return f'<rect class="half" x="{number(left)}" y="{top}" width="{number(width)}" height="{tall}" rx="3"/>'


def _dots(values: Sequence[float], middle: float, place: Callable[[float], float]) -> str:
    """Dots as strokes of no length, spread over the row by a sequence that repeats exactly (golden ratio)."""
    count = min(len(values), DOTS_MAX)
    shown = [values[index * (len(values) - 1) // max(count - 1, 1)] for index in range(count)]
    spread = [((index * 0.618033988749895) % 1 - 0.5) * 2 * (_BAND - 3) for index in range(count)]
    return "".join(f"M{number(place(value))} {number(middle + up)}h0" for value, up in zip(shown, spread, strict=True))

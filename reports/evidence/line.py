"""Evidence over time as a picture: ln M of one stream after each run, and the threshold. Feeds the HTML pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from reports.escaping import one_line
from reports.evidence.charts import number, svg
from reports.summary import StreamPoint

_WIDTH, _LEFT, _RIGHT, _TOP, _FLOOR = 440.0, 48.0, 430.0, 22.0, 104.0
_POINTS_MAX = 240
_MOST = 3
"""Evidence far above the threshold is drawn as three times it."""
_LEAST = 3
"""Points that make a line worth drawing."""


def evidence_line(
    points: Sequence[StreamPoint],
    name: str,
    since: datetime | None,
    declared: Sequence[tuple[datetime, str]] = (),
) -> Markup | None:
    """The newest 240 runs, oldest at the left; None where fewer than three of them have evidence.

    Args:
        points: The stream after each run, oldest first.
        name: The stream, for screen readers; may be hostile.
        since: When it began to move: marked where that lies within the picture.
        declared: When people declared changes, each with its words: an upright line between two runs.
    """
    shown = [point for point in points if point.ln_m is not None and point.ln_c][-_POINTS_MAX:]
    if len(shown) < _LEAST:
        return None
    limit = shown[-1].ln_c or 0.0
    values = [min(max(point.ln_m or 0.0, 0.0), _MOST * limit) for point in shown]
    top = max(limit, *values) * 1.05
    step = (_RIGHT - _LEFT) / (len(shown) - 1)
    places = [(_LEFT + at * step, _height(value, top)) for at, value in enumerate(values)]
    told = f"ln M {values[-1]:.1f} now, highest {max(values):.1f}, alarm at {limit:.1f}"
    words = f"Evidence of {one_line(name, 80)}: {told}"
    body = _axis(limit, top, shown) + _declared(shown, declared, step) + _mark(shown, since, step) + _line(places)
    return svg(_WIDTH, 126, words, body, "evidence-line")


def _height(value: float, top: float) -> float:
    return _FLOOR - (_FLOOR - _TOP) * min(value, top) / top


def _axis(limit: float, top: float, shown: Sequence[StreamPoint]) -> str:
    y = _height(limit, top)
    first, last = (f"{point.started_at:%m-%d %H:%M}" for point in (shown[0], shown[-1]))
    return (
        f'<path class="grid" d="M{number(_LEFT)} {number(_FLOOR)}H{number(_RIGHT)}"/>'
        f'<path class="limit" d="M{number(_LEFT)} {number(y)}H{number(_RIGHT)}"/>'
        f'<text class="tick" x="{number(_LEFT - 6)}" y="{number(y + 4)}" text-anchor="end">{limit:.1f}</text>'
        f'<text class="tick" x="{number(_LEFT - 6)}" y="{number(_FLOOR + 4)}" text-anchor="end">0</text>'
        f'<text class="tick" x="{number(_LEFT)}" y="120">{escape(first)}</text>'
        f'<text class="tick" x="{number(_RIGHT)}" y="120" text-anchor="end">{escape(last)}</text>'
    )


def _declared(shown: Sequence[StreamPoint], declared: Sequence[tuple[datetime, str]], step: float) -> str:
    lines = [(sum(point.started_at <= at for point in shown), words) for at, words in declared]
    return "".join(
        f'<path class="declared" d="M{number(_LEFT + step * (after - 0.5))} {number(_TOP - 6)}V{number(_FLOOR)}">'
        f"<title>{escape(one_line(words, 200))}</title></path>"
        for after, words in lines
        if 0 < after < len(shown)
    )


def _mark(shown: Sequence[StreamPoint], since: datetime | None, step: float) -> str:
    if since is None or since < shown[0].started_at:
        return ""
    x = _LEFT + step * sum(point.started_at < since for point in shown)
    anchor = "end" if x > _RIGHT - 60 else "start"
    return (
        f'<path class="notch" stroke="currentColor" d="M{number(x)} {number(_TOP - 6)}V{number(_FLOOR)}"/>'
        f'<text class="tick" x="{number(x + (-4 if anchor == "end" else 4))}" y="{number(_TOP - 8)}" '
        f'text-anchor="{anchor}">since {since:%H:%M}</text>'
    )


def _line(places: Sequence[tuple[float, float]]) -> str:
    path = "L".join(f"{number(x)} {number(y)}" for x, y in places)
    x, y = places[-1]
    return f'<path class="line" d="M{path}"/><circle class="end" cx="{number(x)}" cy="{number(y)}" r="2.5"/>'

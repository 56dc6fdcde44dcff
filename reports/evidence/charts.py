"""Small pictures as inline SVG: a score bar, scores over runs, shares before and now. Feeds the HTML pages.

Pure: values in, markup out. Colours come from the page's style sheet by class, so dark mode and print need nothing
here; every picture has a title for screen readers, and no meaning hangs on colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from reports.escaping import one_line

BANDS = (50.0, 75.0, 100.0)
"""Where watch, warn and alarm begin (judge's specification)."""
POINTS_MAX = 48
"""Runs a sparkline shows at most: beyond, neighbouring runs share a pixel."""


def number(value: float) -> str:
    """A coordinate, as short as it can be said: one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def svg(width: float, height: float, title: str, body: str, css: str) -> Markup:
    """One picture. ``title`` is escaped here; ``body`` must be markup already."""
    spoken = escape(one_line(title, 300))
    size = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    return Markup(f'<svg class="{css}" role="img" {size}><title>{spoken}</title>{body}</svg>')  # noqa: S704


def score_bar(score: float | None, state: str) -> Markup:
    """A bar from 0 to 100 with notches where watch, warn and alarm begin; hollow while collecting."""
    width, height = 104.0, 10.0
    words = "collecting, no score yet" if score is None else f"score {int(score)} of 100, {state}"
    notches = "".join(f'<path class="notch" d="M{2 + band:g} 1v8"/>' for band in BANDS[:2])
    track = f'<rect class="track" x="2" y="2" width="100" height="6" rx="3"/>{notches}'
    length = 0.0 if score is None else max(0.0, min(score, 100.0))
    fill = f'<rect class="fill" x="2" y="2" width="{number(length)}" height="6" rx="3"/>' if length else ""
    return svg(width, height, words, track + fill, f"score-bar state-{escape(state)}")


def sparkline(scores: Sequence[float | None], state: str, declared: Sequence[tuple[int, str]] = ()) -> Markup:
    """Scores of the newest runs, oldest at the left, with the alarm line at 100. Gaps where there was no score.

    ``declared``: changes that people declared, each with the place in ``scores`` of the first run after it and its
    words: a line before that run.
    """
    width, height, top, floor = 148.0, 30.0, 5.0, 27.0
    shown = list(scores)[-POINTS_MAX:]
    known = [score for score in shown if score is not None]
    if not known:
        return Markup("")
    step = (width - 8) / max(len(shown) - 1, 1)
    places = [
        None if score is None else (3 + index * step, floor - (floor - top) * max(0.0, min(score, 100.0)) / 100)
        for index, score in enumerate(shown)
    ]
    last = next(place for place in reversed(places) if place is not None)
    dropped = len(scores) - len(shown)
    lines = "".join(
        f'<path class="declared" d="M{number(3 + (at - dropped - 0.5) * step)} 2V28"><title>'
        f"{escape(one_line(words, 200))}</title></path>"
        for at, words in declared
        if 0 < at - dropped < len(shown)
    )
    body = (
        f'{lines}<path class="limit" d="M3 {number(top)}H{number(width - 5)}"/>'
        f'<path class="line" d="{_path(places)}"/>'
        f'<circle class="end" cx="{number(last[0])}" cy="{number(last[1])}" r="2.5"/>'
    )
    words = f"Score over the last {len(shown)} runs: highest {int(max(known))}, now {int(known[-1])}; alarm at 100"
    return svg(width, height, words, body, f"spark state-{escape(state)}")


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    parts: list[str] = []
    drawing = False
    for place in places:
        if place is not None:
            parts.append(f"{'L' if drawing else 'M'}{number(place[0])} {number(place[1])}")
        drawing = place is not None
    return "".join(parts)


def shares(counts: Mapping[str, float]) -> dict[str, float]:
    """Counts as shares of their sum; empty where the sum is 0."""
    whole = sum(counts.values())
    return {name: value / whole for name, value in counts.items()} if whole else {}


def paired_bars(before: Mapping[str, float], now: Mapping[str, float], title: str) -> Markup:
    """Two bars a category, before above now, with their shares in percent; largest first.

    Args:
        before: Count by category in the baseline. Category names may be hostile.
        now: Count by category in this run.
        title: What is shared out.
    """
    old, new = shares(before), shares(now)
    names = sorted({*old, *new}, key=lambda name: (-max(old.get(name, 0), new.get(name, 0)), name))[:12]
    rows = [_pair(name, old.get(name, 0.0), new.get(name, 0.0), index * 46.0) for index, name in enumerate(names)]
    words = "; ".join(f"{one_line(n, 60)}: {old.get(n, 0):.0%} before, {new.get(n, 0):.0%} now" for n in names)
    return svg(440, max(46.0 * len(names), 1), f"{title}: {words}", "".join(rows), "bars")


def _pair(name: str, before: float, now: float, top: float) -> str:
    label = escape(one_line(name, 48))
    word = "new" if not before else "gone" if not now else ""
    mark = f' <tspan class="flag">({word})</tspan>' if word else ""
    return (
        f'<text class="name" x="0" y="{number(top + 11)}">{label}{mark}</text>'
        f"{_bar('before', before, top + 16)}{_bar('now', now, top + 28)}"
    )


def _bar(css: str, share: float, top: float) -> str:
    return (
        f'<text class="who" x="0" y="{number(top + 9)}">{css}</text>'
        f'<rect class="{css}" x="48" y="{number(top)}" width="{number(max(share * 340, 1))}" height="9" rx="2"/>'
        f'<text class="value" x="{number(54 + max(share * 340, 1))}" y="{number(top + 9)}">{share:.0%}</text>'
    )

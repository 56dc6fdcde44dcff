"""What ``holdfast baseline show`` says: where normal comes from, and what each stream has learned of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from probes.errors import UsageError
from reports.escaping import one_line
from runner.baselines import latest_drift

if TYPE_CHECKING:
    from checks.drift.result import StreamResult
    from reports.summary import BaselineView
    from runner.cli.look import Place

SCHEMA = "holdfast.baseline/1"


def baseline_text(place: Place, format_: str) -> str:
    """The baseline of one suite at one endpoint as text or JSON.

    Raises:
        UsageError: another format is asked for.
    """
    view = place.store.baseline(place.suite, place.endpoint)
    drift = latest_drift(place.store, place.suite, place.endpoint)
    if format_ == "json":
        return json.dumps(_object(place, view, drift), indent=2, ensure_ascii=False)
    if format_ != "text":
        raise UsageError(f"--format {format_!r} is unknown; it is one of text, json")
    return "\n".join(_lines(place, view, drift))


def _object(place: Place, view: BaselineView | None, drift: Sequence[StreamResult]) -> dict[str, Any]:
    acts = place.store.acts(place.suite, place.endpoint)
    return {
        "schema": SCHEMA,
        "suite": place.suite,
        "endpoint": place.endpoint,
        "runs": view.runs if view else 0,
        "medians": {name: median(values) for name, values in view.values.items() if values} if view else {},
        "routes": dict(view.routes) if view else {},
        "acts": [
            {"kind": act.kind, "at": act.at.isoformat(), "author": act.author, "reason": act.reason} for act in acts
        ],
        "streams": [
            {
                "stream": result.key.dimension,
                "scope": result.key.scope,
                "state": result.state.value,
                "baseline_size": result.baseline_size,
            }
            for result in drift
        ],
    }


def _lines(place: Place, view: BaselineView | None, drift: Sequence[StreamResult]) -> list[str]:
    where = f"{place.suite} at {place.endpoint}"
    if view is None:
        return [f"{where}: no baseline yet", f"  holdfast baseline capture {place.file} --rounds 50"]
    lines = [f"{where}: normal is what {view.runs} runs showed"]
    lines += [
        f"  {act.at:%Y-%m-%d %H:%M}Z  {act.kind} by {one_line(act.author)}: {one_line(act.reason)}"
        for act in place.store.acts(place.suite, place.endpoint)
    ]
    for name, values in sorted(view.values.items()):
        if values:
            lines.append(f"  {name:<22} median {_figure(name, median(values))} over {len(values)} samples")
    for route, count in sorted(view.routes.items(), key=lambda entry: -entry[1]):
        lines.append(f"  route                  {one_line(route)}: {count} samples")
    return [*lines, *_stream_lines(drift)]


def _stream_lines(drift: Sequence[StreamResult]) -> list[str]:
    if not drift:
        return ["  no stream has been judged yet"]
    lines = [f"  {'stream':<34} {'state':<11} runs learned from"]
    for result in drift:
        note = f"  {result.note}" if result.note and result.state.value == "collecting" else ""
        lines.append(f"  {result.key!s:<34} {result.state.value:<11} {result.baseline_size}{note}")
    return lines


def _figure(name: str, value: float) -> str:
    return f"{value * 1000:.0f} ms" if name.startswith("latency") else f"{value:.0f}"

"""What ``holdfast baseline show`` says: where normal comes from, and what each stream has learned of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from probes.errors import UsageError
from reports.escaping import one_line
from reports.wording import count
from runner.cli.normal_list import act_object, act_words, standing_freeze
from runner.normal.baselines import latest_drift
from runner.normal.versions import Version, versions

if TYPE_CHECKING:
    from checks.drift.result import StreamResult
    from reports.summary import BaselineView
    from runner.cli.look import Place

SCHEMA = "holdfast.baseline-view/1"


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
        "acts": [act_object(act) for act in acts],
        "golden": act_object(golden) if (golden := standing_freeze(acts)) else None,
        "probes": [_version(version) for version in versions(place.store, place.suite, place.endpoint)],
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
    acts = place.store.acts(place.suite, place.endpoint)
    told = [f"  act:{number}  {act_words(act)}" for number, act in enumerate(acts, start=1)]
    if golden := standing_freeze(acts):
        told.append(f"  golden baseline: {act_words(golden)}")
    if view is None:
        capture = f"holdfast baseline capture {place.file} --rounds 50{place.reach}"
        return [f"{where}: no baseline yet", *told, f"  {capture}"]
    lines = [f"{where}: normal is what {count(view.runs, 'run')} showed", *told]
    lines += [_version_line(version) for version in versions(place.store, place.suite, place.endpoint)]
    for name, values in sorted(view.values.items()):
        if values:
            lines.append(f"  {name:<22} median {_figure(name, median(values))} over {count(len(values), 'sample')}")
    for route, samples in sorted(view.routes.items(), key=lambda entry: -entry[1]):
        lines.append(f"  route                  {one_line(route)}: {count(samples, 'sample')}")
    return [*lines, *_stream_lines(drift)]


def _version(version: Version) -> dict[str, Any]:
    return {
        "probe": version.probe,
        "request_hash": version.request_hash,
        "runs": version.runs,
        "since": version.since.isoformat(),
        "earlier": version.earlier,
    }


def _version_line(version: Version) -> str:
    earlier = f"; {count(version.earlier, 'earlier request')}" if version.earlier else ""
    runs = count(version.runs, "run")
    since = f"{version.since:%Y-%m-%d %H:%M}Z"
    return f"  probe {one_line(version.probe, 60):<16} request {version.request_hash}: {runs} since {since}{earlier}"


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

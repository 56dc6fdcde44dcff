"""The size of a store and its sums by hour and day, for people and as JSON. Feeds ``holdfast store``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from probes.duration import format_duration
from reports.rollup import Rollup, Sketch
from reports.wording import count

_UNITS = ("B", "kB", "MB", "GB", "TB")
_DAY_S = 86_400.0
_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
SHORT = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """What ``store stats`` tells."""

    file_bytes: int
    free_bytes: int
    tables: Sequence[tuple[str, int, int]]
    """Name, rows, bytes; the largest first."""
    runs: int
    runs_with_texts: int
    oldest: datetime | None
    newest: datetime | None
    due: Mapping[str, int]
    """What pruning would look at now: ``texts`` and ``runs`` in runs, ``rollups`` in rows."""

    @property
    def growth_bytes(self) -> float | None:
        """What a day adds, over all that is stored; None with less than a day of runs."""
        if self.oldest is None or self.newest is None or (self.newest - self.oldest).total_seconds() < _DAY_S:
            return None
        return (self.file_bytes - self.free_bytes) / ((self.newest - self.oldest).total_seconds() / _DAY_S)


def size_words(size: float) -> str:
    """``1.5 GB``: decimal units, three digits."""
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.3g} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes every size")


def stats_lines(told: StoreFigures) -> list[str]:
    """For people."""
    lines = [f"{size_words(told.file_bytes)}, {size_words(told.free_bytes)} of it free for new rows"]
    if told.oldest is not None and told.newest is not None:
        since = f"from {told.oldest:%Y-%m-%d %H:%M}Z to {told.newest:%Y-%m-%d %H:%M}Z"
        lines.append(f"{count(told.runs, 'run')} {since}, {told.runs_with_texts} with their texts")
    growth = told.growth_bytes
    lines.append("growth: not known before a day of runs" if growth is None else f"growth: {size_words(growth)} a day")
    lines.append(f"to prune now: {due_words(told.due)}")
    width = max((len(name) for name, _, _ in told.tables), default=0)
    lines += [f"{name:<{width}}  {rows:>10} rows  {size_words(size):>8}" for name, rows, size in told.tables]
    return lines


def due_words(due: Mapping[str, int]) -> str:
    """``the texts of 3 runs, 2 runs, no sums``."""
    return (
        f"the texts of {count(due['texts'], 'run')}, {count(due['runs'], 'run')} "
        f"(fewer where they are referred to), {count(due['rollups'], 'sum')}"
    )


def stats_json(told: StoreFigures) -> dict[str, Any]:
    """``holdfast.store/1``: bytes, rows, instants in ISO 8601."""
    return {
        "schema": "holdfast.store/1",
        "file_bytes": told.file_bytes,
        "free_bytes": told.free_bytes,
        "growth_bytes_per_day": told.growth_bytes,
        "runs": told.runs,
        "runs_with_texts": told.runs_with_texts,
        "oldest": told.oldest and told.oldest.isoformat(),
        "newest": told.newest and told.newest.isoformat(),
        "to_prune": dict(told.due),
        "tables": [{"table": name, "rows": rows, "bytes": size} for name, rows, size in told.tables],
    }


# ------------------------------------------------------------------------------------------------ sums
def history_lines(sums: Sequence[Rollup]) -> list[str]:
    """One line an hour or day, for people."""
    return [_line(one) for one in sums]


def _line(one: Rollup) -> str:
    healths = ", ".join(f"{number} {health}" for health, number in sorted(one.healths.items()))
    checks = f"{one.passed} of {one.checked} verdicts pass" if one.checked else "nothing checked"
    drift = "" if one.drift is None else f", drift {one.drift:.0f}"
    cost = f", {one.cost_usd:.4g} USD" if one.priced else ""
    return (
        f"{one.start.strftime(SHORT[one.size])}  {count(one.runs, 'run')} ({healths}), "
        f"{one.failed} of {count(one.samples, 'sample')} failed, {checks}, {_latency(one.total_s)}{cost}{drift}"
    )


def _latency(sketch: Sketch) -> str:
    median, slow = sketch.quantile_s(0.5), sketch.quantile_s(0.99)
    if median is None or slow is None:
        return "no latency"
    return f"total p50 {format_duration(median)}, p99 {format_duration(slow)}"


def history_json(sums: Sequence[Rollup]) -> dict[str, Any]:
    """``holdfast.history/1``: seconds, US dollars, scores from 0 to 100."""
    return {"schema": "holdfast.history/1", "history": [_parts(one) for one in sums]}


def _parts(one: Rollup) -> dict[str, Any]:
    return {
        "start": one.start.isoformat(),
        "size": one.size,
        "probe": one.probe or None,
        "runs": one.runs,
        "healths": dict(one.healths),
        "samples": one.samples,
        "failed": one.failed,
        "failures": dict(one.failures),
        "verdicts": {"passed": one.passed, "total": one.checked},
        "total_s": _quantiles(one.total_s),
        "first_token_s": _quantiles(one.first_token_s),
        "usage": {"input_tokens": one.input_tokens, "output_tokens": one.output_tokens},
        "cost_usd": one.cost_usd if one.priced else None,
        "drift": one.drift,
    }


def _quantiles(sketch: Sketch) -> dict[str, float | int | None]:
    told = {name: sketch.quantile_s(share) for name, share in _SHARES.items()}
    return {"count": sketch.count, "mean": sketch.mean_s, **told}

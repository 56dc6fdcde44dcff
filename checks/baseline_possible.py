"""Whether what a baseline file says can have been: kinds, authors, and the order of runs and acts. Feeds
``baseline_text``. Pure.

A hash is no proof of origin: whoever edits a file can compute it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from checks.baseline_file import BaselineFile, FileAct, FileRun

ACT_KINDS = ("capture", "accept", "mark", "reset", "freeze", "import")
_OVERLAP = timedelta(hours=1)
"""Runs are judged in the order in which they end, and one may wait for its judges while others pass it: not longer."""
Wrong = tuple[str, str]
"""The key of the file that is wrong, and what is wrong with it."""


def impossible(file: BaselineFile) -> Wrong | None:
    """The first thing that cannot have been, as key and sentence; None where all can."""
    return next((wrong for told in (_head, _acts, _runs, _order) for wrong in told(file)), None)


def _head(file: BaselineFile) -> Iterator[Wrong]:
    for key in ("author", "reason"):
        if not getattr(file, key).strip():
            yield key, f"{key} is empty: whoever exports says who and why"


def _acts(file: BaselineFile) -> Iterator[Wrong]:
    places = {run.run_id: place for place, run in enumerate(file.runs)}
    for number, act in enumerate(file.acts):
        if wrong := _act(act, file, places):
            yield "acts", f"acts.{number}.{wrong}"
    known = [places.get(act.after_run or "", -1) for act in file.acts]
    if known != sorted(known):
        yield "acts", "acts stand in another order than the runs after which they were decided (after_run)"


def _act(act: FileAct, file: BaselineFile, places: dict[str, int]) -> str:
    if act.kind not in ACT_KINDS:
        return f"kind: {act.kind[:60]!r} is unknown; it is one of {', '.join(ACT_KINDS)}"
    if not act.author.strip():
        return "author is empty: every act has one"
    if act.at > file.exported_at:
        return f"at: {act.at.isoformat()} is later than exported_at, {file.exported_at.isoformat()}"
    if act.after_run is not None and act.after_run not in places:
        return f"after_run: {act.after_run[:60]!r} is no run of the file"
    return ""


def _runs(file: BaselineFile) -> Iterator[Wrong]:
    twice = [run_id for run_id, times in Counter(run.run_id for run in file.runs).items() if times > 1]
    if twice:
        yield "record", f"run {twice[0][:60]!r} stands there twice"
    for number, run in enumerate(file.runs):
        if wrong := _run(run, file):
            yield "record", f"record.runs.{number}.{wrong}"


def _run(run: FileRun, file: BaselineFile) -> str:
    if run.started_at > file.exported_at:
        return f"started_at: {run.started_at.isoformat()} is later than exported_at, {file.exported_at.isoformat()}"
    if run.duration_s < 0:
        return f"duration_s: {run.duration_s} is less than nothing"
    for probe in run.probes:
        failed = sum(facts.failed for facts in probe.observed.samples)
        if failed != len(probe.failures):
            return f"probes: run {run.run_id!r} names {len(probe.failures)} failures of {failed} failed samples"
    return ""


def _order(file: BaselineFile) -> Iterator[Wrong]:
    for number, (earlier, later) in enumerate(pairwise(file.runs), start=1):
        if earlier.started_at - later.started_at > timedelta(seconds=later.duration_s) + _OVERLAP:
            told = f"{later.started_at.isoformat()} is before the run it follows, {earlier.started_at.isoformat()}"
            yield "record", f"record.runs.{number}.started_at: {told}; they stand in the order of judging"

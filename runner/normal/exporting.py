"""What is normal out of the store, as a baseline file. Feeds ``holdfast baseline export`` and ``diff``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version

from checks.baseline_file import STARTS, BaselineFile, CheckCount, FileAct, FileProbe, FileRun
from checks.drift.observation import ProbeObservation, RunObservation
from probes.errors import UsageError
from reports.summary import ProbeRecord, RunRecord
from reports.wording import count
from runner.normal.baselines import formed, latest_drift
from runner.normal.golden import golden_streams
from runner.normal.history import rows_after
from runner.store.base import BaselineAct, Store, StoredObservation

MOST_RUNS = 100
"""Runs after the last act that a file holds unless it is told otherwise: more makes a longer file, no better one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file, and what of the store is not in it."""

    file: BaselineFile
    later: bool
    """Whether newer runs were left out."""


def exported(
    store: Store,
    suite: str,
    endpoint: str,
    *,
    protocol: str,
    author: str,
    reason: str,
    most: int = MOST_RUNS,
    answers: bool = True,
) -> Exported:
    """The runs since what is normal was last begun anew, with the acts in between, up to ``most`` runs after the last.

    Where a golden baseline stands, from the beginning before it was frozen.

    Raises:
        UsageError: there is no such run, or no stream has a baseline.
    """
    acts = _since_start(store.acts(suite, endpoint))
    begun = acts[0].after_run if acts and _starts(acts[0]) else None
    kept, later = _kept(rows_after(store, suite, endpoint, begun), {act.after_run for act in acts} - {begun}, most)
    if not kept:
        raise UsageError(f"no run of {suite} at {endpoint} is what is normal; holdfast baseline capture makes some")
    if not formed(store.stream_states(suite, endpoint)):
        waiting = next((f": {r.note}" for r in latest_drift(store, suite, endpoint) if r.note), "")
        raise UsageError(
            f"nothing is normal yet: {count(len(kept), 'run')} of {suite} at {endpoint} stored, and no stream has a "
            f"baseline{waiting}; run it more often, or holdfast baseline capture"
        )
    told = answers and not any(row.texts_expired or _unreadable(row) for row in kept)
    runs = tuple(run if told else _untold(run) for run in file_runs(store, kept))
    file = BaselineFile(
        suite=suite,
        endpoint=endpoint,
        protocol=protocol,
        holdfast=version("holdfast"),
        exported_at=datetime.now(UTC),
        author=author,
        reason=reason,
        questions=questions(store.run(runs[-1].run_id)),
        answers_told=told,
        runs=runs,
        acts=tuple(_act(act, begun) for act in acts),
    )
    return Exported(file=file, later=later)


def _unreadable(row: StoredObservation) -> bool:
    """True where answers are not kept in a form that means anything elsewhere."""
    return any(probe.answers_as in ("hash", "none") for probe in row.observation.probes)


def _kept(
    rows: Iterable[StoredObservation], decided: Set[str | None], most: int
) -> tuple[list[StoredObservation], bool]:
    """Runs up to ``most`` after the last after which something was decided, and whether there are more."""
    kept: list[StoredObservation] = []
    waiting, settled = set(decided) - {None}, 0
    for row in rows:
        if not waiting and len(kept) == settled + most:
            return kept, True
        kept.append(row)
        if row.observation.run_id in waiting:
            waiting.discard(row.observation.run_id)
            settled = len(kept)
    return kept, False


def _starts(act: BaselineAct) -> bool:
    return act.kind in STARTS and not act.streams


def _since_start(acts: Sequence[BaselineAct]) -> Sequence[BaselineAct]:
    last = len(acts)
    if golden_streams(acts):
        last = max(place for place, act in enumerate(acts) if act.kind == "freeze")
    starts = [place for place, act in enumerate(acts[:last]) if _starts(act)]
    return acts[starts[-1] :] if starts else acts


def _act(act: BaselineAct, begun: str | None) -> FileAct:
    return FileAct(
        kind=act.kind,
        at=act.at,
        author=act.author,
        reason=act.reason,
        streams=act.streams,
        after_run=None if act.after_run == begun else act.after_run,
    )


def questions(record: RunRecord | None) -> dict[str, str]:
    """By probe: a hash of its question alone, 16 hex digits; empty where the text has expired."""
    return {} if record is None else {probe.probe: _question(probe) for probe in record.probes}


def _question(probe: ProbeRecord) -> str:
    if not probe.conversation:
        return ""
    asked = json.dumps([message.model_dump(mode="json") for message in probe.conversation], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def file_runs(store: Store, rows: Sequence[StoredObservation]) -> list[FileRun]:
    """Stored runs as files hold them."""
    return [_run(row, record) for row in rows if (record := store.run(row.observation.run_id)) is not None]


def _run(row: StoredObservation, record: RunRecord) -> FileRun:
    recorded = {probe.probe: probe for probe in record.probes}
    seen = row.observation
    own = {told.name: getattr(seen, told.name) for told in fields(RunObservation) if told.name != "probes"}
    return FileRun(
        **own,
        duration_s=record.duration_s,
        trigger=record.trigger,
        health=record.health,
        in_baseline=row.in_baseline,
        plan=row.plan,
        probes=tuple(_probe(observed, recorded[observed.probe]) for observed in seen.probes),
    )


def _probe(observed: ProbeObservation, record: ProbeRecord) -> FileProbe:
    return FileProbe(
        observed=observed,
        failures=tuple(sample.failure.kind for sample in record.samples if sample.failure is not None),
        checks=tuple(
            CheckCount(
                check=found.check,
                argument=found.argument,
                mode=found.mode,
                status=found.status,
                passed=found.passed,
                total=found.total,
            )
            for found in record.findings
        ),
    )


def _untold(run: FileRun) -> FileRun:
    """A run without what was answered."""
    probes = []
    for probe in run.probes:
        samples = tuple(replace(facts, answer=None) for facts in probe.observed.samples)
        probes.append(replace(probe, observed=replace(probe.observed, samples=samples)))
    return replace(run, probes=tuple(probes))

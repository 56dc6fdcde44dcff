"""Judge stored runs again from the start of what is normal, and compare with what was said at the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from checks.canary.judge import judge_pairs
from checks.drift.result import StreamKey
from probes.errors import HoldfastError, UsageError
from reports.canary.record import CanaryRecord
from reports.wording import count
from runner.normal.tape import Tape, by_run
from runner.store.base import Json, Store, StoredObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """What a replay found."""

    runs: int
    agrees: bool
    lines: tuple[str, ...]
    """For people."""


def replay_place(store: Store, suite: str, endpoint: str, *, until: str | None = None) -> ReplayOutcome:
    """Replay one suite at one endpoint, up to a run or to the newest.

    Raises:
        UsageError: there is no such run, or nothing is stored.
    """
    rows = _rows(store, suite, endpoint, until)
    tape = Tape()
    acts = by_run(store.acts(suite, endpoint))
    tape.decide(acts.get(None, ()))
    for row in rows:
        tape.play(row)
        if row.observation.run_id != until:
            tape.decide(acts.get(row.observation.run_id, ()))
    expired = any(row.texts_expired for row in rows)
    if until is None:
        return _against_states(tape, store.stream_states(suite, endpoint), expired=expired)
    return _against_run(tape, store, until, expired=expired)


def replay_canary(record: CanaryRecord) -> ReplayOutcome:
    """Judge the stored pairs of a canary again, and compare with what was said."""
    again = judge_pairs(record.pairs, record.plan, record.result.broken)
    differing = [
        now.dimension
        for then, now in zip_longest(record.result.dimensions, again.dimensions)
        if then is None or now is None or then != now
    ]
    agree = len(again.dimensions) - len(differing)
    lines = [
        f"judged {len(record.pairs)} pairs again: {agree} of {len(again.dimensions)} dimensions agree exactly",
        f"verdict {again.verdict.value}, as it was told"
        if again.verdict is record.result.verdict
        else f"differs: verdict {again.verdict.value}, told as {record.result.verdict.value}",
        *(f"differs: {name}" for name in differing),
    ]
    agrees = not differing and again.verdict is record.result.verdict
    return ReplayOutcome(runs=len(record.pairs), agrees=agrees, lines=tuple(lines))


def _rows(store: Store, suite: str, endpoint: str, until: str | None) -> list[StoredObservation]:
    if (gone := store.pruned(suite, endpoint)) is not None:
        raise HoldfastError(
            f"{suite} at {endpoint} cannot be replayed: {count(gone.runs, 'run')} up to {gone.until:%Y-%m-%d %H:%M}Z "
            "were pruned (privacy.retain.samples), and what the judge learned from them is left in its states alone"
        )
    rows = list(store.observations(suite, endpoint))
    if not rows:
        raise UsageError(f"nothing is stored of {suite} at {endpoint}")
    if until is None:
        return rows
    ids = [row.observation.run_id for row in rows]
    if until not in ids:
        raise UsageError(f"no run {until!r} of {suite} at {endpoint}")
    return rows[: ids.index(until) + 1]


def _against_states(tape: Tape, stored: Mapping[StreamKey, Json], *, expired: bool) -> ReplayOutcome:
    differing = [key for key in {*tape.states, *stored} if tape.states.get(key) != stored.get(key)]
    return _outcome(tape, len(stored), differing, expired=expired)


def _against_run(tape: Tape, store: Store, run_id: str, *, expired: bool) -> ReplayOutcome:
    record = store.run(run_id)
    told = {result.key: result for result in record.drift} if record else {}
    now = {result.key: result for result in tape.results} if told else {}
    differing = [key for key in {*told, *now} if told.get(key) != now.get(key)]
    return _outcome(tape, len(told), differing, expired=expired)


def _outcome(tape: Tape, streams: int, differing: Sequence[StreamKey], *, expired: bool) -> ReplayOutcome:
    untold = [key for key in differing if expired and key.measured == "answers"]
    wrong = sorted(key for key in differing if key not in untold)
    lines = [
        f"replayed {count(tape.judged, 'run')}: {streams - len(differing)} of {streams} streams agree to the last digit"
    ]
    if untold:
        lines.append(f"{len(untold)} answer streams cannot be replayed: their texts have expired")
    lines += [f"differs: {key}" for key in wrong]
    return ReplayOutcome(runs=tape.judged, agrees=not wrong, lines=tuple(lines))

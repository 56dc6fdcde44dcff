"""Everything that is summed up and forgotten with time, in steps of a few milliseconds. Feeds the daemon and ``store``.

Each step is a transaction of its own; whoever takes them pauses in between, so that no run waits to be saved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from checks.drift.result import StreamKey
from checks.drift.wording import key_of
from probes.duration import format_duration
from runner.keeping.privacy_settings import Retention
from runner.store.base import BaselineAct, Json, Store

ROLLED_AT_ONCE = 2
EXPIRED_AT_ONCE = 2
SUMS_AT_ONCE = 50
LOOKED_UP_AT_ONCE = 200
ANSWERS_EVERY = timedelta(days=1)
"""How often streams are searched for answers whose texts have expired: it means reading all that are left."""
AUTHOR = "holdfast"


@dataclass(slots=True, kw_only=True)
class Housekeeping:
    """Keeps one store to what the settings let it keep."""

    store: Store
    retain: Retention
    _answers_at: datetime | None = None
    done: Counter[str] = field(default_factory=Counter)
    """What was done so far, by name: rolled_up, texts, told, conversations, streams, runs, rollups."""

    def steps(self, now: datetime) -> Iterator[None]:
        """Do all that is due, a step at a time. Sums first: what is not in them yet is not pruned."""
        while self._did("rolled_up", self.store.roll_up(most=ROLLED_AT_ONCE)):
            yield
        if (before := _before(now, self.retain.text_s)) is not None:
            yield from self._texts(before, now)
        if (before := _before(now, self.retain.samples_s)) is not None:
            yield from self._runs(before, now)
        if (before := _before(now, self.retain.rollups_s)) is not None:
            while self._did("rollups", self.store.forget_rollups(before, most=SUMS_AT_ONCE)):
                yield

    def _did(self, what: str, number: int) -> int:
        self.done[what] += number
        return number

    def _texts(self, before: datetime, now: datetime) -> Iterator[None]:
        while self._did("texts", self.store.forget_texts(before, most=EXPIRED_AT_ONCE)):
            yield
        self._did("told", self.store.forget_told(before))
        yield
        self._did("conversations", self.store.forget_conversations())
        yield
        if self._answers_at is None or now - self._answers_at >= ANSWERS_EVERY:
            self._answers_at = now
            for entry in self.store.installed():
                self._did("streams", self._expire_answers(entry.suite, entry.endpoint, now))
                yield

    def _expire_answers(self, suite: str, endpoint: str, now: datetime) -> int:
        """Begin those streams of answers anew that still compare with an answer whose text has expired."""
        if not stale_answers(self.store.stream_states(suite, endpoint), self.store.kept_answers(suite, endpoint)):
            return 0
        with self.store.exclusive():
            states = self.store.stream_states(suite, endpoint)
            stale = [key for key in states if key.measured == "answers"]
            kept_s = self.retain.text_s or 0.0
            act = BaselineAct(
                suite=suite,
                endpoint=endpoint,
                kind="reset",
                at=now,
                author=AUTHOR,
                reason=f"answers older than retain.text ({format_duration(kept_s)}) are not kept to compare with",
                streams=tuple(sorted(stale)),
            )
            left = {key: state for key, state in states.items() if key not in stale}
            self.store.save_act(act, left, baseline_runs=None)
        return len(stale)

    def _runs(self, before: datetime, now: datetime) -> Iterator[None]:
        self._did("told", self.store.forget_leftovers(before, today=_midnight(now)))
        yield
        gone = -1
        while gone != self.done["runs"] and (found := self.store.prunable(before, most=LOOKED_UP_AT_ONCE)):
            gone = self.done["runs"]
            for run_id in found:
                self._did("runs", self.store.forget_run(run_id))
                yield


def _before(now: datetime, kept_s: float | None) -> datetime | None:
    if kept_s is None:
        return None
    try:
        return now - timedelta(seconds=kept_s)
    except OverflowError:  # longer than there were years
        return None


def _midnight(now: datetime) -> datetime:
    """When the day began for which spending is capped."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def stale_answers(states: Mapping[StreamKey, Json], kept: Mapping[str, frozenset[str]]) -> bool:
    """True where a stream of answers holds one that is stored no more. ``kept``: by probe, the answers that are."""
    streams = [state for key, state in states.items() if key.measured == "answers"]
    if not streams:
        return False
    keys = {probe: frozenset(map(key_of, answers)) for probe, answers in kept.items()}
    return any(not held <= keys.get(probe, frozenset()) for state in streams for probe, held in _held(state))


def _held(state: Json) -> Iterator[tuple[str, frozenset[str]]]:
    """By probe, the keys of answers that a stream compares with, or is collecting."""
    for probe, wording in state.get("baseline", {}).get("wordings", {}).items():
        yield probe, frozenset(wording["texts"])
    for run in state.get("runs", ()) if state["phase"] == "collecting" else ():
        for probe, keys in run[2].items():
            yield probe, frozenset(keys)


def due_now(store: Store, retain: Retention, now: datetime) -> Mapping[str, int]:
    """What is old enough to go: ``texts`` and ``runs`` in runs, ``rollups`` in rows."""
    return store.due_for_pruning(
        texts=_before(now, retain.text_s), runs=_before(now, retain.samples_s), rollups=_before(now, retain.rollups_s)
    )


def rolled_up(store: Store) -> None:
    """Bring the sums up to the newest run."""
    while store.roll_up(most=ROLLED_AT_ONCE):
        pass

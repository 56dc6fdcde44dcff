"""Golden baselines: what is normal today, frozen as a reference that only a person moves. Feeds the command line,
the budget of the engine, and tapes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from checks.drift.levels import BASELINE_RUNS
from checks.drift.result import StreamKey, StreamState
from checks.drift.score import freeze, reset
from probes.errors import UsageError
from runner.normal.baselines import act_of, latest_drift
from runner.normal.history import rows_after
from runner.normal.judging import answered, judge_plan
from runner.store.base import BaselineAct, Json, Store, StoredObservation

_MOST_RUNS = 1000


def freeze_baseline(store: Store, suite: str, endpoint: str, *, author: str, reason: str) -> tuple[int, int]:
    """Keep what is normal now as the golden baseline, in place of one that stood before.

    It is formed from the runs since a person last said what is normal (capture, accept, mark, reset), the newest 1,000
    of them. Returns how many runs that are, and how many golden streams now stand.

    Raises:
        UsageError: there are fewer than 20 such runs, or a stream is in alarm: then today is not normal.
    """
    with store.exclusive():
        moved = [r for r in latest_drift(store, suite, endpoint) if r.state is StreamState.ALARM and not r.key.golden]
        if moved:
            raise UsageError(
                f"{moved[0].key} of {suite} at {endpoint} is in alarm, so today is not what is normal; "
                "accept the change first (holdfast baseline accept), or wait until it is over"
            )
        said = [act.after_run for act in store.acts(suite, endpoint) if moves_normal(act)]
        rows = _usable(rows_after(store, suite, endpoint, said[-1] if said else None))
        if len(rows) < BASELINE_RUNS:
            raise UsageError(
                f"a golden baseline of {suite} at {endpoint} needs {BASELINE_RUNS} whole runs since a person last said "
                f"what is normal; there are {len(rows)}"
            )
        states = frozen(rows, store.stream_states(suite, endpoint))
        golden = tuple(sorted(key for key in states if key.golden))
        store.save_act(
            act_of("freeze", suite, endpoint, author=author, reason=reason, streams=golden), states, baseline_runs=None
        )
    return len(rows), len(golden)


def drop_golden(store: Store, suite: str, endpoint: str, *, author: str, reason: str) -> int:
    """Forget the golden baseline; returns how many streams went.

    Raises:
        UsageError: there is none.
    """
    with store.exclusive():
        before = store.stream_states(suite, endpoint)
        golden = tuple(sorted(key for key in before if key.golden))
        if not golden:
            raise UsageError(f"{suite} at {endpoint} has no golden baseline; holdfast baseline freeze makes one")
        act = act_of("reset", suite, endpoint, author=author, reason=reason, streams=golden)
        store.save_act(act, reset(before, golden), baseline_runs=None)
    return len(golden)


def frozen(rows: Sequence[StoredObservation], states: Mapping[StreamKey, Json]) -> dict[StreamKey, Json]:
    """States after freezing what these runs show. Used live and in replays."""
    usable = _usable(rows)
    if not usable:
        return dict(states)
    return dict(freeze([row.observation for row in usable], states, judge_plan(usable[-1])))


def golden_streams(acts: Sequence[BaselineAct]) -> int:
    """How many golden streams stand after these acts: they share the installation's budget."""
    streams = 0
    for act in acts:
        if act.kind == "freeze":
            streams = len(act.streams)
        elif act.kind == "reset" and _of_golden(act):
            streams = 0
    return streams


def moves_normal(act: BaselineAct) -> bool:
    """Whether a person said with it what is normal from here on."""
    return act.kind not in ("freeze", "import") and not _of_golden(act)


def _of_golden(act: BaselineAct) -> bool:
    return bool(act.streams) and all(key.golden for key in act.streams)


def _usable(rows: Iterable[StoredObservation]) -> list[StoredObservation]:
    """The newest 1,000 whole runs that were judged and answered at all: an outage must not become what is normal."""
    fit = (row for row in rows if row.plan["judged"] and row.plan["whole"] and answered(row.observation))
    return list(deque(fit, maxlen=_MOST_RUNS))

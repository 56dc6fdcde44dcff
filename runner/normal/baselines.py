"""Acts on what is normal: capture, accept, mark, reset. Each is recorded with author and reason beside its effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from checks.drift.result import GOLDEN, StreamKey, StreamResult, StreamState
from checks.drift.score import accept, reset, streams_of
from probes.endpoint import Spend
from probes.errors import UsageError
from reports.escaping import one_line
from runner.limits.spending import GOES_ON, reached_today
from runner.normal.judging import judge_plan
from runner.preparing.orders import RunOrder
from runner.store.base import BaselineAct, Json, Store, StoredObservation


def refuse_where_nothing_may_be_spent(store: Store, orders: Iterable[RunOrder], installation: Spend) -> None:
    """What is normal must not be forgotten for a capture that may ask nothing.

    Raises:
        UsageError: a spending cap of today is reached already.
    """
    for order in orders:
        suite = order.prepared.suite
        reached = reached_today(store, datetime.now(UTC), suite.name, suite.spend, installation)
        if reached is not None:
            raise UsageError(f"{suite.name}: {reached}; {GOES_ON}. The baseline is left as it was")


def begin_capture(store: Store, order: RunOrder, *, author: str, reason: str) -> None:
    """Forget what was normal for the probes of an order, and say who asked for it."""
    suite = order.prepared.suite
    if order.whole:
        act = act_of("capture", suite.name, order.endpoint, author=author, reason=reason, streams=())
        golden = only_golden(store.stream_states(suite.name, order.endpoint))
        store.save_act(act, golden, baseline_runs=())
        return
    asked = [probe.id for probe, _ in order.probes]
    keys = [key for key in streams_of(asked, streaming=True, retrieving=True) if key.scope in asked]
    states = reset(store.stream_states(suite.name, order.endpoint), keys)
    act = act_of("capture", suite.name, order.endpoint, author=author, reason=reason, streams=keys)
    store.save_act(act, states, baseline_runs=None)


def accept_change(
    store: Store,
    suite: str,
    endpoint: str,
    *,
    streams: Sequence[str],
    probes: Sequence[str],
    author: str,
    reason: str,
) -> list[tuple[StreamKey, int]]:
    """Start the given streams (default: all in alarm) anew from the run in which each moved.

    Returns each stream with the number of runs its new normal starts from.

    Raises:
        UsageError: there is no stream to accept.
    """
    with store.exclusive():
        latest = latest_drift(store, suite, endpoint)
        chosen = chosen_streams(latest, streams, probes)
        if not chosen:
            raise UsageError(_nothing_to_accept(latest, streams, probes))
        rows = tuple(store.observations(suite, endpoint))
        states, counts = accepted(rows, store.stream_states(suite, endpoint), chosen)
        act = act_of("accept", suite, endpoint, author=author, reason=reason, streams=[r.key for r in chosen])
        store.save_act(act, states, baseline_runs=None)
    return counts


def accepted(
    rows: Sequence[StoredObservation], states: Mapping[StreamKey, Json], chosen: Iterable[StreamResult]
) -> tuple[dict[StreamKey, Json], list[tuple[StreamKey, int]]]:
    """States after accepting, and how many runs each stream's new normal starts from. Used live and in replays.

    ``rows`` are the runs up to the moment of the act, oldest first.
    """
    updated: dict[StreamKey, Json] = dict(states)
    counts: list[tuple[StreamKey, int]] = []
    for result in chosen:
        since = next((at for at, row in enumerate(rows) if row.observation.run_id == result.since), len(rows))
        later = [row for row in rows[since:] if not row.plan.get("withheld")]  # what was not judged is not normal
        if later:
            plan = judge_plan(later[-1])
            updated = dict(accept([row.observation for row in later], updated, [result.key], plan))
        else:
            updated.pop(result.key, None)
        counts.append((result.key, len(later)))
    return updated, counts


def reset_baseline(store: Store, suite: str, endpoint: str, *, probes: Sequence[str], author: str, reason: str) -> int:
    """Drop the streams of a suite at an endpoint, or only those of some probes; returns how many went.

    Raises:
        UsageError: no stream speaks of such a probe.
    """
    with store.exclusive():
        before = store.stream_states(suite, endpoint)
        unknown = set(probes) - {key.scope for key in before}
        if unknown:
            raise UsageError(f"no stream of {suite} at {endpoint} speaks of a probe {sorted(unknown)[0]!r}")
        keys = [key for key in before if (not probes or key.scope in probes) and not key.golden]
        act = act_of("reset", suite, endpoint, author=author, reason=reason, streams=keys if probes else ())
        store.save_act(act, reset(before, keys), baseline_runs=None if probes else ())
    return len(keys)


def mark_change(store: Store, suite: str, endpoint: str, *, author: str, reason: str) -> int:
    """Declare a change, such as a deploy: every stream starts anew with the next run, as if accepted as of now.

    A golden baseline stays. Returns how many streams start anew.

    Raises:
        UsageError: nothing is stored of this suite at this endpoint, so there is nothing to mark.
    """
    with store.exclusive():
        if not store.runs(suite=suite, endpoint=endpoint, limit=1):
            raise UsageError(f"nothing is stored of {suite} at {endpoint}, so nothing can be declared changed")
        before = store.stream_states(suite, endpoint)
        golden = only_golden(before)
        act = act_of("mark", suite, endpoint, author=author, reason=reason, streams=())
        store.save_act(act, golden, baseline_runs=())
    return len(before) - len(golden)


def only_golden(states: Mapping[StreamKey, Json]) -> dict[StreamKey, Json]:
    """What stays when all else is forgotten: nothing but a person moves a golden baseline."""
    return {key: state for key, state in states.items() if key.golden}


def formed(states: Mapping[StreamKey, Json]) -> int:
    """How many streams have a baseline: golden ones too, not those that still collect."""
    return sum(state["phase"] == "watching" for state in states.values())


def latest_drift(store: Store, suite: str, endpoint: str) -> tuple[StreamResult, ...]:
    """The judge's word on every stream after the newest judged run."""
    for header in store.runs(suite=suite, endpoint=endpoint, limit=50):
        run = store.run(header.run_id)
        if run is not None and run.drift:
            return run.drift
    return ()


def chosen_streams(
    drift: Sequence[StreamResult], streams: Sequence[str], probes: Sequence[str]
) -> tuple[StreamResult, ...]:
    """Streams by dimension, or as reports name them (``answers of locale=de``), and probe; without, those in alarm."""
    return tuple(
        result
        for result in drift
        if not result.key.golden  # only freezing moves those
        and (_named(result.key, streams) if streams else result.state is StreamState.ALARM)
        and (not probes or result.key.scope in probes)
    )


def _named(key: StreamKey, streams: Sequence[str]) -> bool:
    return key.dimension in streams or _name(key) in streams


def _name(key: StreamKey) -> str:
    """As reports show it: values of labels may come from files."""
    return one_line(str(key))


def _nothing_to_accept(drift: Sequence[StreamResult], streams: Sequence[str], probes: Sequence[str]) -> str:
    if any(name.startswith(GOLDEN) for name in streams):
        return "a golden baseline is moved by freezing anew (holdfast baseline freeze), or dropped with reset --golden"
    if streams:
        known = ", ".join(_name(result.key) for result in drift if not result.key.golden) or "none yet"
        where = f" of {', '.join(probes)}" if probes else ""
        return f"no stream {', '.join(streams)}{where}; the judged streams are: {known}"
    alarms = [result.key for result in drift if result.state is StreamState.ALARM]
    if alarms and all(key.golden for key in alarms):
        return (
            f"only golden streams are in alarm ({', '.join(map(_name, alarms))}), and no accept moves those: take the "
            "present as golden with holdfast baseline freeze, or drop the golden baseline with reset --golden"
        )
    where = f" among those of {', '.join(probes)}" if probes and alarms else ""
    return f"no stream is in alarm{where}, so there is nothing to accept; name one with --stream to start it anew"


def act_of(
    kind: str, suite: str, endpoint: str, *, author: str, reason: str, streams: Sequence[StreamKey]
) -> BaselineAct:
    """What a person decides now."""
    return BaselineAct(
        suite=suite,
        endpoint=endpoint,
        kind=kind,
        at=datetime.now(UTC),
        author=author,
        reason=reason,
        streams=tuple(streams),
    )

"""Quiet runs since a person last began what is normal anew: a plan takes its noise from them. Feeds ``planning``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.drift.observation import RunObservation
from checks.drift.result import StreamState
from checks.plan.recorded import LEAST_RUNS, MOST_RUNS
from checks.verdict import Health
from runner.normal.golden import moves_normal
from runner.normal.history import rows_after
from runner.normal.judging import answered
from runner.store.base import BaselineAct, Store, StoredObservation

_LOOKED_BACK = 500
_MOST_SCORE = 25.0  # the judge's own pool of normal runs takes none from here on
_WELL = (Health.HEALTHY.value, Health.DEGRADED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What is known of the normal of one suite at one endpoint."""

    runs: tuple[RunObservation, ...] = ()
    """Oldest first."""
    formed: int = 0
    """Runs that the baseline was formed from."""
    newest: Mapping[str, int] = field(default_factory=dict)
    """By dimension that was accepted or reset since: how many of the runs, the newest, are of its new normal."""
    began: Mapping[str, BaselineAct] = field(default_factory=dict)
    """The same dimensions with the act that began them."""
    act: BaselineAct | None = None
    """The act since which they count; None where nobody ever said what is normal."""

    @property
    def lacking(self) -> str:
        """Why the noise is not taken from these runs; empty where it is."""
        return "" if len(self.runs) >= LEAST_RUNS else _told(len(self.runs), self.act)

    @property
    def lacking_of(self) -> tuple[str, ...]:
        """The same of single dimensions; none where all runs are too few."""
        few = {name: count for name, count in self.newest.items() if count < LEAST_RUNS and not self.lacking}
        return tuple(f"{name}: {_told(count, self.began[name])}" for name, count in few.items())


def quiet_runs(store: Store, suite: str, endpoint: str) -> Quiet:
    """The newest quiet runs, of at most 500 that are looked through. Raises ``StoreError``.

    Quiet: the whole suite was asked and judged, something answered, no contract was broken, no alarm was open (golden
    ones included), and no other stream scored 25 or more.
    """
    acts = [act for act in store.acts(suite, endpoint) if moves_normal(act)]
    whole = max((at for at, act in enumerate(acts) if not act.streams), default=-1)
    act = acts[whole] if whole >= 0 else None
    rows = rows_after(store, suite, endpoint, act.after_run if act else None)
    return _gathered(rows, _calm(store, suite, endpoint), act, acts[whole + 1 :])


def _gathered(
    rows: Iterable[StoredObservation], calm: frozenset[str], act: BaselineAct | None, later: Sequence[BaselineAct]
) -> Quiet:
    runs, formed = deque[RunObservation](maxlen=MOST_RUNS), 0
    began = {name: each for each in later for name in _dimensions(each)}
    newest = dict.fromkeys(began, 0)
    for row in rows:
        formed += row.in_baseline
        run = row.observation
        if run.run_id in calm and row.plan["whole"] and row.plan["judged"] and answered(run):
            runs.append(run)
            newest = {name: count + 1 for name, count in newest.items()}
        newest.update((name, 0) for name, each in began.items() if each.after_run == run.run_id)
    return Quiet(runs=tuple(runs), formed=formed, newest=newest, began=began, act=act)


def _dimensions(act: BaselineAct) -> set[str]:
    """What the act began anew, spread and tail with their level: all are drawn from the same calls."""
    return {key.dimension.removesuffix(".spread").removesuffix(".tail") for key in act.streams if not key.golden}


def _calm(store: Store, suite: str, endpoint: str) -> frozenset[str]:
    """Ids of recent runs that went well, and after which no stream stood out."""
    headers = store.runs(suite=suite, endpoint=endpoint, limit=_LOOKED_BACK)
    well = {header.run_id for header in headers if header.health in _WELL}
    for key, points in store.history(suite, endpoint, limit=_LOOKED_BACK).items():
        for point in points:
            risen = not key.golden and (point.score or 0.0) >= _MOST_SCORE
            if risen or point.state == StreamState.ALARM:
                well.discard(point.run_id)
    return frozenset(well)


def _told(count: int, act: BaselineAct | None) -> str:
    runs = f"{count or 'no'} quiet run{'' if count == 1 else 's'}"
    verb = "is" if count == 1 else "are"
    since = f"since the {act.kind} of {act.at:%Y-%m-%d %H:%M} UTC" if act else f"{verb} recorded"
    return f"{runs} {since}; {LEAST_RUNS} are needed"


def as_last_asked(runs: Sequence[RunObservation], probes: set[str]) -> tuple[RunObservation, ...]:
    """The runs without probes that are gone or were asked otherwise then."""
    newest = {probe.probe: probe.request_hash for run in runs for probe in run.probes}
    return tuple(
        replace(
            run,
            probes=tuple(p for p in run.probes if p.probe in probes and newest[p.probe] == p.request_hash),
        )
        for run in runs
    )

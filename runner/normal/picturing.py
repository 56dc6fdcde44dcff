"""One side of a comparison, by the name people give it: the newest run, the baseline, an act, a run or a file. Feeds
``holdfast baseline diff``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from checks.baseline_diff import Picture
from checks.baseline_file import STARTS, shown
from probes.errors import UsageError
from runner.normal.exporting import MOST_RUNS, file_runs, questions
from runner.normal.history import rows_after
from runner.normal.importing_baselines import read
from runner.store.base import Store, StoredObservation

WAYS = "latest, baseline, a run id, act:N as in 'baseline show', or an exported file"


def picture_of(store: Store, suite: str, endpoint: str, name: str) -> Picture:
    """The side of this name.

    Raises:
        UsageError: there is nothing of this name.
        InputError: it is a damaged baseline file.
    """
    path = Path(name)
    if path.is_file():
        file = read(path)
        return Picture(name=name, runs=len(file.current), probes=file.probes, questions=file.questions)
    rows = _rows(store, suite, endpoint, name)
    runs = file_runs(store, rows)
    asked = questions(store.run(runs[-1].run_id))
    return Picture(name=name, runs=len(runs), probes=shown(runs), questions=asked)


def _rows(store: Store, suite: str, endpoint: str, name: str) -> Sequence[StoredObservation]:
    if name == "baseline":
        found = _baseline(store, suite, endpoint)
    elif name.startswith("act:"):
        found = _after_act(store, suite, endpoint, name)
    else:
        found = _one(store, suite, endpoint, name)
    if not found:
        raise UsageError(f"nothing of {suite} at {endpoint} is called {name!r}; there is {WAYS}")
    return found


def _one(store: Store, suite: str, endpoint: str, name: str) -> Sequence[StoredObservation]:
    if name == "latest":
        newest = store.runs(suite=suite, endpoint=endpoint, limit=1)
        name = newest[0].run_id if newest else ""
    record = store.run(name)
    if record is None or (record.suite, record.endpoint) != (suite, endpoint):
        return ()
    return tuple(islice(store.observations(suite, endpoint, since_run=name), 1))


def _baseline(store: Store, suite: str, endpoint: str) -> Sequence[StoredObservation]:
    starts = [act.after_run for act in store.acts(suite, endpoint) if act.kind in STARTS and not act.streams]
    rows = rows_after(store, suite, endpoint, starts[-1] if starts else None)
    return tuple(row for row in rows if row.in_baseline)


def _after_act(store: Store, suite: str, endpoint: str, name: str) -> Sequence[StoredObservation]:
    """The runs from an act on until the next one or until a request changed, the first 100."""
    acts = store.acts(suite, endpoint)
    number = int(name[4:]) if name[4:].isdecimal() else 0
    if not 1 <= number <= len(acts):
        raise UsageError(f"there is no {name!r}; acts are numbered from 1 to {len(acts)}, as in 'baseline show'")
    begun = acts[number - 1].after_run
    later = {act.after_run for act in acts[number:]} - {begun}
    rows: list[StoredObservation] = []
    for row in islice(rows_after(store, suite, endpoint, begun), MOST_RUNS):
        rows.append(row)
        if row.observation.run_id in later:
            break
    return _asked_alike(rows)


def _asked_alike(rows: Sequence[StoredObservation]) -> Sequence[StoredObservation]:
    first: dict[str, str] = {}
    for place, row in enumerate(rows):
        for probe in row.observation.probes:
            if first.setdefault(probe.probe, probe.request_hash) != probe.request_hash:
                return rows[:place]
    return rows

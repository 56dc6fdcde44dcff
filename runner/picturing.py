"""One side of a comparison, by the name people give it: the newest run, the baseline, an act, a run or a file. Feeds
``holdfast baseline diff``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from checks.baseline_diff import Picture
from checks.baseline_file import shown
from probes.errors import UsageError
from runner.exporting import MOST_RUNS, file_runs, questions
from runner.importing_baselines import read
from runner.store.base import BaselineAct, Store, StoredObservation

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
    rows = list(store.observations(suite, endpoint))
    if name == "latest":
        found = rows[-1:]
    elif name == "baseline":
        found = [row for row in rows if row.in_baseline]
    elif name.startswith("act:"):
        found = _after_act(rows, store.acts(suite, endpoint), name)
    else:
        found = [row for row in rows if row.observation.run_id == name]
    if not found:
        raise UsageError(f"nothing of {suite} at {endpoint} is called {name!r}; there is {WAYS}")
    return found


def _after_act(
    rows: Sequence[StoredObservation], acts: Sequence[BaselineAct], name: str
) -> Sequence[StoredObservation]:
    """The runs from an act on until the next one, the first 100."""
    number = int(name[4:]) if name[4:].isdecimal() else 0
    if not 1 <= number <= len(acts):
        raise UsageError(f"there is no {name!r}; acts are numbered from 1 to {len(acts)}, as in 'baseline show'")
    ids = [row.observation.run_id for row in rows]
    begin = _place(ids, acts[number - 1].after_run)
    later = [_place(ids, act.after_run) for act in acts[number:]]
    end = next((place for place in later if place > begin), len(rows))
    return rows[begin : min(end, begin + MOST_RUNS)]


def _place(ids: Sequence[str], run_id: str | None) -> int:
    return ids.index(run_id) + 1 if run_id in ids else 0

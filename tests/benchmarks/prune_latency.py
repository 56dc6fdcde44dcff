"""How long saving a run takes while old runs are pruned: the same runs saved with and without a pruning thread beside.

``python -m tests.benchmarks.prune_latency [RUNS]``: RUNS (default 100,000) are stored and pruned, of 4 samples each.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np

from runner.daemon.house_chore import PAUSE_S
from runner.keeping.housekeeping import Housekeeping
from runner.keeping.privacy_settings import Retention
from runner.store import open_store
from runner.store.base import Store
from tests.fakes.records import NOW
from tests.fakes.stored import numbered, written

SAVED = 400
EVERY_S = 0.05
YOUNG = 10_000_000
"""Numbers of the runs that are saved meanwhile: too young to be pruned."""


def filled(store: Store, runs: int) -> None:
    """Old runs, many in a transaction."""
    for begin in range(0, runs, 500):
        with store.exclusive():
            for number in range(begin, min(begin + 500, runs)):
                store.save_run(written(numbered(number)))


def saving(store: Store, first: int) -> np.ndarray:  # type: ignore[type-arg]
    """Seconds of each of ``SAVED`` saves."""
    took = []
    for number in range(first, first + SAVED):
        write = written(numbered(number))
        began = time.perf_counter()
        store.save_run(write)
        took.append(time.perf_counter() - began)
        time.sleep(EVERY_S)
    return np.array(took)


def pruning(store: Store, runs: int, over: threading.Event) -> Callable[[], None]:
    """A thread's work: keep house until all is gone or it is told to stop."""

    def work() -> None:
        now = numbered(runs).started_at + timedelta(days=2)
        retain = Retention.model_validate({"text": "1h", "samples": "1d", "rollups": "30y"})
        for _ in Housekeeping(store=store, retain=retain).steps(now):
            if over.is_set():
                return
            time.sleep(PAUSE_S)

    return work


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(open_store(str(Path(folder) / "store.db"))) as store:
        began = time.perf_counter()
        filled(store, runs)
        print(f"{runs} runs stored in {time.perf_counter() - began:.0f} s, from {NOW:%Y-%m-%d}")
        while store.roll_up(most=500):
            pass  # beforehand, so that what is measured is pruning
        alone = saving(store, YOUNG)
        over = threading.Event()
        thread = threading.Thread(target=pruning(store, runs, over))
        thread.start()
        beside = saving(store, YOUNG + SAVED)
        over.set()
        thread.join()
        for name, took in (("alone", alone), ("while pruning", beside)):
            p50, p99, most = (np.quantile(took, share) * 1000 for share in (0.5, 0.99, 1.0))
            print(f"saving a run {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

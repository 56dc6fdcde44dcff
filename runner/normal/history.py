"""Stored runs from a decision on: nobody reads years to look at weeks. Feeds golden baselines, exports and diffs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from runner.store.base import Store, StoredObservation


def rows_after(store: Store, suite: str, endpoint: str, run_id: str | None) -> Iterator[StoredObservation]:
    """The runs that the judge saw after this one, in its order; all, where it is None.

    Raises:
        StoreError: the run is not stored for this suite and endpoint.
    """
    rows = store.observations(suite, endpoint, since_run=run_id)
    return rows if run_id is None else islice(rows, 1, None)

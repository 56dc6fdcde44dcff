"""What a store does for what is normal: decisions, baseline runs, who judged in them. Part of ``Store``.

Feeds ``base``; read by the acts on baselines, by pages, canaries and the judges of meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from checks.drift.result import StreamKey
from reports.consultation import CalibrationResult, Served
from reports.summary import BaselineView, Began

if TYPE_CHECKING:
    from runner.store.base import Asked, BaselineAct, Json


class BaselineStore(Protocol):
    """Every method may raise ``StoreError``."""

    def save_act(
        self, act: BaselineAct, streams: Mapping[StreamKey, Json], *, baseline_runs: Sequence[str] | None
    ) -> None:
        """Record a decision and replace all stream states of its suite and endpoint, in one transaction.

        ``baseline_runs``: ids of the runs that are now the baseline; None leaves the marks as they are. An id that
        is not stored for this suite and endpoint is a ``StoreError``, and nothing changes.
        """
        ...

    def acts(self, suite: str, endpoint: str) -> tuple[BaselineAct, ...]:
        """Decisions about the baseline, oldest first."""
        ...

    def began(self, suite: str, endpoint: str, run_ids: Collection[str]) -> Mapping[str, Began]:
        """When these runs began, and how many runs ago that is for the next run; unknown ids are left out."""
        ...

    def baseline(self, suite: str, endpoint: str, *, without_run: str = "") -> BaselineView | None:
        """Sample values, answers, documents and routes of the runs marked as baseline; None where there are none.

        ``without_run``: the id of a run that is left out, because it is what the baseline is to be compared with.

        Of each probe only samples of the request as the newest of these runs asked it.
        """
        ...

    def baseline_answers(self, suite: str, endpoint: str) -> Mapping[str, tuple[str, ...]]:
        """By probe: the answers of its baseline runs to the request as it was last asked there, repeats kept."""
        ...

    def requests(self, suite: str, endpoint: str) -> tuple[Asked, ...]:
        """Every request of every probe that was ever asked there, the one asked last at the end."""
        ...

    def judges(self, suite: str, endpoint: str) -> tuple[Served, ...]:
        """Who answered as judge in the baseline runs, the latest last."""
        ...

    def calibration(self, suite: str, endpoint: str) -> CalibrationResult | None:
        """The newest calibration that was really asked beside a run; None where there is none."""
        ...

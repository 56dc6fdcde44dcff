"""The calibration beside a run: whether it is due, what to ask, and what the verdicts say of the judge. Feeds
``consulting``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.check import CheckContext
from checks.inquiry import Inquiry, InquiryReply
from checks.judging.calibration import KnownVerdict, agreement, fingerprint_of
from reports.consultation import CalibrationResult
from runner.preparing.orders import RunOrder
from runner.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """The known verdicts of one run; empty where the suite has none or needs no judge this time."""

    known: tuple[KnownVerdict, ...] = ()
    endpoint: str = ""
    votes: int = 1
    tolerate: int = 0
    now: datetime
    asked: str = ""
    earlier: CalibrationResult | None = None
    """A result of an earlier run that is still good."""

    @classmethod
    def of(cls, order: RunOrder, store: Store, now: datetime, needed: bool) -> Calibrator:
        """What to calibrate in this run.

        Raises:
            StoreError: the latest calibration cannot be read.
        """
        judge, known = order.prepared.suite.judge, order.prepared.known
        if judge is None or judge.calibration is None or judge.endpoint is None or not (known and needed):
            return cls(now=now)
        made = cls(
            known=known,
            endpoint=judge.endpoint,
            votes=judge.votes,
            tolerate=judge.calibration.tolerate,
            now=now,
            asked=fingerprint_of(known, judge.votes),
        )
        last = store.calibration(order.prepared.suite.name, order.endpoint) if judge.calibration.every_s else None
        if last is None or last.unanswered or (last.endpoint, last.asked) != (made.endpoint, made.asked):
            return made
        good = timedelta(0) <= now - last.at < timedelta(seconds=judge.calibration.every_s or 0)
        return replace(made, earlier=replace(last, reused=True, tolerate=made.tolerate)) if good else made

    def questions(self) -> tuple[Inquiry, ...]:
        """What to ask in this run; nothing where an earlier result is still good."""
        if self.earlier is not None:
            return ()
        return tuple(inquiry for one in self.known for inquiry in one.questions(CheckContext(votes=self.votes)))

    def result(self, replies: Mapping[str, InquiryReply]) -> CalibrationResult | None:
        """What came of it; None where nothing is calibrated."""
        if self.earlier is not None or not self.known:
            return self.earlier
        found = agreement(self.known, replies, self.votes)
        return CalibrationResult(
            endpoint=self.endpoint,
            asked=self.asked,
            at=self.now,
            agree=found.agree,
            total=found.total,
            unanswered=found.unanswered,
            tolerate=self.tolerate,
            told=found.told,
        )

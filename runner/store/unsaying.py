"""What endpoints said of failures, forgotten with the texts of a run: class, status and our own words stay.

Feeds ``pruning``. A message quotes the body of an error, and with it whatever the endpoint puts there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from probes.failure import Failure, FailureClass
from reports.keeping.texts import unsaid
from runner.store.database import SqliteDatabase
from runner.store.rows import Row
from runner.store.sample_rows import ATTEMPTS

SAMPLES = """
    SELECT position, failure_class, failure_message, failure_status, attempts FROM samples
    WHERE run = ? AND (failure_message IS NOT NULL OR attempts IS NOT NULL)
"""
UNSAY = "UPDATE samples SET failure_message = ?, attempts = ? WHERE run = ? AND position = ?"
CONSULTATIONS = """
    SELECT position, failure_class, failure_message, failure_status FROM consultations
    WHERE run = ? AND failure_message IS NOT NULL
"""
UNSAY_ONE = "UPDATE consultations SET failure_message = ? WHERE run = ? AND position = ?"


def forget_messages(db: SqliteDatabase, run: int) -> None:
    """What endpoints and judges said of the failures of one run, in every attempt. The caller holds the transaction."""
    for row in db.read(SAMPLES, [run]):
        told: list[Any] = [_message(row), _attempts(row["attempts"])]
        if told != [row["failure_message"], row["attempts"]]:
            db.change(UNSAY, [*told, run, row["position"]])
    for row in db.read(CONSULTATIONS, [run]):
        if (message := _message(row)) != row["failure_message"]:
            db.change(UNSAY_ONE, [message, run, row["position"]])


def _message(row: Row) -> str | None:
    if row["failure_message"] is None:
        return None
    kind = FailureClass(row["failure_class"])
    return unsaid(Failure(kind=kind, message=row["failure_message"], status=row["failure_status"])).message


def _attempts(stored: str | None) -> str | None:
    if stored is None:
        return None
    attempts = ATTEMPTS.load(stored)
    return ATTEMPTS.dump(
        tuple(replace(one, failure=unsaid(one.failure)) if one.failure is not None else one for one in attempts)
    )

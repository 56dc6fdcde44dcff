"""What is forgotten and when, in SQLite: texts go sooner than numbers. Feeds ``sqlite``."""

from __future__ import annotations

from datetime import datetime

from runner.store.columns import instant_text
from runner.store.database import SqliteDatabase

WITH_AGE = (
    "DELETE FROM texts WHERE run IN (SELECT seq FROM runs WHERE texts_expired = 0 AND started_at < ?)",
    "DELETE FROM reasons WHERE run IN (SELECT seq FROM runs WHERE texts_expired = 0 AND started_at < ?)",
    "DELETE FROM consultation_texts WHERE run IN (SELECT seq FROM runs WHERE texts_expired = 0 AND started_at < ?)",
    """UPDATE calibrations SET told = '[]'
    WHERE told != '[]' AND run IN (SELECT seq FROM runs WHERE texts_expired = 0 AND started_at < ?)""",
    "UPDATE canaries SET told = NULL WHERE told IS NOT NULL AND started_at < ?",
    "DELETE FROM outbox WHERE state != 'waiting' AND created_at < ?",
)
MARK = "UPDATE runs SET texts_expired = 1 WHERE texts_expired = 0 AND started_at < ?"
# A conversation is shared by all runs that asked it: it goes when none of them has its texts left.
NO_LONGER_ASKED = """
    DELETE FROM conversations WHERE (suite, probe, request_hash) NOT IN (
        SELECT r.suite, p.probe, p.request_hash FROM runs AS r JOIN probes AS p ON p.run = r.seq
        WHERE r.texts_expired = 0
    )
"""


def expire_texts(db: SqliteDatabase, before: datetime) -> int:
    """Delete every prompt, answer, reason and settled notice of that age. The caller holds the transaction.

    Returns how many rows went.
    """
    cutoff = instant_text(before)
    gone = sum(db.change(statement, [cutoff]) for statement in WITH_AGE)
    if db.change(MARK, [cutoff]):
        gone += db.change(NO_LONGER_ASKED)
    return gone

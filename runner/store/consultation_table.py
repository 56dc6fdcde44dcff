"""What judges were asked and said, and their calibration, as rows and back; and what later runs ask of them.

Feeds ``run_tables``, ``run_reading`` and ``sqlite``.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from probes.failure import Failure, FailureClass
from probes.sample import TokenUsage
from reports.consultation import CalibrationResult, Consultation, Place, Served
from reports.summary import RunRecord
from runner.store.columns import Codec, from_json, instant, instant_text, real_number, to_json, whole_number
from runner.store.database import SqliteDatabase
from runner.store.rows import Row
from runner.store.sample_rows import TOKEN_COUNTS

PLACES = Codec(TypeAdapter(tuple[Place, ...]))
CONSULTATIONS = """
    SELECT c.*, t.text FROM consultations AS c
    LEFT JOIN consultation_texts AS t ON t.run = c.run AND t.position = c.position
    WHERE c.run = ? ORDER BY c.position
"""
SERVED = """
    SELECT c.endpoint, c.model, c.fingerprint, MAX(c.run) AS latest FROM runs AS r
    JOIN consultations AS c ON c.run = r.seq
    WHERE r.suite = ? AND r.endpoint = ? AND r.in_baseline = 1 AND c.kind = 'verdict' AND c.failure_class IS NULL
    GROUP BY c.endpoint, c.model, c.fingerprint ORDER BY latest, c.endpoint, c.model, c.fingerprint
"""
LATEST = """
    SELECT c.* FROM runs AS r JOIN calibrations AS c ON c.run = r.seq
    WHERE r.suite = ? AND r.endpoint = ? AND c.reused = 0 ORDER BY r.seq DESC LIMIT 1
"""


# ------------------------------------------------------------------------------------------------ saving
def save(db: SqliteDatabase, record: RunRecord, run: int) -> None:
    """Everything that was asked about a run. The caller holds the transaction."""
    asked = list(enumerate(record.consultations))
    db.insert_all("consultations", [_row(one, run, position) for position, one in asked])
    texts = [{"run": run, "position": at, "text": one.text} for at, one in asked if one.text is not None]
    db.insert_all("consultation_texts", texts)
    if record.calibration is not None:
        db.insert_all("calibrations", [_calibration_row(record.calibration, run)])


def _row(asked: Consultation, run: int, position: int) -> dict[str, Any]:
    failure = asked.failure
    return {
        "run": run,
        "position": position,
        "purpose": asked.purpose,
        "kind": asked.kind,
        "endpoint": asked.endpoint,
        "vote": asked.vote,
        "places": PLACES.dump(asked.places),
        "calibration": asked.calibration,
        "model": asked.model,
        "fingerprint": asked.fingerprint,
        **{name: whole_number(getattr(asked.usage, name)) for name in TOKEN_COUNTS},
        "cost_usd": real_number(asked.cost_usd),
        "total_s": real_number(asked.total_s),
        "verdict": asked.verdict,
        "failure_class": failure.kind.value if failure else None,
        "failure_message": failure.message if failure else None,
        "failure_status": failure.status if failure else None,
    }


def _calibration_row(result: CalibrationResult, run: int) -> dict[str, Any]:
    return {
        "run": run,
        "endpoint": result.endpoint,
        "asked": result.asked,
        "at": instant_text(result.at),
        "told": to_json(list(result.told)),
        "agree": result.agree,
        "total": result.total,
        "tolerate": result.tolerate,
        "unanswered": result.unanswered,
        "reused": result.reused,
    }


# ------------------------------------------------------------------------------------------------ reading
def of_run(db: SqliteDatabase, run: int) -> tuple[tuple[Consultation, ...], CalibrationResult | None]:
    """What was asked about one run, and the calibration beside it; texts None where they have expired."""
    found = db.read("SELECT * FROM calibrations WHERE run = ?", [run])
    asked = tuple(_consultation(row) for row in db.read(CONSULTATIONS, [run]))
    return asked, _result(found[0]) if found else None


def served(db: SqliteDatabase, suite: str, endpoint: str) -> tuple[Served, ...]:
    """Who answered as judge in the baseline runs, the latest last."""
    found = db.read(SERVED, [suite, endpoint])
    return tuple(
        Served(endpoint=row["endpoint"], model=row["model"] or "", fingerprint=row["fingerprint"] or "")
        for row in found
    )


def latest_calibration(db: SqliteDatabase, suite: str, endpoint: str) -> CalibrationResult | None:
    """The newest calibration that was really asked."""
    found = db.read(LATEST, [suite, endpoint])
    return _result(found[0]) if found else None


def _consultation(row: Row) -> Consultation:
    failure = None
    if row["failure_class"] is not None:
        failure = Failure(
            kind=FailureClass(row["failure_class"]), message=row["failure_message"], status=row["failure_status"]
        )
    return Consultation(
        purpose=row["purpose"],
        kind=row["kind"],
        endpoint=row["endpoint"],
        vote=row["vote"],
        places=PLACES.load(row["places"]),
        calibration=bool(row["calibration"]),
        model=row["model"],
        fingerprint=row["fingerprint"],
        usage=TokenUsage(**{name: row[name] for name in TOKEN_COUNTS}),
        cost_usd=row["cost_usd"],
        total_s=row["total_s"],
        verdict=row["verdict"],
        text=row["text"],
        failure=failure,
    )


def _result(row: Row) -> CalibrationResult:
    return CalibrationResult(
        endpoint=row["endpoint"],
        asked=row["asked"],
        at=instant(row["at"]),
        agree=row["agree"],
        total=row["total"],
        tolerate=row["tolerate"],
        unanswered=row["unanswered"],
        told=tuple(from_json(row["told"])),
        reused=bool(row["reused"]),
    )

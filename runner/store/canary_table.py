"""Canaries in SQLite: each record whole, with what quotes answers apart, so that it can go sooner. Feeds ``sqlite``.

The pairs are kept as the judge saw them, so that a verdict can be computed again.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter

from checks.canary.verdict import BrokenContract
from reports.canary.record import CanaryRecord, Example
from runner.store.columns import Codec, from_json, in_utc, instant_text, to_json
from runner.store.database import SqliteDatabase
from runner.store.rows import Row

RECORDS = Codec(TypeAdapter(CanaryRecord))
EXAMPLES = Codec(TypeAdapter(tuple[Example, ...]))
ONE = "SELECT * FROM canaries WHERE canary_id = ?"
NEWEST = "SELECT * FROM canaries WHERE suite = ? ORDER BY seq DESC LIMIT ?"


def save(db: SqliteDatabase, record: CanaryRecord) -> None:
    """Write a canary. The caller holds the transaction."""
    broken = tuple(replace(one, reason="") for one in record.result.broken)
    both = tuple(replace(one, reason="") for one in record.broken_on_both)
    told = {
        "both": [one.reason for one in record.broken_on_both],
        "examples": EXAMPLES.plain(record.examples),
        "broken": [one.reason for one in record.result.broken],
    }
    row = {
        "canary_id": record.canary_id,
        "suite": record.suite,
        "started_at": instant_text(record.started_at),
        "verdict": record.result.verdict.value,
        "record": RECORDS.dump(
            replace(record, examples=(), broken_on_both=both, result=replace(record.result, broken=broken))
        ),
        "told": to_json(told),
    }
    db.insert_all("canaries", [row])


def one(db: SqliteDatabase, canary_id: str) -> CanaryRecord | None:
    """A canary by its id."""
    rows = db.read(ONE, [canary_id])
    return _record(rows[0]) if rows else None


def newest(db: SqliteDatabase, suite: str, limit: int) -> tuple[CanaryRecord, ...]:
    """The newest canaries of a suite, newest first."""
    return tuple(map(_record, db.read(NEWEST, [suite, limit])))


def _record(row: Row) -> CanaryRecord:
    record = in_utc(RECORDS.load(row["record"]))
    if row["told"] is None:
        return record
    told = from_json(row["told"])
    return replace(
        record,
        examples=EXAMPLES.build(told["examples"]),
        broken_on_both=_with(record.broken_on_both, told["both"]),
        result=replace(record.result, broken=_with(record.result.broken, told["broken"])),
    )


def _with(contracts: tuple[BrokenContract, ...], reasons: list[str]) -> tuple[BrokenContract, ...]:
    return tuple(replace(one, reason=reason) for one, reason in zip(contracts, reasons, strict=True))

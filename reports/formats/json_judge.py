"""What judges and embeddings were asked about a run, as a part of its JSON. Feeds ``json_format``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports import tally
from reports.consultation import CalibrationResult, Consultation, unanswered
from reports.summary import RunRecord

_USAGE = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")


def judge_object(record: RunRecord) -> dict[str, Any] | None:
    """The entry ``judge`` of a run; None where nobody was asked."""
    asked = record.consultations
    if not asked and record.calibration is None:
        return None
    return {
        "endpoints": _names(one.endpoint for one in asked),
        "models": _names(one.model for one in asked),
        "fingerprints": _names(one.fingerprint for one in asked),
        "asked": len(asked),
        "unanswered": len(unanswered(asked)),
        "cost_usd": tally.cost_usd(asked),
        "usage": {field: _sum(asked, field) for field in _USAGE},
        "calibration": record.calibration and _calibration(record.calibration),
    }


def _names(values: Any) -> list[str]:
    return sorted({value for value in values if value})


def _sum(asked: Sequence[Consultation], field: str) -> int | None:
    said = [value for one in asked if (value := getattr(one.usage, field)) is not None]
    return sum(said) if said else None


def _calibration(result: CalibrationResult) -> dict[str, Any]:
    return {
        "endpoint": result.endpoint,
        "at": result.at.isoformat().replace("+00:00", "Z"),
        "agree": result.agree,
        "total": result.total,
        "tolerate": result.tolerate,
        "unanswered": result.unanswered,
        "moved": result.moved,
        "reused": result.reused,
        "differing": list(result.told),
    }

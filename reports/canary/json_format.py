"""A canary as the one JSON object ``holdfast.canary/1``. Feeds scripts and CI steps.

Its schema is docs/canary.schema.json.
"""

from __future__ import annotations

from typing import Any

from checks.canary.verdict import DimensionVerdict
from reports.canary import wording
from reports.canary.record import CanaryRecord
from reports.formats.json_format import json_text

SCHEMA = "holdfast.canary/1"


def render(record: CanaryRecord) -> str:
    """One object and nothing else, pure ASCII; every key is always there."""
    return json_text(canary_object(record))


def canary_object(record: CanaryRecord) -> dict[str, Any]:
    """The object."""
    return {
        "schema": SCHEMA,
        "canary_id": record.canary_id,
        "suite": record.suite,
        "production": record.production,
        "candidate": record.candidate,
        "started_at": record.started_at.isoformat().replace("+00:00", "Z"),
        "duration_s": record.duration_s,
        "verdict": record.result.verdict.value,
        "exit_code": record.exit_code,
        "reason": wording.reason(record),
        "ended": record.ended,
        "pairs": record.result.pairs,
        "evidence_needed": {"fail": record.plan.ln_fail, "pass": record.plan.ln_pass},
        "dimensions": [_dimension(told) for told in record.result.dimensions],
        "broken_contracts": [
            {
                "probe": broken.probe,
                "check": broken.check,
                "argument": broken.argument,
                "reason": broken.reason,
                "pair": broken.pair,
            }
            for broken in record.result.broken
        ],
        "broken_on_both": [
            {"probe": one.probe, "check": one.check, "argument": one.argument, "reason": one.reason}
            for one in record.broken_on_both
        ],
        "cost_usd": record.cost_usd,
        "usage": {
            "input_tokens": record.usage.input_tokens,
            "cached_input_tokens": record.usage.cached_input_tokens,
            "output_tokens": record.usage.output_tokens,
            "reasoning_tokens": record.usage.reasoning_tokens,
        },
        "note": record.note,
    }


def _dimension(told: DimensionVerdict) -> dict[str, Any]:
    return {
        "dimension": told.dimension,
        "verdict": told.verdict.value,
        "judged": not told.silent,
        "evidence_fail": told.evidence_fail,
        "evidence_pass": told.evidence_pass,
        "effect": told.effect.to_json() if told.effect else None,
        "pairs": told.pairs,
        "pairs_needed": told.pairs_needed,
        "reason": told.reason,
    }

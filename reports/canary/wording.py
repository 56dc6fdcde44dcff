"""A canary in words that all its formats share. Pure."""

from __future__ import annotations

import math

from checks.canary.dimensions import DIMENSIONS
from checks.canary.verdict import CanaryVerdict, DimensionVerdict
from reports import wording
from reports.canary.record import CanaryRecord

MARKS = {CanaryVerdict.PASS: "\u2713", CanaryVerdict.FAIL: "\u2717", CanaryVerdict.INCONCLUSIVE: "?"}


def headline(record: CanaryRecord) -> str:
    """``candidate against production of support-bot``."""
    return f"{record.candidate} against {record.production} of {record.suite}"


def reason(record: CanaryRecord) -> str:
    """Why this verdict, beginning with a capital or the name of a dimension."""
    told = record.result.reason
    if record.result.verdict is CanaryVerdict.INCONCLUSIVE:
        told = f"{told}; {record.ended}" if told else record.ended
    return told if told.partition(":")[0] in DIMENSIONS else told[:1].upper() + told[1:]


def facts(record: CanaryRecord) -> list[str]:
    """What it took."""
    cost = "cost unknown" if record.cost_usd is None else f"{record.cost_usd:.4f} US dollars"
    return [
        f"canary {record.canary_id}",
        wording.instant(record.started_at),
        f"took {wording.seconds(record.duration_s)}",
        wording.count(record.result.pairs, "pair"),
        cost,
    ]


def broken_words(record: CanaryRecord) -> str:
    """Which contracts neither side keeps, in one line; empty where there are none."""
    told = [f"{one.check} of {one.probe}" for one in record.broken_on_both]
    if not told:
        return ""
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return f"broken on both sides, so not the candidate's fault: {', '.join(told[:3])}{more}"


def evidence_words(told: DimensionVerdict, record: CanaryRecord) -> str:
    """How far a dimension has come, as shares of what each verdict takes."""
    if told.silent:
        return "\u2013"
    fail, passed = told.evidence_fail / record.plan.ln_fail, told.evidence_pass / record.plan.ln_pass
    return f"fail {_share(fail)}, pass {_share(passed)}"


def _share(part: float) -> str:
    return f"{100 * min(max(part, 0.0), 1.0):.0f} %"


def odds(ln_evidence: float) -> str:
    """Evidence as people say it: ``20 to 1``."""
    return f"{math.exp(min(ln_evidence, 50.0)):,.0f} to 1"

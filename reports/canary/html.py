"""A canary as one HTML file that opens offline: verdict, dimensions, broken contracts, answers side by side.

Nothing is loaded and nothing runs; every text of an endpoint passes the same escaping as in reports of runs. Feeds
people who decide about a deploy.
"""

from __future__ import annotations

from datetime import datetime

from checks.canary.verdict import CanaryVerdict
from reports.canary import pictures, wording
from reports.canary.record import CanaryRecord
from reports.evidence import answer_diff
from reports.formats.html import page_environment

_TONES = {
    CanaryVerdict.PASS: "health-healthy",
    CanaryVerdict.FAIL: "health-failing",
    CanaryVerdict.INCONCLUSIVE: "health-unknown",
}
_STATES = {
    CanaryVerdict.PASS: "state-quiet",
    CanaryVerdict.FAIL: "state-alarm",
    CanaryVerdict.INCONCLUSIVE: "state-collecting",
}


def render(record: CanaryRecord, *, generated_at: datetime, version: str) -> str:
    """The page; ``generated_at`` is an aware UTC instant."""
    return (
        page_environment()
        .get_template("canary.html.j2")
        .render(
            record=record,
            tone=_TONES[record.result.verdict],
            mark=wording.MARKS[record.result.verdict],
            reason=wording.reason(record),
            facts=wording.facts(record),
            broken=wording.broken_words(record)[:1].upper() + wording.broken_words(record)[1:],
            rows=[
                {
                    "told": told,
                    "state": _STATES[told.verdict],
                    "words": "not judged" if told.silent else told.verdict.value,
                    "growth": pictures.growth(told, record),
                    "interval": pictures.interval(told, record),
                    "dimension": record.plan.dimension(told.dimension),
                }
                for told in record.result.dimensions
            ],
            examples=[
                (example, answer_diff.diff_answers(example.production, example.candidate))
                for example in record.examples
            ],
            generated_at=generated_at,
            version=version,
        )
    )

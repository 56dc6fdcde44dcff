"""Cohorts as rows: cells in words for text, Markdown and HTML, objects for JSON. Feeds the formats.

Cells hold names of labels as they came: escape them for the channel like hostile text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from checks.verdict import Health
from reports import wording
from reports.cohorts.cohorts import Cohort, Kept, cohorts
from reports.summary import ProbeNormal, Report, RunRecord

ROWS = 12
"""Cohorts a summary shows; of more only those that are clearly worse than the rest."""
PAGE_ROWS = 200
"""Cohorts a page shows."""
HEAD = ("", "label", "passed", "others", "contracts", "tracked", "failed", "total", "tokens out", "cost")
_DASH = "\u2013"


def told(record: RunRecord) -> tuple[Sequence[Cohort], int]:
    """The cohorts for a summary, and how many it leaves out."""
    every = cohorts(record)
    shown = every if len(every) <= ROWS else [cohort for cohort in every if cohort.cut.worse][:ROWS]
    return shown, len(every) - len(shown)


def untold_words(more: int) -> str:
    """What is said of the cohorts a summary leaves out."""
    return f"and {wording.count(more, 'more label')} of the suite; all are in the report and in the JSON"


def cells(cohort: Cohort) -> tuple[str, ...]:
    """One row below ``HEAD``."""
    cut = cohort.cut
    return (
        wording.HEALTH_MARKS[Health.FAILING if cut.worse else cohort.health],
        cut.name + (" (clearly worse)" if cut.worse else ""),
        str(cut.well),
        str(cut.others),
        _kept(cohort.contracts),
        _kept(cohort.tracked),
        str(cohort.failures),
        wording.seconds(cohort.total_s),
        number(cohort.output_tokens),
        wording.dollars(cohort.cost_usd),
    )


def _kept(kept: Kept) -> str:
    return str(kept) if kept.total else _DASH


def number(value: float | None) -> str:
    """``12`` or ``12.5``; a dash where nothing was measured."""
    return _DASH if value is None else f"{value:g}"


def json_object(cohort: Cohort) -> dict[str, Any]:
    """One entry of ``cohorts``; times are seconds and medians, money US dollars."""
    return {
        "label": cohort.cut.label,
        "value": cohort.cut.value,
        "health": cohort.health.value,
        "worse": cohort.cut.worse,
        "chance": cohort.cut.chance,
        "probes": len(cohort.cut.probes),
        "samples": cohort.samples,
        **{
            field: {"passed": kept.passed, "total": kept.total}
            for field, kept in (
                ("probes_passed", cohort.cut.well),
                ("others_passed", cohort.cut.others),
                ("contracts", cohort.contracts),
                ("tracked", cohort.tracked),
            )
        },
        "failures": cohort.failures,
        "refusals": cohort.refusals,
        "first_token_s": cohort.first_token_s,
        "total_s": cohort.total_s,
        "output_tokens": cohort.output_tokens,
        "cost_usd": cohort.cost_usd,
    }


# ------------------------------------------------------------------------------------------------ now against normal
@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """One cohort beside what its probes did in the baseline, where that is known."""

    cohort: Cohort
    well_before: str
    """How many of its probes passed, each counted once a run; empty where nothing is known."""
    first_token_before_s: float | None = None
    total_before_s: float | None = None
    output_tokens_before: float | None = None


def page_rows(report: Report) -> tuple[tuple[CohortRow, ...], int]:
    """Rows of a page, clearly worse ones first, and how many it leaves out."""
    every = cohorts(report.run)
    normal = report.baseline.probes if report.baseline is not None else {}
    rows = [_row(c, [normal[p.probe] for p in c.cut.probes if p.probe in normal]) for c in every[:PAGE_ROWS]]
    return tuple(rows), len(every) - len(rows)


def _row(cohort: Cohort, normal: Sequence[ProbeNormal]) -> CohortRow:
    before = Kept(passed=sum(probe.well for probe in normal), total=sum(probe.runs for probe in normal))
    return CohortRow(
        cohort=cohort,
        well_before=f"{before}, {before.share:.0%}" if before.total else "",
        first_token_before_s=_middle(probe.first_token_s for probe in normal),
        total_before_s=_middle(probe.total_s for probe in normal),
        output_tokens_before=_middle(probe.output_tokens for probe in normal),
    )


def _middle(values: Iterable[Sequence[float]]) -> float | None:
    every = [value for some in values for value in some]
    return median(every) if every else None

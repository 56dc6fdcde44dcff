"""Runs as a short Markdown summary. Feeds pull requests and CI job pages.

Names and reasons stand in code spans and tables: whatever an endpoint wrote, no markup, mention, reference or link
of its comes alive (GitHub Flavored Markdown 0.29).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.drift.result import StreamResult
from checks.finding import Finding, Status
from probes.failure import SENTENCES
from probes.sample import Sample
from reports import tally, verdict_words, wording
from reports.attribution import faults
from reports.cohorts import tables as cohort_tables
from reports.escaping import markdown_code, markdown_prose
from reports.evidence import marks
from reports.next_steps import NextStep, next_steps
from reports.summary import RunRecord

_ROWS = 20
"""Rows a table at most: a pull request wants a summary."""


def render(records: Sequence[RunRecord], *, exit_code: int) -> str:
    """One section a run, the verdict first."""
    parts = ["\n".join(_section(record)) for record in records] or ["No run took place."]
    return "\n\n".join([*parts, f"Exit code {exit_code}."]) + "\n"


def _section(record: RunRecord) -> Iterator[str]:
    word = f"{wording.HEALTH_MARKS[record.health]} {record.health.value.upper()}"
    yield f"### {word}: {markdown_code(record.suite)} at {markdown_code(record.endpoint)}"
    yield ""
    reason = verdict_words.verdict_reason(record)
    yield markdown_prose(reason[:1].upper() + reason[1:]) + "."
    if withheld := verdict_words.withheld_words(record):
        yield ""
        yield markdown_prose(withheld[:1].upper() + withheld[1:]) + "."
    if broke := faults.words(faults.of_run(record)):
        yield ""
        yield f"What broke: {markdown_prose(broke)}."
    checks = [_check(finding, record.samples) for finding in _telling(record)]
    yield from _table(("", "label", "probes passed", "all others", "total", "cost"), _cohorts(record))
    yield from _table(("check", "probe", "passed", "class", "why"), checks)
    yield from _table(
        ("stream", "state", "score", "moved by", "since"),
        [_stream(record, *told) for told in tally.folded(tally.risen(record))],
    )
    yield from _table(("failure", "times", "meaning", "for example"), _failures(record))
    yield ""
    facts = [
        wording.instant(record.started_at),
        wording.count(len(record.probes), "probe"),
        wording.count(len(record.samples), "sample"),
        wording.calm_words(record),
        wording.cost_words(record.charged),
    ]
    yield f"Run {markdown_code(record.run_id)}: {markdown_prose(', '.join(facts))}."
    if sticky := wording.sticky_words(record):
        yield ""
        yield markdown_prose(sticky[:1].upper() + sticky[1:]) + "."
    steps = next_steps(record)
    if steps:
        yield ""
        yield from (f"- {_step(step)}" for step in steps)


def _step(step: NextStep) -> str:
    return f"{step.words} {markdown_code(step.command, 400)}" if step.command else step.words


def _telling(record: RunRecord) -> list[Finding]:
    return [finding for finding in tally.findings(record) if finding.status in (Status.FAIL, Status.ERROR)]


def _check(finding: Finding, samples: Sequence[Sample]) -> tuple[str, ...]:
    name = f"{finding.label} {finding.argument}".strip()
    place = marks.excerpt_of(finding, samples)
    mark = wording.STATUS_MARKS[finding.status] if finding.mode == "contract" else "tracked"
    return (
        f"{mark} {markdown_code(name, 80)}",
        markdown_code(finding.probe, 80),
        f"{finding.passed} of {finding.total}",
        finding.fault or "\u2013",
        markdown_code(finding.reason, 160) + (f" at {markdown_code(place.plain, 200)}" if place else ""),
    )


def _cohorts(record: RunRecord) -> list[tuple[str, ...]]:
    rows = [cohort_tables.cells(cohort) for cohort in cohort_tables.told(record)[0]]
    return [(row[0], markdown_code(row[1], 80), row[2], row[3], row[7], row[9]) for row in rows]


def _stream(record: RunRecord, result: StreamResult, probes: Sequence[str]) -> tuple[str, ...]:
    where = f"in {', '.join(markdown_code(name, 60) for name in probes[:6])}" if probes else ""
    moved = " ".join(filter(None, (wording.moved_words(result), where)))
    since = wording.since_words(record, result)
    return (
        markdown_code(str(result.key)),
        result.state.value,
        wording.score_words(result.score),
        moved or "\u2013",
        markdown_code(since) if since else "\u2013",
    )


def _failures(record: RunRecord) -> list[tuple[str, ...]]:
    return [
        (faults.of_failure(entry.kind), str(entry.count), SENTENCES[entry.kind], markdown_code(entry.message, 120))
        for entry in tally.failures(record.samples)
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows[:_ROWS])
    if len(rows) > _ROWS:
        yield ""
        yield f"... and {len(rows) - _ROWS} more."


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

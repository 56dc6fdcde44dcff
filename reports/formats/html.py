"""One run against its baseline as one HTML file that opens offline. Feeds on-call people, tickets and the daemon.

Nothing is loaded from anywhere: style and pictures are inline, there is no script, and the page's own content
security policy forbids both. Every value that a template prints passes ``escaping.visible`` first and is HTML-escaped
after, so that no answer can act.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from statistics import median

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from checks.drift.result import SUITE_SCOPE, StreamKey, StreamState
from probes.duration import format_duration
from probes.failure import SENTENCES
from probes.fault import FAULT_OF_FAILURE, FAULT_SENTENCES
from probes.sample import Sample
from reports import tally, verdict_words, wording
from reports.attribution import faults
from reports.attribution.causes import cause_words, causes
from reports.cohorts import tables as cohort_tables
from reports.consultation import verdicts
from reports.escaping import one_line, visible, web_link
from reports.evidence import evidence, marks, retrieval, scripts
from reports.folding import shown_probes, untold_probes
from reports.next_steps import next_steps
from reports.summary import AlertView, ProbeRecord, Report

_SAMPLES_LISTED = 120
_PROBES_LISTED = 300
_STREAMS_LISTED = 600


def render_report(report: Report, *, generated_at: datetime, version: str) -> str:
    """The page.

    Args:
        report: The run with its baseline and history.
        generated_at: Aware UTC instant that the page names as its birth.
        version: Version of Holdfast that made it.
    """
    run, reason = report.run, verdict_words.verdict_reason(report.run)
    listed = tally.worst_first(run.drift)
    pooled = [result for result in listed if _pooled(result.key)]
    single = [result for result in listed if not _pooled(result.key)][:_STREAMS_LISTED]
    rows = {result.key: evidence.stream_row(report, result) for result in (*pooled, *single)}
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            run=run,
            reason=one_line(f"{reason[:1].upper()}{reason[1:]}", 600),
            steps=next_steps(run, on_its_page=True),
            moved=[evidence.stream_row(report, result, probes) for result, probes in tally.folded(tally.risen(run))],
            causes=[cause_words(cause) for cause in causes(run) if cause.speaks],
            judged=any(result.state is not StreamState.COLLECTING for result in run.drift),
            pooled=[row for key, row in rows.items() if _pooled(key)],
            single=[row for key, row in rows.items() if not _pooled(key)],
            singles=sum(not _pooled(result.key) for result in run.drift),
            probes=shown_probes(run.probes, _PROBES_LISTED),
            untold=untold_probes(run.probes, _PROBES_LISTED),
            pictures=evidence.pictures(report),
            answers=evidence.changed_answers(report),
            conversations=scripts.conversations(run),
            retrieved=retrieval.retrieved(report),
            failures=tally.failures(run.samples),
            cohorts=cohort_tables.page_rows(report),
            broke=faults.of_run(run),
            withheld=verdict_words.withheld_words(run),
            runbook=web_link(report.owner.runbook),
            samples=run.samples[:_SAMPLES_LISTED],
            generated_at=generated_at,
            version=version,
        )
    )


def _pooled(key: StreamKey) -> bool:
    """Over the whole suite, or over all probes with a label."""
    return key.scope == SUITE_SCOPE or key.of_label


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One suite at one endpoint in the daemon's list."""

    suite: str
    endpoint: str
    health: str
    """Empty before the first run."""
    started_at: datetime | None
    alerts: tuple[AlertView, ...] = ()
    """Incidents that are open now."""
    maintenance: str = ""
    """Why the newest run was made in a maintenance window; empty where it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEntry:
    """One suite file in the daemon's list whose newest version cannot be used."""

    file: str
    problems: tuple[str, ...]
    instead: str
    """The suite whose version before goes on running; empty where none ran."""
    going_on: int = 0
    """Where no file is there at all: how many suites go on as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTop:
    """How the daemon itself is, at the top of its list."""

    as_of: datetime
    """When the list was made."""
    reasons: tuple[str, ...] = ()
    """What makes ``/healthz`` red, one line each."""
    notes: tuple[str, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    """Open incidents of the installation, not of a suite."""


def render_index(
    entries: Sequence[IndexEntry],
    *,
    version: str,
    refused: Sequence[RefusedEntry] = (),
    top: IndexTop | None = None,
) -> str:
    """The daemon's front page: how it is, then every suite with its present health and a link to its report."""
    page = page_environment().get_template("index.html.j2")
    return page.render(entries=entries, version=version, refused=refused, top=top)


def _ago(at: datetime, now: datetime) -> str:
    return f"{format_duration(max(0.0, (now - at).total_seconds()))} ago"


def _neutral(value: object) -> object:
    """What a template prints, before escaping: markup of ours as it is, all else without anything that acts."""
    if value is None:
        return "\u2013"
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _middle(probe: ProbeRecord, part: str, field: str) -> float | None:
    values = [value for s in probe.samples if (value := getattr(getattr(s, part), field)) is not None]
    return median(values) if values else None


def _served_by(samples: tuple[Sample, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for sample in samples:
        if sample.failure is None:
            counts[sample.route.key] = counts.get(sample.route.key, 0) + 1
    return counts


@cache
def page_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_neutral,
    )
    environment.filters.update(
        instant=wording.instant,
        seconds=wording.seconds,
        number=cohort_tables.number,
        dollars=wording.dollars,
        count=wording.count,
        line=one_line,
        ago=_ago,
    )
    environment.globals.update(
        HEALTH_MARKS=wording.HEALTH_MARKS,
        STATUS_MARKS=wording.STATUS_MARKS,
        SENTENCES=SENTENCES,
        FAULT_OF_FAILURE=FAULT_OF_FAILURE,
        FAULT_SENTENCES=FAULT_SENTENCES,
        calm_words=wording.calm_words,
        decision_words=wording.decision_words,
        cost_words=wording.cost_words,
        sticky_words=wording.sticky_words,
        verdicts=verdicts,
        tokens_words=wording.tokens_words,
        requests=tally.requests,
        failed=tally.failed,
        excerpt_of=marks.excerpt_of,
        DOCUMENTS_SHOWN=retrieval.DOCUMENTS_SHOWN,
        middle=_middle,
        served_by=_served_by,
    )
    return environment

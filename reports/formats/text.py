"""Runs for people at a terminal: the verdict first, then why, then what to do. Colour is never the message.

All foreign text passes ``escaping`` and is put into Rich ``Text`` objects, so neither control sequences nor Rich's
own markup in an answer are ever interpreted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.drift.result import StreamState
from checks.finding import Finding, Status
from checks.verdict import Health
from probes.failure import SENTENCES
from probes.sample import Sample
from reports import tally, verdict_words, wording
from reports.attribution import faults
from reports.cohorts import tables as cohort_tables
from reports.console import command, plain_table, printed
from reports.escaping import one_line
from reports.evidence import marks
from reports.folding import shown_probes, untold_probes
from reports.next_steps import NextStep, next_steps
from reports.summary import ProbeRecord, RunRecord

_HEALTH_STYLES = {
    Health.HEALTHY: "bold green",
    Health.DEGRADED: "bold yellow",
    Health.FAILING: "bold red",
    Health.UNKNOWN: "bold magenta",
}
_STATE_STYLES = {StreamState.ALARM: "bold red", StreamState.WARN: "yellow", StreamState.WATCH: "cyan"}
_INDENT = (0, 0, 0, 2)
PROBES_SHOWN = 60
"""A longer table of probes tells those that are not healthy first, and how many are left out."""
CHECKS_SHOWN = 60
_DASH = "\u2013"


def render(records: Sequence[RunRecord], *, exit_code: int, colour: bool = False, width: int = 100) -> str:
    """The runs as lines of at most ``width`` columns, plain unless ``colour`` asks for ANSI sequences.

    Of several rounds of a suite at an endpoint the last is told whole, the earlier ones in a line each.
    """
    return printed(_told(records, exit_code), colour=colour, width=width)


def _told(records: Sequence[RunRecord], exit_code: int) -> Iterator[RenderableType]:
    last = {(record.suite, record.endpoint): record for record in records}
    for record in records:
        if record is not last[record.suite, record.endpoint]:
            yield Padding(_line(record), 0)  # a bare text would lose that it must not wrap
            continue
        yield from _parts(record)
        yield Text()
    if not records:
        yield Text("No run took place.")
    if len(records) > 1 or exit_code:
        yield Text(f"Exit code {exit_code}", style="dim")


def _line(record: RunRecord) -> Text:
    """An earlier round of several, in one line: the last one is told whole."""
    return Text.assemble(
        (f"{wording.HEALTH_MARKS[record.health]} {record.health.value.upper():<8}", _HEALTH_STYLES[record.health]),
        f"  {one_line(record.suite)} at {one_line(record.endpoint)}, run {one_line(record.run_id)}: ",
        one_line(verdict_words.verdict_reason(record), 200),
        no_wrap=True,
        overflow="ellipsis",
    )


def _parts(record: RunRecord) -> Iterator[RenderableType]:
    style = _HEALTH_STYLES[record.health]
    yield Text.assemble(
        (f"{wording.HEALTH_MARKS[record.health]} {record.health.value.upper()}", style),
        f"  {one_line(record.suite)} at {one_line(record.endpoint)}",
    )
    yield Padding(Text(one_line(verdict_words.verdict_reason(record), 500)), _INDENT)
    yield Padding(Text(_facts(record), style="dim"), _INDENT)
    if withheld := verdict_words.withheld_words(record):
        yield Padding(Text(withheld), _INDENT)
    if broke := faults.words(faults.of_run(record)):
        yield Padding(Text(f"what broke: {broke}"), _INDENT)
    yield Text()
    yield Padding(_probes(record.probes), _INDENT)
    if untold := untold_probes(record.probes, PROBES_SHOWN):
        yield Padding(Text(untold, style="dim"), _INDENT)
    yield from _titled("By label", *_cohorts(record))
    yield from _titled("Checks", *_checks(tally.findings(record), record.samples))
    yield from _titled("Drift", _drift(record), *_calm(record))
    yield from _titled("Failed requests", _failures(record.samples))
    yield from _titled("Alerts", _alerts(record))
    yield from _titled("Next", *(line for step in next_steps(record) for line in _step(step)))


def _step(step: NextStep) -> Iterator[RenderableType]:
    yield Text(step.words)
    if step.command:
        yield command(step.command, indent=6, style="bold")


def _facts(record: RunRecord) -> str:
    return " \u00b7 ".join(
        filter(
            None,
            (
                f"run {one_line(record.run_id)}",
                wording.instant(record.started_at),
                f"took {wording.seconds(record.duration_s)}",
                wording.count(tally.requests(record.samples), "request"),
                wording.tokens_words(record.samples),
                wording.cost_words(record.charged),
            ),
        )
    )


def _titled(title: str, *parts: RenderableType | None) -> Iterator[RenderableType]:
    told = [part for part in parts if part is not None]
    if told:
        yield Text()
        yield Text(title, style="bold")
        yield from (part if isinstance(part, Group) else Padding(part, _INDENT) for part in told)


def _median(samples: Sequence[Sample], field: str) -> str:
    values = [value for sample in samples if (value := getattr(sample.timing, field)) is not None]
    return wording.seconds(median(values)) if values else _DASH


def _probes(probes: Sequence[ProbeRecord]) -> Table:
    table = plain_table("", "probe", "answered", "checks kept", "first token", "total")
    for probe in shown_probes(probes, PROBES_SHOWN):
        answered = len(probe.samples) - len(tally.failed(probe.samples))
        judged = [finding for finding in probe.findings if finding.status is not Status.SKIPPED]
        kept = sum(1 for finding in judged if finding.status is Status.PASS)
        table.add_row(
            Text(wording.HEALTH_MARKS[probe.health], style=_HEALTH_STYLES[probe.health]),
            Text(one_line(probe.probe, 60)),
            Text(f"{answered} of {len(probe.samples)}"),
            Text(f"{kept} of {len(judged)}" if judged else _DASH),
            Text(_median(probe.samples, "first_token_s")),
            Text(_median(probe.samples, "total_s")),
        )
    return table


def _cohorts(record: RunRecord) -> Iterator[RenderableType]:
    shown, more = cohort_tables.told(record)
    table = plain_table(*cohort_tables.HEAD)
    for cohort in shown:
        style = _HEALTH_STYLES[Health.FAILING if cohort.cut.worse else cohort.health]
        mark, *words = cohort_tables.cells(cohort)
        table.add_row(Text(mark, style=style), *(Text(one_line(word, 60)) for word in words))
    if shown:
        yield table
        if more:
            yield Text(cohort_tables.untold_words(more), style="dim")


def _checks(findings: Sequence[Finding], samples: Sequence[Sample]) -> Iterator[RenderableType]:
    telling = [finding for finding in findings if finding.status in (Status.FAIL, Status.ERROR)]
    table = plain_table("", "check", "probe", "passed", "class", "why")
    for finding in telling[:CHECKS_SHOWN]:
        name = one_line(f"{finding.label} {finding.argument}", 60)
        tracked = " (tracked)" if finding.mode == "tracked" else ""
        style = _HEALTH_STYLES[Health.FAILING if finding.status is Status.FAIL and not tracked else Health.DEGRADED]
        table.add_row(
            Text(wording.STATUS_MARKS[finding.status], style=style),
            Text(name + tracked),
            Text(one_line(finding.probe, 60)),
            Text(f"{finding.passed} of {finding.total}"),
            Text(finding.fault or _DASH),
            _why(finding, samples),
        )
    if telling:
        yield table
    if (more := len(telling) - CHECKS_SHOWN) > 0:
        yield Text(f"and {wording.count(more, 'more check')}; every one is in the JSON", style="dim")


def _why(finding: Finding, samples: Sequence[Sample]) -> Text:
    """The reason, and below it the place in the answer, between guillemets and, where there is colour, underlined."""
    place, reason = marks.excerpt_of(finding, samples), one_line(finding.reason, 300)
    if place is None:
        return Text(reason)
    marked = (f"\u00bb{place.marked}\u00ab", "underline")
    return Text.assemble(f"{reason}\n", (place.before, "dim"), marked, (place.after, "dim"))


def _calm(record: RunRecord) -> Iterator[Text]:
    yield Text(wording.calm_words(record), style="dim")
    if sticky := wording.sticky_words(record):
        yield Text(sticky, style="dim")


def _drift(record: RunRecord) -> Table | None:
    risen = tally.folded(tally.risen(record))
    table = plain_table("stream", "state", "score", "moved by", "since")
    for result, probes in risen:
        words = (wording.moved_words(result), wording.names_words([one_line(name, 40) for name in probes]))
        table.add_row(
            Text(one_line(str(result.key), 80)),
            Text(result.state.value, style=_STATE_STYLES[result.state]),
            Text(wording.score_words(result.score)),
            Text(" ".join(filter(None, words)) or _DASH),
            Text(one_line(wording.since_words(record, result) or _DASH, 40)),
        )
    return table if risen else None


def _failures(samples: Sequence[Sample]) -> Table | None:
    failures = tally.failures(samples)
    table = plain_table("times", "class", "meaning", "for example")
    for entry in failures:
        table.add_row(
            Text(str(entry.count)),
            Text(faults.of_failure(entry.kind), style="bold"),
            Text(SENTENCES[entry.kind]),
            Text(one_line(entry.message, 200)),
        )
    return table if failures else None


def _alerts(record: RunRecord) -> Table | None:
    table = plain_table("", "", "", "")
    for alert in record.alerts:
        words = (alert.state, alert.severity, alert.kind, alert.key, alert.muted)
        table.add_row(*(Text(one_line(word, 200)) for word in words))
    return table if record.alerts else None

"""What proves a verdict: streams with their pictures, values before and now, changed answers. Feeds the HTML pages.

Pure. Texts in the results are hostile; pictures are markup that has been escaped already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from markupsafe import Markup

from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult, StreamState
from checks.finding import Status
from probes.sample import Sample
from reports import tally, wording
from reports.attribution.causes import causes
from reports.escaping import one_line
from reports.evidence import charts, marks
from reports.evidence.answer_diff import AnswerDiff, diff_answers, distance, nearest
from reports.evidence.distribution import distributions
from reports.evidence.line import evidence_line
from reports.summary import ProbeRecord, Report, StreamPoint

LINES_MAX = 4
"""Streams whose evidence is drawn over time."""
ANSWERS_MAX = 8
"""Changed answers a page shows: the worst ones; all are in the store."""
ANSWER_CHARS = 4000
"""Characters of an answer that are shown where there is none to compare it with."""
NOTICEABLE = 0.1
"""Distance from every baseline answer above which an answer is worth showing once the pooled stream has moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """One stream as a row of a table."""

    result: StreamResult
    effect: str
    score: str
    bar: Markup
    spark: Markup
    since: str
    probes: str
    """The probes folded into this stream, in words."""
    size: str
    """Runs learned from, with the runs still needed while collecting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Baseline against now, drawn."""

    title: str
    caption: str
    image: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAnswer:
    """One answer of now beside the baseline answer most like it."""

    probe: str
    why: str
    asked: str
    sample: Sample
    diff: AnswerDiff | None
    """None where no baseline answer is known."""
    spans: tuple[marks.Span, ...] = ()
    """Places in the answer that failed checks speak of."""

    @property
    def now(self) -> tuple[tuple[str, str, bool], ...]:
        """The answer in pieces: kind (``same`` or ``added``), text, and whether a check marks it."""
        pieces = [("same", (self.sample.answer or "")[:ANSWER_CHARS])]
        if self.diff is not None:
            pieces = [(piece.kind, piece.text) for piece in self.diff.after]
        told: list[tuple[str, str, bool]] = []
        at = 0
        for kind, text in pieces:
            told += [(kind, part, marked) for part, marked in marks.cut_at(text, self.spans, at)]
            at += len(text)
        return tuple(told)


# ------------------------------------------------------------------------------------------------ streams
def stream_row(report: Report, result: StreamResult, probes: Sequence[str] = ()) -> StreamRow:
    """A stream with its bar, its scores over the recent runs, and when it began to move."""
    points = report.history.get(result.key, ())
    needed = wording.runs_needed(result.key.dimension)
    collecting = result.state is StreamState.COLLECTING and result.baseline_size < needed
    return StreamRow(
        result=result,
        effect=wording.moved_words(result),
        score=wording.score_words(result.score),
        bar=charts.score_bar(result.score, result.state.value),
        spark=charts.sparkline(
            [point.score for point in points], result.state.value, _declared(report, result.key, points)
        ),
        since=wording.since_words(report.run, result),
        probes=wording.names_words(probes),
        size=f"{result.baseline_size} of {needed}" if collecting else str(result.baseline_size),
    )


def _declared(report: Report, key: StreamKey, points: Sequence[StreamPoint]) -> list[tuple[int, str]]:
    """The decisions that a stream's small picture shows, each with the place of the first run after it."""
    return [(sum(point.started_at <= at for point in points), words) for at, words in _decided(report, key)]


def _decided(report: Report, key: StreamKey) -> list[tuple[datetime, str]]:
    """What people said of a stream, with when."""
    spoken = (d for d in report.decisions if (key in d.streams if d.streams else not key.golden))
    return [(decision.at, wording.decision_words(decision)) for decision in spoken]


# ------------------------------------------------------------------------------------------------ pictures
def _tokens(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or value >= 100 else f"{value:.1f}"


_MEASURED: tuple[tuple[str, str, Callable[[Sample], float | None], Callable[[float], str]], ...] = (
    ("latency.first_token", "First token", lambda s: s.timing.first_token_s, wording.seconds),
    ("latency.total", "Whole answer", lambda s: s.timing.total_s, wording.seconds),
    ("tokens.output", "Output tokens", lambda s: s.usage.output_tokens, _tokens),
)


def pictures(report: Report) -> tuple[Picture, ...]:
    """Values and shares, baseline against now, as far as both are known."""
    return (*_lines(report), *_distributions(report), *_shares(report))


def _lines(report: Report) -> Iterator[Picture]:
    """Evidence over time of the streams that moved by themselves."""
    for cause in causes(report.run)[:LINES_MAX]:
        key, began = cause.result.key, report.run.began.get(cause.result.since or "")
        since, points = None if began is None else began.at, report.history.get(key, ())
        image = evidence_line(points, str(key), since, _decided(report, key))
        if image is not None:
            title = f"Evidence: {one_line(str(key), 80)}"
            yield Picture(title=title, caption="ln M after each run; dashed: where it is an alarm.", image=image)


def _distributions(report: Report) -> Iterator[Picture]:
    answered = [sample for sample in report.run.samples if sample.failure is None]
    for dimension, title, value_of, unit in _MEASURED:
        timed = dimension.startswith("latency.")
        chosen = [s for s in answered if not (timed and s.route.cache == "hit")]  # a cached reply tells no speed
        now = [value for sample in chosen if (value := value_of(sample)) is not None]
        before = () if report.baseline is None else report.baseline.values.get(dimension, ())
        image = distributions(before, now, title, unit)
        if image is not None:
            yield Picture(title=title, caption="Dots: samples. Band: middle half. Line: median.", image=image)


def _shares(report: Report) -> Iterator[Picture]:
    answered = [sample for sample in report.run.samples if sample.failure is None]
    routes = Counter(sample.route.key for sample in answered)
    if routes and report.baseline is not None and report.baseline.routes:
        image = charts.paired_bars(report.baseline.routes, routes, "Who answered")
        caption = f"Share of samples, {_sizes(report.baseline.routes, routes)}."
        yield Picture(title="Who answered", caption=caption, image=image)
    earlier = [run for run in report.recent if run.run_id != report.run.run_id]
    ended, ends = _finishes(s for run in earlier for s in run.samples), _finishes(answered)
    if ends and ended:
        runs = wording.count(len(earlier), "run")
        caption = f"Share of samples, {_sizes(ended, ends)}; before: the {runs} leading up to this one."
        yield Picture(
            title="How answers ended", caption=caption, image=charts.paired_bars(ended, ends, "How answers ended")
        )


def _finishes(samples: Iterable[Sample]) -> Counter[str]:
    return Counter(sample.finish.value for sample in samples if sample.finish is not None)


def _sizes(before: Mapping[str, int], now: Mapping[str, int]) -> str:
    return f"{sum(before.values())} before and {sum(now.values())} now"


# ------------------------------------------------------------------------------------------------ answers
def changed_answers(report: Report) -> tuple[ChangedAnswer, ...]:
    """Probes whose answers moved or whose checks failed, one telling answer each, in the order of the suite."""
    moved = frozenset(r.key.scope for r in tally.risen(report.run) if r.key.dimension == "answers")
    found = (_changed(report, probe, moved) for probe in report.run.probes)
    return tuple(islice((entry for entry in found if entry is not None), ANSWERS_MAX))


def _changed(report: Report, probe: ProbeRecord, moved: Set[str]) -> ChangedAnswer | None:
    known = () if report.baseline is None else tuple(report.baseline.answers.get(probe.probe, ()))
    answered = [sample for sample in probe.samples if sample.answer]
    if not answered:
        return None
    sample = _most_telling(probe, answered, known)
    why = _why(probe, sample, known, moved)
    if not why:
        return None
    broken = frozenset[str]() if report.baseline is None else report.baseline.broken.get(probe.probe, frozenset())
    before = nearest(sample.answer or "", [entry for entry in known if entry[0] not in broken])
    return ChangedAnswer(
        probe=probe.probe,
        why="; ".join(why),
        asked=probe.conversation[-1].text if probe.conversation else "",
        sample=sample,
        diff=None if before is None else diff_answers(before, sample.answer or ""),
        spans=marks.spans_in(probe.findings, sample),
    )


def _far(sample: Sample, known: Sequence[tuple[str, int]]) -> float:
    return min((distance(sample.answer or "", text) for text, _ in known), default=0.0)


def _most_telling(probe: ProbeRecord, answered: Sequence[Sample], known: Sequence[tuple[str, int]]) -> Sample:
    """An answer that failed a check before one that did not, then the one furthest from the baseline."""
    bad = {entry.sample_id for f in probe.findings for entry in f.outcomes if entry.outcome.status is Status.FAIL}
    return max(answered, key=lambda sample: (sample.sample_id in bad, _far(sample, known), -sample.index))


def _why(probe: ProbeRecord, sample: Sample, known: Sequence[tuple[str, int]], moved: Set[str]) -> list[str]:
    why = [
        f"{f.label} {one_line(f.argument, 80)}".rstrip() + f": {f.passed} of {f.total} passed"
        for f in probe.findings
        if f.status is Status.FAIL and f.turn is None  # single turns stand under Conversations
    ]
    if probe.probe in moved:
        why.append("its answers moved")
    elif SUITE_SCOPE in moved and known and _far(sample, known) > NOTICEABLE:
        why.append("unlike every baseline answer")
    return why

"""Small words and the sentences about streams that everyone uses. Feeds verdicts, text, Markdown, HTML and alerts.

Sentences may quote names that came from elsewhere (routes, stages): escape them for the channel like hostile text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from checks.drift.result import Effect, StreamResult, StreamState
from checks.drift.words import STICKY
from checks.finding import Status
from checks.verdict import Health
from probes.duration import format_duration
from probes.sample import Sample
from reports import tally
from reports.consultation import Consultation
from reports.escaping import one_line
from reports.summary import Decision, RunRecord

HEALTH_MARKS = {Health.HEALTHY: "\u2714", Health.DEGRADED: "!", Health.FAILING: "\u2718", Health.UNKNOWN: "?"}
STATUS_MARKS = {Status.PASS: "\u2714", Status.FAIL: "\u2718", Status.ERROR: "?", Status.SKIPPED: "-"}
RUNS_NEEDED_CONTINUOUS = 20
RUNS_NEEDED_DISCRETE = 5


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 contract``, ``2 contracts``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def join_words(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def instant(at: datetime) -> str:
    """``2026-03-14 09:15 UTC``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def seconds(value: float | None) -> str:
    """A duration for people; a dash where nothing was measured."""
    return "\u2013" if value is None else format_duration(value)


def dollars(value: float | None) -> str:
    """US dollars for people; ``cost unknown`` where no price is known."""
    if value is None:
        return "cost unknown"
    return f"${value:.2f}" if value >= 1 or value == 0 else f"${value:.2g}" if value >= 0.0001 else "under $0.0001"


def cost_words(samples: Sequence[Sample | Consultation]) -> str:
    """``$0.0042``; ``at least $0.0042`` where the cost of some is unknown, ``cost unknown`` where that of all is."""
    known, unknown = tally.cost_known(samples)
    return f"at least {dollars(known)}" if known and unknown else dollars(None if unknown else known)


def tokens_words(samples: Sequence[Sample]) -> str:
    """``1,204 tokens in, 87 out``; empty where nobody counted."""
    told = [(tally.tokens(samples, "input_tokens"), "in"), (tally.tokens(samples, "output_tokens"), "out")]
    known = [(number, way) for number, way in told if number is not None]
    words = [f"{number:,} {'tokens ' if not at else ''}{way}" for at, (number, way) in enumerate(known)]
    return ", ".join(words)


def _points(share: float) -> str:
    points = share * 100
    text = f"{points:+.0f}" if abs(points) >= 10 else f"{points:+.1f}".removesuffix(".0")
    return "0" if float(text) == 0 else text


def effect_words(effect: Effect | None) -> str:
    """How far a stream moved: ``x1.31 (between x1.22 and x1.40)``, ``+12 points (between +5 and +20)``."""
    if effect is None:
        return ""
    if effect.kind == "difference":
        words, low, high = f"{_points(effect.value)} points", effect.low, effect.high
        ends = None if low is None or high is None else (_points(low), _points(high))
    else:
        words, low, high = f"x{effect.value:.2f}", effect.low, effect.high
        ends = None if low is None or high is None else (f"x{low:.2f}", f"x{high:.2f}")
    if effect.kind == "distance":
        words = (
            f"{effect.value:.3g} times the usual distance" if effect.value >= 1 else "some answers, not the typical one"
        )
    return words if ends is None else f"{words} (between {ends[0]} and {ends[1]})"


def moved_words(result: StreamResult) -> str:
    """``effect_words`` of a stream; where it counts harm and fell, that this is none: ``-53 points ..., improved``."""
    words, effect = effect_words(result.effect), result.effect
    if effect is None or effect.kind != "difference" or effect.value >= 0 or not _counts_harm(result.key.dimension):
        return words
    certain = effect.high is not None and effect.high < 0
    return f"{words}, {'improved' if certain else 'only rises count'}"


def _counts_harm(dimension: str) -> bool:
    """True for shares of what went wrong or was slow: the judge looks for their rise alone."""
    return dimension.partition(".")[0] in ("checks", "failures", "refusals") or dimension.endswith(".tail")


def names_words(names: Sequence[str], most: int = 6) -> str:
    """``in capital, steps and 4 more probes``; empty where there are none. Names are quoted as they are."""
    if not names:
        return ""
    more = len(names) - most
    return f"in {', '.join(names[:most])}" + (f" and {count(more, 'more probe')}" if more > 0 else "")


def score_words(score: float | None) -> str:
    """``87``; a dash while collecting. Cut, not rounded: only an alarm may read 100."""
    return "\u2013" if score is None else str(int(score))


def runs_needed(dimension: str) -> int:
    """Runs before the judge speaks of a stream (judge's specification: 20 for amounts, 5 for events)."""
    amounts = dimension.startswith(("latency.", "tokens.", "trace."))
    return RUNS_NEEDED_CONTINUOUS if amounts else RUNS_NEEDED_DISCRETE


def collecting_words(results: Sequence[StreamResult]) -> str:
    """``12 of 20 runs``: of the stream that is furthest from ready. Empty where none is collecting."""
    waiting = [result for result in results if result.state is StreamState.COLLECTING]
    if not waiting:
        return ""
    last = max(waiting, key=lambda r: (runs_needed(r.key.dimension) - r.baseline_size, r.key))
    needed = runs_needed(last.key.dimension)
    if last.baseline_size < needed:
        return f"{last.baseline_size} of {needed} runs"
    # the judge's own word on why: too few samples, a capture under way, or a baseline that has just been formed
    return last.note.partition("; ")[0] or "more samples needed"


def calm_words(record: RunRecord) -> str:
    """``41 streams quiet, 12 collecting (12 of 20 runs)``."""
    quiet = len(tally.in_state(record, StreamState.QUIET))
    collecting = tally.in_state(record, StreamState.COLLECTING)
    words = [count(quiet, "stream") + " quiet"] if quiet else []
    if collecting:
        noun = str(len(collecting)) if quiet else count(len(collecting), "stream")
        words.append(f"{noun} collecting ({collecting_words(collecting)})")
    return ", ".join(words) or "no stream is quiet" if record.drift else "no baseline to compare with yet"


def since_words(record: RunRecord, result: StreamResult) -> str:
    """When a stream began to move: ``2026-03-14 09:15 UTC``, or ``run abc`` where that is not known; may be empty."""
    if result.since is None:
        return ""
    began = record.began.get(result.since)
    return f"run {result.since}" if began is None else instant(began.at)


def sticky_words(record: RunRecord) -> str:
    """What is said of a gateway that answers whole runs from one model; empty where none is known to."""
    return next((STICKY for r in record.drift if r.key.measured == "route" and STICKY in r.note), "")


def decision_words(decision: Decision) -> str:
    """``2026-03-14 09:15 UTC, mark by someone: the new model is out``: what a person said about what is normal."""
    who, why = one_line(decision.author, 60), one_line(decision.reason, 200)
    return f"{instant(decision.at)}, {decision.kind} by {who}: {why}"


def stream_sentence(result: StreamResult, since: str = "") -> str:
    """``tokens.output: x1.31 (between x1.22 and x1.40), score 100 of 100, alarm, since ...``."""
    effect = moved_words(result)
    score = "" if result.score is None else f"score {score_words(result.score)} of 100"
    start = f"since {since}" if since else ""
    return f"{result.key}: " + ", ".join(part for part in (effect, score, result.state.value, start) if part)

"""The sentences everyone uses: verdicts, effects, scores, what to do next. Feeds text, Markdown, HTML and alerts.

Sentences may quote names that came from elsewhere (routes, stages): escape them for the channel like hostile text.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from checks.drift.result import SUITE_SCOPE, Effect, StreamResult, StreamState
from checks.drift.words import STICKY
from checks.finding import Status
from checks.verdict import Health
from probes.duration import format_duration
from probes.sample import Sample
from reports import tally
from reports.attribution.causes import cause_words, causes
from reports.cohorts.cohorts import worse_words
from reports.consultation import Consultation
from reports.escaping import one_line
from reports.summary import Decision, RunRecord

WITHHELD = {"maintenance": "made in a maintenance window", "offline": "our own network was lost"}
"""What is said of a run that moves no alert and no evidence, by the field that holds the reason."""
HEALTH_MARKS = {Health.HEALTHY: "\u2714", Health.DEGRADED: "!", Health.FAILING: "\u2718", Health.UNKNOWN: "?"}
STATUS_MARKS = {Status.PASS: "\u2714", Status.FAIL: "\u2718", Status.ERROR: "?", Status.SKIPPED: "-"}
RUNS_NEEDED_CONTINUOUS = 20
RUNS_NEEDED_DISCRETE = 5
_NAMES_SHOWN = 4
_CAUSES_SHOWN = 2


# ------------------------------------------------------------------------------------------------ small words
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


# ------------------------------------------------------------------------------------------------ effects and scores
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
    effect = effect_words(result.effect)
    score = "" if result.score is None else f"score {score_words(result.score)} of 100"
    start = f"since {since}" if since else ""
    return f"{result.key}: " + ", ".join(part for part in (effect, score, result.state.value, start) if part)


# ------------------------------------------------------------------------------------------------ verdicts
def stream_names(results: Sequence[StreamResult]) -> str:
    """Names of streams for a sentence: a probe's stream is left out where the suite's own moved too."""
    pooled = {result.key.dimension for result in results if result.key.scope == SUITE_SCOPE}
    names = [str(r.key) for r in results if r.key.scope == SUITE_SCOPE or r.key.dimension not in pooled]
    more = len(names) - _NAMES_SHOWN
    return join_words([*names[:_NAMES_SHOWN], count(more, "more stream")] if more > 0 else names)


def _harm(record: RunRecord) -> list[str]:
    broken = tally.broken_contracts(record)
    policies = sum(1 for finding in broken if finding.policy)
    contracts = len(broken) - policies
    alarms = tally.in_state(record, StreamState.ALARM)
    parts = [count(contracts, "contract") + " broken"] if contracts else []
    parts += [count(policies, "policy", "policies") + " broken"] if policies else []
    return parts + _moved(record, alarms)


def _moved(record: RunRecord, alarms: Sequence[StreamResult]) -> list[str]:
    """What moved and what follows from it; streams that hang together with nothing else are named in one breath."""
    if not alarms:
        return []
    standing = [c for c in causes(record) if {StreamState.ALARM} & {r.state for r in (c.result, *c.explains)}]
    telling = [cause for cause in standing if cause.speaks]
    alone = [cause.result for cause in standing if cause not in telling]
    told = [cause_words(cause) for cause in telling[:_CAUSES_SHOWN]]
    more = len(telling) - _CAUSES_SHOWN
    told += [count(more, "more cause")] if more > 0 else []
    return told + ([stream_names(alone) + " moved"] if alone else [])


def _trouble(record: RunRecord) -> list[str]:
    held, again = tally.held(record.samples), tally.asked_again(record.samples)
    lost = tally.lost(record.samples)
    errors, warned = len(tally.broken_checks(record)), list(tally.in_state(record, StreamState.WARN))
    classes = ", ".join(failure.kind for failure in tally.failures(lost))
    parts = [f"{len(lost)} of {count(len(record.samples), 'sample')} failed ({classes})"] if lost else []
    parts += _held_back(held, len(record.samples), told_size=bool(lost))
    parts += [f"{count(errors, 'check')} could not be evaluated"] if errors else []
    parts += [f"{count(again, 'answer')} needed a second request"] if again else []
    told = {result.key for cause in causes(record) for result in cause.explains} if warned else set()
    warned = [result for result in warned if result.key not in told or not tally.in_state(record, StreamState.ALARM)]
    return parts + ([f"{stream_names(warned)} may be moving"] if warned else [])


def _held_back(held: Sequence[Sample], size: int, *, told_size: bool) -> list[str]:
    """``21 were not asked: 9 requests failed (connection) ...``: the reason is the first sample's own message."""
    whole = str(len(held)) if told_size else f"{len(held)} of {count(size, 'sample')}"
    reasons = [sample.failure.message for sample in held if sample.failure is not None]
    return [f"{whole} not asked: {reasons[0].removeprefix('not asked: ')}"] if reasons else []


def withheld_words(record: RunRecord) -> str:
    """Why a run counts for nothing, unless its verdict says so: a maintenance window, a lost network of our own."""
    told = [
        f"{words}: {one_line(reason, 200)}" for name, words in WITHHELD.items() if (reason := getattr(record, name))
    ]
    reason = verdict_reason(record)
    return "; ".join(words for words in told if words not in reason)


def cache_words(samples: Sequence[Sample]) -> str:
    """``4 of 12 answers came from a cache``: of them no latency is judged. Empty where none is known to."""
    cached, answers = tally.cached(samples), len(samples) - len(tally.failed(samples))
    return f"{cached} of {count(answers, 'answer')} came from a cache, their latency is not judged" if cached else ""


def _peace(record: RunRecord) -> str:
    size = f"{count(len(record.probes), 'probe')}, {count(len(record.samples), 'sample')}"
    if not record.samples:
        return "nothing was measured"
    kept = "every contract kept" if tally.findings(record) else "every sample answered"
    if not record.drift:
        return f"{kept}, no baseline to compare with yet; {size}"
    judged = [result for result in record.drift if result.state is not StreamState.COLLECTING]
    if not judged:
        return f"{kept}, drift not judged yet ({collecting_words(record.drift)}); {size}"
    return f"{kept} and nothing moved; {size}"


def verdict_reason(record: RunRecord) -> str:
    """Why the run is what it is, in one line: ``2 contracts broken; answers, tokens.output and route moved``."""
    parts = _harm(record) + _trouble(record)
    if not parts and (record.health is not Health.UNKNOWN or not record.note):
        parts = [_peace(record)]
    reason = "; ".join(filter(None, (*parts, worse_words(record), record.note, cache_words(record.samples))))
    return f"could not measure: {reason}" if record.health is Health.UNKNOWN else reason


def verdict_sentence(record: RunRecord) -> str:
    """The health word and why: ``FAILING: 2 contracts broken``."""
    return f"{record.health.value.upper()}: {verdict_reason(record)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One thing to do now."""

    words: str
    """Our own words: nothing foreign is in them."""
    command: str = ""
    """A command line to copy; names in it are quoted for a POSIX shell."""


def next_steps(record: RunRecord) -> tuple[NextStep, ...]:
    """What a person should do now; empty for a healthy run. The same in every format: the suite goes by its name."""
    place = f"{shlex.quote(record.suite)} --endpoint {shlex.quote(record.endpoint)}"
    read = f"holdfast report {place} --run {shlex.quote(record.run_id)}{record.reach}"
    steps: list[NextStep] = []
    if tally.broken_contracts(record) or tally.broken_checks(record):
        steps.append(NextStep(words="Read the answers:", command=read))
    if tally.failed(record.samples):
        steps.append(NextStep(words="Put right what the failed requests name, then run again."))
    if tally.in_state(record, StreamState.ALARM):
        recompute = f"holdfast replay {place} --run {shlex.quote(record.run_id)}{record.reach}"
        steps.append(NextStep(words="Recompute the alarm:", command=recompute))
        steps.extend(_new_normal(record, place))
    if not steps and record.health is not Health.HEALTHY:
        steps.append(NextStep(words="Look closer:", command=read))
    return tuple(steps)


def _new_normal(record: RunRecord, place: str) -> Iterator[NextStep]:
    """How a change that was meant becomes normal: no accept moves a golden baseline."""
    keys = [result.key for result in tally.in_state(record, StreamState.ALARM)]
    accept = f"holdfast baseline accept {place} --reason WHY{record.reach}"
    if not all(key.golden for key in keys):
        yield NextStep(words="Was the change meant? Then make it the new normal:", command=accept)
    if any(key.golden for key in keys):
        freeze = f"holdfast baseline freeze {place} --reason WHY{record.reach}"
        drop = f"holdfast baseline reset {place} --golden --reason WHY{record.reach}"
        when = "Then" if all(key.golden for key in keys) else "Then, once golden streams alone are in alarm,"
        yield NextStep(words=f"Is the golden baseline out of date? {when} take the present as golden:", command=freeze)
        yield NextStep(words="Or do without a golden baseline:", command=drop)

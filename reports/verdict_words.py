"""Why a run is what it is, in one line: the same in every format. Feeds formats, messages and pages.

The line may quote names that came from elsewhere (routes, stages): escape it for the channel like hostile text.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.verdict import Health
from probes.sample import Sample
from reports import tally
from reports.attribution.causes import cause_words, causes
from reports.cohorts.cohorts import worse_words
from reports.escaping import one_line
from reports.summary import RunRecord
from reports.wording import collecting_words, count, join_words

WITHHELD = {"maintenance": "made in a maintenance window", "offline": "our own network was lost"}
"""What is said of a run that moves no alert and no evidence, by the field that holds the reason."""
_NAMES_SHOWN = 4
_CAUSES_SHOWN = 2


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

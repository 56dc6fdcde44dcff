"""The table of dimensions: which machine judges what, pooled or per probe. Feeds score and the engine's budget."""

from __future__ import annotations

from collections.abc import Sequence

from checks.drift.answers import AnswerMachine
from checks.drift.categories import CategoryMachine
from checks.drift.events import EventMachine
from checks.drift.evidence import Machine
from checks.drift.golden import GoldenMachine
from checks.drift.levels import LevelMachine
from checks.drift.observation import SampleFacts
from checks.drift.result import CONTROL, GOLDEN, SUITE_SCOPE, StreamKey
from checks.drift.tails import TailMachine
from checks.drift.words import STICKY

_LEAST_TOKENS = 20.0  # below, one token more is a large ratio; the answers stream sees it better


def _refused(sample: SampleFacts) -> bool | None:
    return None if sample.failed else sample.refused


def _check_failed(sample: SampleFacts) -> bool | None:
    return None if sample.failed else sample.check_failed


_FIRST = "time to first token"
_OUTPUT = LevelMachine(read=lambda sample: sample.output_tokens, words="output tokens", counts=True)
_INPUT = LevelMachine(read=lambda sample: sample.input_tokens, words="input tokens", counts=True)
_CHECKS = EventMachine(happened=_check_failed, words="failed checks")
_FAILURES = EventMachine(happened=lambda sample: None if sample.held else sample.failed, words="failures")
_REFUSALS = EventMachine(happened=_refused, words="refusals")
_ANSWERS = AnswerMachine()


def _first_token(sample: SampleFacts) -> float | None:
    return sample.first_token_s


def _total(sample: SampleFacts) -> float | None:
    return sample.total_s


POOLED: dict[str, Machine] = {
    "latency.first_token": LevelMachine(read=_first_token, words=_FIRST, counts=False),
    "latency.first_token.spread": LevelMachine(read=_first_token, words=_FIRST, counts=False, spread=True),
    "latency.first_token.tail": TailMachine(read=_first_token, words=_FIRST),
    "latency.total": LevelMachine(read=_total, words="latency", counts=False),
    "latency.total.spread": LevelMachine(read=_total, words="latency", counts=False, spread=True),
    "latency.total.tail": TailMachine(read=_total, words="latency"),
    CONTROL: LevelMachine(read=_total, words="time of the control question", counts=False),
    "tokens.output": _OUTPUT,
    "tokens.input": _INPUT,
    "answers": _ANSWERS,
    "checks": _CHECKS,
    "failures": _FAILURES,
    "refusals": _REFUSALS,
    "route": CategoryMachine(read=lambda sample: sample.route, words="route", whole_runs=STICKY),
    "finish": CategoryMachine(read=lambda sample: sample.finish, words="finish reason"),
    "retrieval": CategoryMachine(read=lambda sample: sample.documents, words="retrieved documents"),
}
"""Streams over the whole suite."""

PER_PROBE: dict[str, Machine] = {
    "tokens.output": LevelMachine(read=_OUTPUT.read, words=_OUTPUT.words, counts=True, least_median=_LEAST_TOKENS),
    "tokens.input": LevelMachine(read=_INPUT.read, words=_INPUT.words, counts=True, least_median=_LEAST_TOKENS),
    "answers": _ANSWERS,
    "checks": _CHECKS,
    "failures": _FAILURES,
    "refusals": _REFUSALS,
}
"""Streams of every single probe."""

PER_LABEL: dict[str, Machine] = {
    name: POOLED[name]
    for name in ("latency.first_token", "latency.total", "tokens.output", "answers", "checks", "failures", "refusals")
}
"""Streams over all probes with one value of a label, where the suite asks for it."""

_SLOW_LEVELS = ("latency.first_token", "latency.total", "tokens.output", "tokens.input")
_SLOW_EVENTS = ("answers", "checks", "failures", "refusals", "route", "finish")
FROZEN: dict[str, Machine] = {
    GOLDEN + name: GoldenMachine(machine=POOLED[name], renewed=name in _SLOW_LEVELS)
    for name in (*_SLOW_LEVELS, *_SLOW_EVENTS)
}
"""Streams over the whole suite that a golden baseline adds."""


def machine_of(key: StreamKey) -> Machine:
    """The machine that judges a stream. Raises ``KeyError`` for a dimension the judge does not know."""
    if key.golden:
        return FROZEN[key.dimension]
    if key.of_label:
        return PER_LABEL[key.dimension]
    return (POOLED if key.scope == SUITE_SCOPE else PER_PROBE)[key.dimension]


def streams_of(
    probe_ids: Sequence[str],
    *,
    streaming: bool,
    retrieving: bool = False,
    groups: Sequence[str] = (),
    control: bool = False,
) -> tuple[StreamKey, ...]:
    """Every stream a suite at one endpoint may have: what it costs of the installation's budget.

    An upper bound: token streams are counted for probes with short answers too, though those are not watched.
    ``streaming``: whether replies are streamed, so that there is a first token to time. ``retrieving``: whether
    they name the documents they were made from. ``groups``: scopes of labels (``locale=de``) with streams of their own.
    ``control``: whether a question tells what the way to the model takes.
    """
    never = (
        *(() if streaming else ("latency.first_token",)),
        *(() if retrieving else ("retrieval",)),
        *(() if control else (CONTROL,)),
    )
    pooled = [StreamKey(scope=SUITE_SCOPE, dimension=name) for name in POOLED if not name.startswith(never)]
    labels = [StreamKey(scope=group, dimension=name) for group in groups for name in PER_LABEL]
    own = [StreamKey(scope=probe, dimension=dimension) for probe in probe_ids for dimension in PER_PROBE]
    return (*pooled, *(key for key in labels if not key.dimension.startswith(never)), *own)

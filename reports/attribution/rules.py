"""What each dimension that moved accounts for in others, where the figures agree: one rule a dimension. Feeds
``explaining``. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from checks.drift.result import Effect, StreamResult
from checks.refusal import is_refusal
from probes.fault import Fault
from probes.sample import Finish, Sample
from reports.attribution import faults
from reports.summary import RunRecord

_TOLERANCE = math.log1p(0.05)
BY_LENGTH = frozenset({Fault.EXPENSIVE, Fault.TRUNCATED})
NOT_BY_WORDING = BY_LENGTH | {Fault.SLOW, Fault.ROUTING, Fault.REFUSAL}


class Reading(Protocol):
    """What a rule asks of the run."""

    @property
    def record(self) -> RunRecord: ...

    def failing(self, scope: str) -> Iterator[Sample]:
        """The answered samples that fail a check."""
        ...

    def says_otherwise(self, answers: StreamResult) -> bool:
        """True where checks fail for what these answers say, not for their length."""
        ...


def accounts_for(run: Reading, cause: StreamResult, effect: StreamResult) -> bool:
    """True where a move of the first dimension brings the move of the second with it."""
    return _RULES[_family(cause)](run, cause, effect)


def _family(result: StreamResult) -> str:
    name = result.key.measured
    return name if name in _RULES else next((known for known in _RULES if name.startswith(f"{known}.")), "")


def _all(_run: Reading, _cause: StreamResult, effect: StreamResult) -> bool:
    return effect.key.measured != "route"


def _retrieval(_run: Reading, _cause: StreamResult, effect: StreamResult) -> bool:
    return effect.key.measured.startswith(("answers", "checks", "tokens.", "refusals", "finish"))


def _refusals(run: Reading, _cause: StreamResult, effect: StreamResult) -> bool:
    """Refusals are other answers, and short ones; checks fail because of them where half of what fails refuses."""
    name = effect.key.measured
    if name == "checks":
        failing = list(run.failing(effect.key.scope))
        return not failing or 2 * sum(is_refusal(sample) for sample in failing) >= len(failing)
    return name in ("answers", "finish") or (name in ("tokens.output", "latency.total") and not _up(effect))


def _input(_run: Reading, cause: StreamResult, effect: StreamResult) -> bool:
    return effect.key.measured in ("latency.first_token", "latency.total") and follows(cause.effect, effect.effect)


def _output(run: Reading, cause: StreamResult, effect: StreamResult) -> bool:
    """Longer answers take longer, differ, and are cut at the limit."""
    name = effect.key.measured
    if name == "latency.total":
        return follows(cause.effect, effect.effect)
    if name == "checks":
        return faults.of_stream(effect, run.record) in BY_LENGTH
    if name == "answers":
        return not run.says_otherwise(effect)
    return name == "finish" and _up(cause)


def _finish(run: Reading, _cause: StreamResult, effect: StreamResult) -> bool:
    """Cut answers are shorter; checks fail because of them where half of what fails was cut."""
    name = effect.key.measured
    if name == "checks":
        failing = list(run.failing(effect.key.scope))
        return bool(failing) and 2 * sum(s.finish is Finish.LENGTH for s in failing) >= len(failing)
    return name == "answers" or (name == "tokens.output" and not _up(effect))


def _answers(run: Reading, cause: StreamResult, effect: StreamResult) -> bool:
    """Another wording breaks checks of what is said, and has another length."""
    if effect.key.measured == "checks":
        return faults.of_stream(effect, run.record) not in NOT_BY_WORDING
    return effect.key.measured == "tokens.output" and run.says_otherwise(cause)


def _latency(run: Reading, cause: StreamResult, effect: StreamResult) -> bool:
    """The first token is part of the whole; a level that moves takes spread and tail with it."""
    name, other = cause.key.measured, effect.key.measured
    if other == "checks":
        return faults.of_stream(effect, run.record) is Fault.SLOW
    (level, part), (of, moved) = _part(name), _part(other)
    if level == of:
        return part < moved
    same_way = part > 0 or moved > 0 or _up(cause) == _up(effect)
    return (level, of) == ("latency.first_token", "latency.total") and part <= moved and same_way


_CHANNELS = ("", ".spread", ".tail")
_RULES: Mapping[str, Callable[[Reading, StreamResult, StreamResult], bool]] = {
    "route": _all,
    "retrieval": _retrieval,
    "refusals": _refusals,
    "finish": _finish,
    "tokens.input": _input,
    "tokens.output": _output,
    "answers": _answers,
    "latency.first_token": _latency,
    "latency.total": _latency,
    "": lambda *_: False,
}


def _part(name: str) -> tuple[str, int]:
    """The quantity, and 0 for its level, 1 for its spread, 2 for its tail."""
    channel = next((at for at, part in enumerate(_CHANNELS) if part and name.endswith(part)), 0)
    return name.removesuffix(_CHANNELS[channel]), channel


def _up(result: StreamResult) -> bool:
    effect = result.effect
    return effect is None or effect.value > (0 if effect.kind == "difference" else 1)


def follows(tokens: Effect | None, latency: Effect | None) -> bool:
    """True where latency per token is unchanged within the interval, or moved less than the tokens did.

    In log units the two moves are taken as independent, so the half widths of their intervals add as squares.
    """
    if tokens is None or latency is None or min(_ends(tokens), default=0) <= 0 or min(_ends(latency), default=0) <= 0:
        return False
    sign = 1 if tokens.value > 1 else -1
    if sign * math.log(latency.value) <= 0:
        return False
    excess = sign * (math.log(latency.value) - math.log(tokens.value))
    return excess - math.hypot(_half(tokens), _half(latency)) <= _TOLERANCE


def _ends(effect: Effect) -> Sequence[float]:
    return [value for value in (effect.low, effect.value, effect.high) if value is not None]


def _half(effect: Effect) -> float:
    ends = _ends(effect)
    return (math.log(max(ends)) - math.log(min(ends))) / 2

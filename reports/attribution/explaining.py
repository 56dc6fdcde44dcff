"""Whether one stream that moved explains another: when and where a cause reaches. Feeds ``causes``.

Pure. One explains another only where the figures agree: directions, intervals, which samples fail, when each began.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from checks.drift.result import SUITE_SCOPE, StreamKey, StreamResult, StreamState, label_scope
from checks.finding import Status
from probes.sample import Sample
from reports import tally
from reports.attribution import faults
from reports.attribution.rules import NOT_BY_WORDING, accounts_for
from reports.summary import Declared, ProbeRecord, RunRecord

_LATE_RUNS, _LATE_SHARE = 3, 1.5
"""How much earlier than its cause a stream may seem to have begun: moments of change are estimates."""
_SOON_RUNS = 5
"""How much later than a declared change what comes of it may seem to have begun."""
_STANDING = (StreamState.WARN, StreamState.ALARM)


@dataclass(frozen=True, kw_only=True)
class Moves:
    """The streams of a run that moved, and what is needed to hold one against another."""

    record: RunRecord

    @cached_property
    def by_key(self) -> Mapping[StreamKey, StreamResult]:
        """The streams that moved, worst first."""
        return {result.key: result for result in tally.risen(self.record)}

    def causes_of(self, effect: StreamResult) -> list[StreamResult]:
        """The streams that account for this one, worst first."""
        return [cause for cause in self._near(effect.key.scope) if self.explains(cause, effect)]

    def _near(self, scope: str) -> Sequence[StreamResult]:
        """Streams that may reach this scope: of hundreds of probes each is held against its own few."""
        if _rank(scope)[0] < _PROBE:
            return tuple(self.by_key.values())
        wide, own = self._near_probes
        return (*wide, *own.get(scope, ()))

    @cached_property
    def _near_probes(self) -> tuple[Sequence[StreamResult], Mapping[str, Sequence[StreamResult]]]:
        own: dict[str, list[StreamResult]] = {}
        wide = []
        for result in self.by_key.values():
            if _rank(result.key.scope)[0] < _PROBE:
                wide.append(result)
            else:
                own.setdefault(result.key.scope, []).append(result)
        return wide, own

    def explains(self, cause: StreamResult, effect: StreamResult) -> bool:
        """True where the first accounts for the second."""
        if cause.key == effect.key or cause.state not in _STANDING or not self._in_time(cause, effect):
            return False
        if cause.key.measured == effect.key.measured:
            return self._same_fact(cause.key, effect.key)
        return self._reaches(cause, effect) and accounts_for(self, cause, effect)

    # -------------------------------------------------------------------------------------------- when and where
    def declared(self, result: StreamResult) -> Declared | None:
        """The newest declared change that a stream began to move with: at most five runs after it, three before."""
        began = self.record.began.get(result.since or "")
        if began is None:
            return None
        near = (d for d in reversed(self.record.declared) if -_SOON_RUNS <= began.runs_ago - d.runs_ago <= _LATE_RUNS)
        return next(near, None)

    def _in_time(self, cause: StreamResult, effect: StreamResult) -> bool:
        """A change cannot explain what began clearly before it."""
        first, then = (self.record.began.get(result.since or "") for result in (cause, effect))
        return first is None or then is None or then.runs_ago <= _LATE_SHARE * first.runs_ago + _LATE_RUNS

    def _reaches(self, cause: StreamResult, effect: StreamResult) -> bool:
        """Pooled streams reach all, those of a probe or label only what is asked there, and the unevenness of all."""
        if cause.key.scope in (SUITE_SCOPE, effect.key.scope):
            return True
        if effect.key.scope != SUITE_SCOPE:
            return self._contains(cause.key.scope, effect.key.scope)
        return effect.key.measured == "finish" or effect.key.measured.endswith((".spread", ".tail"))

    def _contains(self, scope: str, other: str) -> bool:
        """Of scopes that hold the same probes the wider kind contains the other."""
        return _rank(scope) < _rank(other) and self._names(other) <= self._names(scope)

    def _names(self, scope: str) -> frozenset[str]:
        return frozenset(probe.probe for probe in self.probes_of(scope))

    def probes_of(self, scope: str) -> Sequence[ProbeRecord]:
        """The probes a stream of this scope speaks of: one, those with a label (``locale=de``), or all."""
        return self._scopes.get(scope, ())

    @cached_property
    def _scopes(self) -> Mapping[str, Sequence[ProbeRecord]]:
        scopes: dict[str, list[ProbeRecord]] = {SUITE_SCOPE: list(self.record.probes)}
        for probe in self.record.probes:
            scopes[probe.probe] = [probe]
            for name, value in probe.labels.items():
                scopes.setdefault(label_scope(name, value), []).append(probe)
        return scopes

    @cached_property
    def _parts(self) -> Mapping[tuple[str, bool], Sequence[StreamResult]]:
        """Streams of single probes, and of labels, by dimension; those that are not quiet first."""
        parts: dict[tuple[str, bool], list[StreamResult]] = {}
        for result in self.record.drift:
            if result.key.scope != SUITE_SCOPE and not result.key.golden:
                parts.setdefault((result.key.measured, result.key.of_label), []).append(result)
        return {key: sorted(kind, key=lambda r: r.state is StreamState.QUIET) for key, kind in parts.items()}

    # -------------------------------------------------------------------------------------------- one fact, told twice
    def _same_fact(self, cause: StreamKey, effect: StreamKey) -> bool:
        """Of streams of one dimension: the part where it is carried by one part alone, else the whole."""
        if cause.golden != effect.golden:
            return effect.golden and SUITE_SCOPE in (cause.scope, effect.scope)
        if self._contains(cause.scope, effect.scope):
            return not self._carried(effect, cause)
        return self._contains(effect.scope, cause.scope) and self._carried(cause, effect)

    def _carried(self, part: StreamKey, whole: StreamKey) -> bool:
        """True where the whole is quiet without this part: its siblings all are, and the rest of how far the whole
        moved is within its interval."""
        mine, moved = self.by_key[part], self.by_key[whole]
        if mine.state not in _STANDING or not self._rest_is_nothing(mine, moved):
            return False
        siblings = (r for r in self._parts[part.measured, part.of_label] if self._beside(r.key, part, whole))
        loudest = next(siblings, None)
        return loudest is not None and loudest.state is StreamState.QUIET

    def _beside(self, key: StreamKey, part: StreamKey, whole: StreamKey) -> bool:
        """Siblings are parts of the same whole, which share no probe with this part."""
        mine, theirs = self._names(part.scope), self._names(key.scope)
        return not mine & theirs and theirs <= self._names(whole.scope)

    def _rest_is_nothing(self, part: StreamResult, whole: StreamResult) -> bool:
        mine, moved = part.effect, whole.effect
        if mine is None or moved is None or moved.kind == "distance" or moved.low is None or moved.high is None:
            return True  # a median distance tells nothing of single probes: their own streams have spoken
        share = self._samples(part.key.scope) / max(self._samples(whole.key.scope), 1)
        if moved.kind == "difference":
            low, high, given = moved.low, moved.high, share * mine.value
            return low <= given if moved.value > 0 else high >= given
        if min(moved.low, moved.value, mine.value) <= 0:
            return True
        given = share * math.log(mine.value)
        return math.log(moved.low) <= given if moved.value > 1 else math.log(moved.high) >= given

    def _samples(self, scope: str) -> int:
        return sum(len(probe.samples) for probe in self.probes_of(scope))

    # -------------------------------------------------------------------------------------------- why checks fail
    def failing(self, scope: str) -> Iterator[Sample]:
        """The answered samples that fail a check."""
        for probe in self.probes_of(scope):
            bad = {o.sample_id for f in probe.findings for o in f.outcomes if o.outcome.status is Status.FAIL}
            yield from (sample for sample in probe.samples if sample.sample_id in bad and sample.failure is None)

    def says_otherwise(self, answers: StreamResult) -> bool:
        """True where checks fail for what these answers say, not for their length: then the wording comes first."""
        scopes = (answers.key.scope, SUITE_SCOPE)
        checks = [r for r in self.by_key.values() if r.key.measured == "checks" and r.key.scope in scopes]
        return any(faults.of_stream(result, self.record) not in NOT_BY_WORDING for result in checks)


_PROBE = 2


def _rank(scope: str) -> tuple[int, str]:
    """The suite before labels before probes."""
    return (0 if scope == SUITE_SCOPE else 1 if "=" in scope else _PROBE), scope

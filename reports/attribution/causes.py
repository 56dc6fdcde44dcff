"""What explains what when several streams move: causes, most upstream first, each fact told once. Feeds wording,
formats and notices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.drift.result import CONTROL, SUITE_SCOPE, StreamKey, StreamResult, StreamState
from reports import tally
from reports.attribution.explaining import Moves
from reports.cohorts import cohorts
from reports.summary import Declared, RunRecord

_UPSTREAM = ("route", "retrieval", "refusals", "finish", "tokens.input", "tokens.output", "answers", "checks")
"""Most upstream first; what is not named comes after, in the order of its state."""
_TOLD = 4
_DID = {"mark": "declared", "accept": "accepted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A stream that moved by itself, as far as this run can tell, with the streams that follow from it."""

    result: StreamResult
    explains: tuple[StreamResult, ...]
    """Worst first."""
    label: str = ""
    """The one label it comes from (``locale=de``), where one is clearly worse than the rest; else empty."""
    declared: Declared | None = None
    """The change that a person declared when it began to move."""

    @property
    def name(self) -> str:
        """``checks of invoice-json``."""
        return str(self.result.key)

    @property
    def on_the_way(self) -> bool:
        """True where it is the way to the model that moved, by the word of the control question."""
        return self.result.key.measured == CONTROL

    @property
    def speaks(self) -> bool:
        """True where its sentence says more than that a stream moved."""
        return bool(self.told or self.label or self.on_the_way or self.declared)

    @property
    def told(self) -> tuple[StreamResult, ...]:
        """What a sentence names of what it explains: other streams at warn or alarm (watch may yet turn out to be
        chance), without those of single probes that only repeat it or one another."""
        standing = [result for result in self.explains if result.state is not StreamState.WATCH]
        whole = self.result.key.scope == SUITE_SCOPE
        others = [r for r in standing if not (whole and r.key.dimension == self.result.key.dimension)]
        return tuple(result for result, _ in tally.folded(others))


def causes(record: RunRecord) -> tuple[Cause, ...]:
    """Every stream at warn or alarm is in exactly one cause, as what moved or as what follows; watch only follows."""
    moves = Moves(record=record)
    risen = sorted(moves.by_key.values(), key=_upstream)
    parents = {result.key: moves.causes_of(result) for result in risen}
    roots = [result for result in risen if not parents[result.key] and result.state is not StreamState.WATCH]
    groups = _grouped(risen, parents, roots)
    while left := _untold(risen, groups):
        roots.append(left[0])  # streams that explain one another: the most upstream of them is told as the cause
        groups = _grouped(risen, parents, roots)
    return tuple(
        Cause(
            result=root,
            explains=tally.worst_first(groups[root.key]),
            label=_label(record, root, groups[root.key]),
            declared=moves.declared(root),
        )
        for root in roots
    )


def _grouped(
    risen: Sequence[StreamResult], parents: Mapping[StreamKey, Sequence[StreamResult]], roots: Sequence[StreamResult]
) -> dict[StreamKey, list[StreamResult]]:
    groups: dict[StreamKey, list[StreamResult]] = {root.key: [] for root in roots}
    for result in risen:
        if result.key not in groups and (root := _root(result, parents, groups)) is not None:
            groups[root].append(result)
    return groups


def _untold(risen: Sequence[StreamResult], groups: Mapping[StreamKey, Sequence[StreamResult]]) -> list[StreamResult]:
    told = {result.key for group in groups.values() for result in group} | set(groups)
    return [result for result in risen if result.key not in told and result.state is not StreamState.WATCH]


def _upstream(result: StreamResult) -> tuple[int, bool, bool]:
    name = result.key.measured
    rank = _UPSTREAM.index(name) if name in _UPSTREAM else len(_UPSTREAM)
    return rank, result.key.golden, result.key.scope != SUITE_SCOPE


def _root(
    result: StreamResult, parents: Mapping[StreamKey, Sequence[StreamResult]], roots: Mapping[StreamKey, object]
) -> StreamKey | None:
    """The most upstream root that a stream is explained by, over any number of steps."""
    seen: set[StreamKey] = set()
    waiting = [result.key]
    found: set[StreamKey] = set()
    while waiting:
        key = waiting.pop()
        if key in roots:
            found.add(key)
        elif key not in seen:
            seen.add(key)
            waiting += [parent.key for parent in parents[key]]
    return next((key for key in roots if key in found), None)


def _label(record: RunRecord, root: StreamResult, follows: Iterable[StreamResult]) -> str:
    """A label that is clearly worse and holds every probe of its own that moved the same."""
    if root.key.measured not in ("checks", "failures", "refusals") or root.key.scope != SUITE_SCOPE:
        return ""
    own = {r.key.scope for r in follows if r.key.measured == root.key.measured} - {SUITE_SCOPE}
    for cut in cohorts.cuts(record):
        held = {probe.probe for probe in cut.probes} | {cut.name}
        if cut.worse and own <= held:
            return cut.name
    return ""


# ------------------------------------------------------------------------------------------------ in words
def cause_words(cause: Cause) -> str:
    """``route moved, which explains answers, tokens.output and latency.total``: names are quoted as they are."""
    where = f" in {cause.label}" if cause.label else ""
    moved = f"{cause.name} moved{where}"
    if cause.on_the_way:
        effect = cause.result.effect
        moved += f": the network or gateway {'became faster' if effect and effect.value < 1 else 'slowed down'} for all"
    if cause.declared is not None:
        moved += f" with the change that {cause.declared.author} {_DID[cause.declared.kind]} ({cause.declared.reason})"
    return f"{moved}, which explains {_named(cause.told)}" if cause.told else moved


def _named(results: Sequence[StreamResult]) -> str:
    names = [str(result.key) for result in results]
    more = len(names) - _TOLD
    told = [*names[:_TOLD], f"{more} more"] if more > 0 else names
    return " and ".join((", ".join(told[:-1]), told[-1])) if len(told) > 1 else told[0]


def cause_object(cause: Cause) -> dict[str, object]:
    """The entry of ``causes`` in JSON."""
    return {
        "cause": cause.name,
        "label": cause.label or None,
        "declared": cause.declared and {"by": cause.declared.author, "reason": cause.declared.reason},
        "explains": [str(result.key) for result in cause.explains],
    }

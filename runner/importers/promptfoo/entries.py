"""A test's list of assertions as the check list of a probe. Feeds ``cases``.

promptfoo's rules (src/assertions): without a threshold every assertion must pass, with one their weighted mean score
must reach it; weight 0 never decides; an ``assert-set`` is the same within the list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.asked import Asked, Entry, Tools
from runner.importers.promptfoo.assertions import ASSERTIONS, Kind
from runner.importers.promptfoo.bound import refusal_of
from runner.importers.promptfoo.judged_assertions import VERDICTS
from runner.importers.promptfoo.templates_of import unresolved
from runner.importers.promptfoo.transforms import transformed
from runner.importers.promptfoo.trouble import NO_SCORE, SCORES, CannotCarry

NOT = "not-"
SET = "assert-set"
GRADED = frozenset({"rouge-n", "bleu", "gleu", "is-refusal", "tool-call-f1"})
"""Types whose score is not just 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One entry of a check list, and how much it counts."""

    entry: Entry
    weight: float = 1
    graded: bool = False
    """True where promptfoo gives it a score between 0 and 1."""

    def written(self, **beside: Any) -> Any:
        """As it stands in a check list: ``no_refusal``, or a mapping."""
        ((name, argument),) = self.entry.items()
        return name if argument is None and not beside else {**self.entry, **beside}


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """What the assertions of one test need to know beside themselves."""

    variables: Mapping[str, Any]
    tools: Tools | None
    files: Callable[[Located], Any]
    transform: str | None = None
    """JavaScript that changes every answer before assertions see it."""

    def check_list(self, assertions: Sequence[Located], threshold: Located | None) -> list[Any]:
        """The checks of one test, as they stand in a suite."""
        parts = [one for assertion in assertions for one in self._converted(assertion)]
        least = _least(threshold, parts, whole=len(parts) == len(assertions))
        if least is None:
            return [one.written(**({} if one.weight else {"mode": "tracked"})) for one in parts]
        if not least or not any(one.weight for one in parts):
            return [one.written(mode="tracked") for one in parts]
        return [{"all_of": {"checks": [_weighted(one) for one in parts], "threshold": least}}]

    def _converted(self, assertion: Located) -> list[Weighed]:
        if not assertion.is_map:
            assertion.lost("not carried: an assertion is a mapping with a type")
            return []
        if why := unresolved(assertion):
            assertion.lost(f"not carried: {why}")
            return []
        kind = assertion.at("type")
        written = "" if kind is None else str(kind.plain)
        if written == SET:
            return self._set(assertion)
        known = ASSERTIONS.get(written.removeprefix(NOT))
        if known is None:
            assertion.lost(f"not carried: promptfoo has no assertion type {written!r}")
        elif known.convert is None:
            assertion.lost(known.becomes)
        elif assertion.at("transform") is not None:
            assertion.lost("not carried: its transform changes the answer before it is looked at")
        else:
            return self._single(assertion, written, known)
        return []

    def _set(self, assertion: Located) -> list[Weighed]:
        """All of a set as one check, and beside it what never decides in it."""
        assertion.taken_at("type")
        inner = assertion.at("assert")
        parts = [one for part in (inner.entries() if inner else []) for one in self._converted(part)]
        assertion.lost_at("metric", SCORES)
        threshold = assertion.at("threshold")
        least = _least(threshold, parts, whole=inner is not None and len(parts) == len(inner.entries()))
        weight = _weight(assertion)
        idle = [Weighed(entry=one.entry, weight=0) for one in parts if least == 0 or not one.weight]
        deciding = [one for one in parts if one.weight] if least != 0 else []
        if not deciding:
            return idle
        listed = [_weighted(one) if least else one.written() for one in deciding]
        whole = {"checks": listed, "threshold": least} if least else listed
        return [Weighed(entry={"all_of": whole}, weight=weight, graded=True), *idle]

    def _single(self, assertion: Located, written: str, kind: Kind) -> list[Weighed]:
        asked = Asked(
            source=assertion,
            kind=written.removeprefix(NOT),
            negated=written.startswith(NOT),
            variables=self.variables,
            tools=self.tools,
            files=self.files,
        )
        try:
            entry = _entry(asked, kind, self.transform)
        except CannotCarry as trouble:
            assertion.lost(f"not carried: {trouble}")
            return []
        assertion.taken_at("type")
        asked.carry()
        assertion.lost_at("metric", SCORES)
        if ("threshold",) not in asked.used:
            why = f"its threshold decides nothing: {asked.kind} has none"
            assertion.lost_at("threshold", NO_SCORE if asked.kind in VERDICTS else why)
        return [Weighed(entry=entry, weight=_weight(assertion), graded=asked.kind in GRADED)]


def _entry(asked: Asked, kind: Kind, transform: str | None) -> Entry:
    if kind.convert is None:
        raise CannotCarry(kind.becomes)
    entry = kind.convert(asked)
    if asked.negated and not kind.negates:
        entry = _negation(entry)
    entry = transformed(entry, transform)
    refused = refusal_of(entry)
    if refused:
        raise CannotCarry(f"Holdfast refuses what it would become: {refused}")
    return entry


def _negation(entry: Entry) -> Entry:
    """``not_contains`` where none of the texts may occur, else ``not``."""
    ((name, argument),) = entry.items()
    texts = argument.get("all") if isinstance(argument, dict) else None
    if name == "contains" and (texts is None or isinstance(texts, str)):
        return {"not_contains": argument}
    return {"not": Weighed(entry=entry).written()}


def _weighted(one: Weighed) -> Any:
    return one.written(**({} if one.weight == 1 else {"weight": one.weight}))


def _weight(assertion: Located) -> float:
    found = assertion.at("weight")
    weight = 1 if found is None else found.plain
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight < 0:
        assertion.lost_at("weight", f"not carried: {weight!r} is no weight, so it counts as 1")
        return 1
    if found is not None:
        found.taken()
    return weight


def _least(threshold: Located | None, parts: Sequence[Weighed], *, whole: bool) -> float | None:
    """The share of weights that must pass; None where all must, 0 where nothing decides."""
    if threshold is None or threshold.plain is None:
        if threshold is not None:
            threshold.taken()
        return None  # then weights decide nothing, in promptfoo either: nothing is lost by leaving them out
    least = threshold.plain
    if isinstance(least, bool) or not isinstance(least, (int, float)) or least > 1:
        threshold.lost(f"not carried: no score reaches {least!r}, so all checks must pass")
        return None
    threshold.taken()
    if not whole:
        threshold.ledger.lose(threshold.place, threshold.what, "it now counts what was carried of the assertions only")
    if any(one.graded for one in parts):
        threshold.ledger.lose(
            threshold.place, threshold.what, "scores between 0 and 1 count as 0 or 1: Holdfast weighs passes"
        )
    return max(least, 0)

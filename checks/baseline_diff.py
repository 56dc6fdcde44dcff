"""What differs between two pictures of what is normal, probe by probe. Feeds ``holdfast baseline diff``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median
from typing import Literal

from checks.baseline_file import ProbeShown

Change = Literal["added", "removed", "changed", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One side of a comparison."""

    name: str
    """How the user called it."""
    runs: int
    probes: Mapping[str, ProbeShown]
    questions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one side shows of one probe. Medians are None where nothing was measured, shares where nothing was looked
    at."""

    samples: int
    usual_answer: str | None
    """The most frequent one, the first in the alphabet of several."""
    distinct_answers: int
    first_token_s: float | None
    total_s: float | None
    output_tokens: float | None
    input_tokens: float | None
    passed: float | None
    """Share of the samples that checks looked at and that failed none."""
    refused: float | None
    failed: int
    """Samples without an answer."""
    routes: Mapping[str, float]
    """Share of the answers, by route."""

    @classmethod
    def of(cls, shown: ProbeShown) -> Figures:
        """The figures of what was shown."""
        answers = sorted(Counter(shown.answers).items(), key=lambda told: (-told[1], told[0]))
        served = sum(shown.routes.values())
        (bad, looked), (refusals, answered) = shown.check_failed, shown.refused
        return cls(
            samples=shown.samples,
            usual_answer=answers[0][0] if answers else None,
            distinct_answers=len(answers),
            first_token_s=_median(shown.first_token_s),
            total_s=_median(shown.total_s),
            output_tokens=_median(shown.output_tokens),
            input_tokens=_median(shown.input_tokens),
            passed=1 - bad / looked if looked else None,
            refused=refusals / answered if answered else None,
            failed=sum(shown.failures.values()),
            routes={route: count / served for route, count in sorted(shown.routes.items())},
        )

    @property
    def plain(self) -> dict[str, object]:
        """As plain JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeDiff:
    """One probe on both sides."""

    probe: str
    change: Change
    request_changed: bool
    question_changed: bool | None
    """None where the question of a side is not known."""
    before: Figures | None
    after: Figures | None

    @property
    def differing(self) -> tuple[str, ...]:
        """Names of the figures that are not the same."""
        if self.before is None or self.after is None:
            return ()
        names = [field.name for field in fields(Figures)]
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.after, name))


def compare(before: Picture, after: Picture) -> tuple[ProbeDiff, ...]:
    """Every probe of either side, in the order of the later one, then those that are gone."""
    names = dict.fromkeys([*after.probes, *before.probes])
    return tuple(_probe(name, before, after) for name in names)


def _probe(name: str, before: Picture, after: Picture) -> ProbeDiff:
    old, new = before.probes.get(name), after.probes.get(name)
    asked = (before.questions.get(name, ""), after.questions.get(name, ""))
    diff = ProbeDiff(
        probe=name,
        change="same",
        request_changed=old is not None and new is not None and old.request_hash != new.request_hash,
        question_changed=asked[0] != asked[1] if all(asked) else None,
        before=Figures.of(old) if old else None,
        after=Figures.of(new) if new else None,
    )
    return replace(diff, change=_change(diff))


def _change(diff: ProbeDiff) -> Change:
    if diff.before is None:
        return "added"
    if diff.after is None:
        return "removed"
    return "changed" if diff.request_changed or diff.differing else "same"


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None

"""The dimensions a canary judges: what a pair tells each, what counts as worse, and how it is put. Feeds ``judge``.

One table line a dimension. Differences are positive where the candidate is worse: a log ratio for latency and tokens,
-1, 0 or 1 for events, a difference of distances for answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from checks.canary.bets import Array, ln_centre_above, ln_centre_below, ln_mean_above, ln_mean_below
from checks.canary.pair import Pair
from checks.drift.observation import SampleFacts

Kind = Literal["ratio", "difference", "distance"]
_SCALE = {"ratio": 0.55, "distance": 0.15}


Sides = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One respect in which a candidate may be worse."""

    name: str
    kind: Kind
    sides: Callable[[Pair], Sides]
    """What the candidate and production tell, in a unit in which a difference means something; None: nothing."""
    tolerance: float
    """Worse by this much is still "not worse": a factor less 1 for ratios, else a difference."""
    margin: float
    """A pass says: certainly not worse by this much."""
    higher: str
    """What worse is called."""
    due: Callable[[Pair], bool] = lambda _pair: True
    """Whether a pair ought to tell something of it: those that do are most of these, or there is no verdict."""

    def worse(self, pair: Pair) -> float | None:
        """How much worse the candidate is in this pair; None where a side tells nothing."""
        candidate, production = self.sides(pair)
        return None if candidate is None or production is None else candidate - production

    def silent(self, pairs: Sequence[Pair]) -> bool:
        """True where neither side ever told anything of it."""
        return all(self.sides(pair) == (None, None) for pair in pairs)

    def point(self, amount: float) -> float:
        """A tolerance or margin in the unit of ``worse``."""
        return math.log1p(amount) if self.kind == "ratio" else amount

    def ln_worse(self, differences: Array, at: float) -> Array:
        """ln evidence after each pair that the candidate is worse by more than ``at``."""
        if self.kind == "difference":
            return ln_mean_above(differences, at)
        return ln_centre_above(differences, at, _SCALE[self.kind])

    def ln_better(self, differences: Array, at: float) -> Array:
        """ln evidence after each pair that the candidate is worse by less than ``at``."""
        if self.kind == "difference":
            return ln_mean_below(differences, at)
        return ln_centre_below(differences, at, _SCALE[self.kind])


def _each(read: Callable[[SampleFacts], float | None]) -> Callable[[Pair], Sides]:
    return lambda pair: (read(pair.candidate), read(pair.production))


def _logged(read: Callable[[SampleFacts], float | None]) -> Callable[[Pair], Sides]:
    def logarithm(sample: SampleFacts) -> float | None:
        value = read(sample)
        return math.log(value) if value is not None and value > 0 else None

    return _each(logarithm)


def _broke(sample: SampleFacts) -> float:
    return float(sample.failed or bool(sample.check_failed))


def _refused(sample: SampleFacts) -> float | None:
    return None if sample.failed else float(sample.refused)


def _distances(pair: Pair) -> Sides:
    return pair.candidate_distance, pair.production_distance


DIMENSIONS: dict[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension(
            name="checks",
            kind="difference",
            sides=_each(_broke),
            tolerance=0.0,
            margin=0.10,
            higher="more answers fail their checks, or fail at all",
        ),
        Dimension(
            name="refusals",
            kind="difference",
            sides=_each(_refused),
            tolerance=0.0,
            margin=0.10,
            higher="more answers refuse",
        ),
        Dimension(
            name="latency.first_token",
            kind="ratio",
            sides=_logged(lambda sample: sample.first_token_s),
            tolerance=0.05,
            margin=0.25,
            higher="the first token comes later",
        ),
        Dimension(
            name="latency.total",
            kind="ratio",
            sides=_logged(lambda sample: sample.total_s),
            tolerance=0.05,
            margin=0.25,
            higher="answers take longer",
        ),
        Dimension(
            name="tokens.output",
            kind="ratio",
            sides=_logged(lambda sample: sample.output_tokens),
            tolerance=0.05,
            margin=0.25,
            higher="answers have more tokens",
        ),
        Dimension(
            name="tokens.input",
            kind="ratio",
            sides=_logged(lambda sample: sample.input_tokens),
            tolerance=0.05,
            margin=0.25,
            higher="questions have more tokens",
        ),
        Dimension(
            name="answers",
            kind="distance",
            sides=_distances,
            due=lambda pair: _distances(pair) != (None, None) or pair.candidate.failed or pair.production.failed,
            tolerance=0.10,
            margin=0.25,
            higher="answers are further from what production says",
        ),
    )
}
"""What a canary may judge, in the order of reports."""

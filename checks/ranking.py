"""How good a ranked list of documents is against those known to be relevant. Feeds ``retrieved``.

Sources: precision, recall: Manning, Raghavan, Schütze, Introduction to Information Retrieval (2008), section 8.4;
reciprocal rank: Voorhees, The TREC-8 Question Answering Track Report (1999); nDCG: Järvelin and Kekäläinen, Cumulated
gain-based evaluation of IR techniques, ACM TOIS 20 (2002), with the grade itself as the gain and log2(rank + 1) as the
discount, as trec_eval computes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log2

Grades = Mapping[str, float]
"""How relevant each known document is; what is not in it, or has 0, is not relevant."""


def recall_at(ranked: Sequence[str], grades: Grades, k: int | None) -> float:
    """The share of the relevant documents that is among the first k."""
    relevant = _relevant(grades)
    return len(relevant.intersection(ranked[:k])) / len(relevant)


def precision_at(ranked: Sequence[str], grades: Grades, k: int | None) -> float:
    """The share of relevant documents among the first k; ranks that are not filled count as misses."""
    among = len(ranked) if k is None else k
    return len(_relevant(grades).intersection(ranked[:k])) / among if among else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Grades, k: int | None) -> float:
    """1 / rank of the first relevant document; 0 where none is among the first k."""
    relevant = _relevant(grades)
    return next((1 / rank for rank, name in enumerate(ranked[:k], 1) if name in relevant), 0.0)


def ndcg_at(ranked: Sequence[str], grades: Grades, k: int | None) -> float:
    """The gain of the first k, discounted by rank, over that of the best possible order."""
    best = _discounted(sorted(grades.values(), reverse=True)[:k])
    return _discounted(grades.get(name, 0.0) for name in ranked[:k]) / best


def _discounted(gains: Iterable[float]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _relevant(grades: Grades) -> set[str]:
    return {name for name, grade in grades.items() if grade > 0}

"""How probable it is that chance alone put so few good ones into one of two groups. Feeds ``cohorts``."""

from __future__ import annotations

from math import exp, fsum, lgamma


def lower_tail(passed: int, total: int, others_passed: int, others_total: int) -> float:
    """P(X <= ``passed``) where X good ones fall among ``total`` by chance: Fisher's exact test, one-sided.

    X is hypergeometric: ``total`` drawn without replacement from both groups together, of which ``passed`` +
    ``others_passed`` are good. No approximation; 1 where a group is empty.

    Source: R. A. Fisher, The Logic of Inductive Inference, Journal of the Royal Statistical Society 98 (1935) 39-82.
    """
    good, whole = passed + others_passed, total + others_total
    least = max(0, good - others_total)
    if not total or not others_total:
        return 1.0
    whole_ln = _choose_ln(whole, total)
    terms = (
        exp(_choose_ln(good, x) + _choose_ln(whole - good, total - x) - whole_ln) for x in range(least, passed + 1)
    )
    return min(1.0, fsum(terms))


def _choose_ln(n: int, k: int) -> float:
    """Natural logarithm of the binomial coefficient."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

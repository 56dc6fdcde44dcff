"""BLEU and GLEU of one answer: how many runs of words it shares with expected texts. Feeds the ``bleu`` check.

Sources: Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation" (2002), smoothed as method 3
of Chen and Cherry, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU" (2014); for GLEU Wu et
al., "Google's Neural Machine Translation System" (2016), section 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from checks.ngrams import CountedText, Runs

BleuVariant = Literal["bleu", "gleu"]


def bleu(said: CountedText, wanted: Sequence[CountedText]) -> float:
    """BLEU, 0 to 1, against all texts at once: precision of runs of one to four words, times the brevity penalty.

    Runs longer than the answer itself are left out. The first length without any match counts as half a match, the
    next as a quarter, and so on; an answer without one common word is 0.
    """
    matches = [_matched(runs, [text.runs[index] for text in wanted]) for index, runs in enumerate(said.runs) if runs]
    if not matches or not matches[0]:
        return 0.0
    logs, smoothed = [], 1.0
    for index, matched in enumerate(matches):
        smoothed = smoothed if matched else smoothed / 2
        logs.append(math.log((matched or smoothed) / (said.words - index)))
    return _brevity(said.words, [text.words for text in wanted]) * math.exp(math.fsum(logs) / len(logs))


def gleu(said: CountedText, wanted: Sequence[CountedText]) -> float:
    """GLEU, 0 to 1, against the best of the texts: the smaller of precision and recall over runs up to four words."""
    return max((_lesser_share(said, text) for text in wanted), default=0.0)


BLEUS: dict[BleuVariant, Callable[[CountedText, Sequence[CountedText]], float]] = {"bleu": bleu, "gleu": gleu}


def _matched(said: Runs, wanted: Sequence[Runs]) -> int:
    """Runs of the answer that some text holds, each at most as often as the text that holds it most."""
    return sum(min(count, max(text[run] for text in wanted)) for run, count in said.items())


def _brevity(said: int, wanted: Sequence[int]) -> float:
    closest = min(wanted, key=lambda length: (abs(length - said), length))
    return 1.0 if said >= closest else math.exp(1 - closest / said)


def _lesser_share(said: CountedText, wanted: CountedText) -> float:
    common = sum((left & right).total() for left, right in zip(said.runs, wanted.runs, strict=True))
    most = max(sum(runs.total() for runs in text.runs) for text in (said, wanted))
    return common / most if most else 0.0

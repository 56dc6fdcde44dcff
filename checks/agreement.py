"""Which of several answers agree, and on what. Feeds ``self_consistency``.

The share of the most frequent answer among several samples of one question: the majority vote of Wang et al. 2022,
"Self-Consistency Improves Chain of Thought Reasoning in Language Models", here used to judge and not to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from checks.similarity import similarity

COMPARED_ANSWERS = 60
"""Most different answers that are compared pair by pair."""
COMPARED_CHARS = 2_000
"""Characters of an answer that are compared with every other one."""


class TooMany(ValueError):
    """There are more different answers than can be compared pair by pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one sample says, made comparable."""

    value: Hashable
    """Equal for answers that say the same; None where the answer holds no such thing."""
    shown: str
    """The same for people; where there is no value, what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The largest group of answers that agree; of several as large, that of the earliest answer."""

    members: frozenset[int]
    """Their numbers in the sequence; empty where no answer has a value."""
    total: int
    shown: str
    """What they say."""

    @property
    def is_majority(self) -> bool:
        """True where they are at least two and more than half of all."""
        return len(self.members) > max(1.0, self.total / 2)

    def reaches(self, share: float) -> bool:
        """True where at least two agree and they are at least this share of all."""
        return len(self.members) >= max(2.0, share * self.total - 1e-9)  # 7 % of 100 is 7.000000000000001


def agreement(answers: Sequence[Answer]) -> Agreement:
    """Answers of the same value agree."""
    counted = Counter(answer.value for answer in answers if answer.value is not None)
    most = max(counted.values(), default=0)
    value = next((value for value, often in counted.items() if often == most), None)
    alike = [number for number, answer in enumerate(answers) if value is not None and answer.value == value]
    return _of(alike, answers)


def likeness(answers: Sequence[Answer], at_least: float) -> Agreement:
    """Answers (texts) agree with the one that most others are at least so similar to (``checks.similarity``, ratio).

    Raises:
        TooMany: there are more than ``COMPARED_ANSWERS`` different answers.
    """
    texts = list(dict.fromkeys(str(answer.value) for answer in answers if answer.value is not None))
    if len(texts) > COMPARED_ANSWERS:
        raise TooMany(f"{len(texts)} answers differ; at most {COMPARED_ANSWERS} are compared by similarity")
    near = _neighbours(texts, at_least)
    groups = [[n for n, answer in enumerate(answers) if answer.value in near[text]] for text in texts]
    return _of(max(groups, key=len, default=[]), answers)


def _neighbours(texts: Sequence[str], at_least: float) -> dict[str, set[Hashable]]:
    near: dict[str, set[Hashable]] = {text: {text} for text in texts}
    for number, left in enumerate(texts):
        for right in texts[number + 1 :]:
            if similarity(left[:COMPARED_CHARS], right[:COMPARED_CHARS]) >= at_least:
                near[left].add(right)
                near[right].add(left)
    return near


def _of(members: Sequence[int], answers: Sequence[Answer]) -> Agreement:
    shown = answers[members[0]].shown if members else ""
    return Agreement(members=frozenset(members), total=len(answers), shown=shown)

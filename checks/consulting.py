"""Checks that need another endpoint: what all of them have in common, and the questions of a whole check list.

Feeds the checks of meaning, and the runner, which asks between firing and checking.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.check import CheckContext, Rule
from checks.composition import Composed
from checks.inquiry import Inquiry
from checks.run_checks import BoundCheck
from probes.sample import Sample
from probes.turns import view_of

UNASKED = "nobody was asked: this check needs another endpoint, which is consulted by a run only"


class Consulting(ABC):
    """Base of rules that ask. ``examine`` reads ``context.replies`` by the keys of ``questions``."""

    judge: str | None = None
    """Name of the endpoint to ask, where the check names one itself."""
    embedding: bool = False
    """True where it asks for vectors instead of verdicts."""

    @abstractmethod
    def questions(self, sample: Sample, context: CheckContext) -> tuple[Inquiry, ...]:
        """What to ask about one answered sample; nothing where the outcome is certain without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One inquiry with the place that needs its reply."""

    inquiry: Inquiry
    sample_id: str
    position: int
    """0-based place of the check in the list."""


def consultants(rule: Rule) -> Iterator[Consulting]:
    """The rule itself where it asks, or those within it that do."""
    if isinstance(rule, Composed):
        for part in rule.parts:
            yield from consultants(part.rule)
    elif isinstance(rule, Consulting):
        yield rule


def wanted(bound: Sequence[BoundCheck], samples: Sequence[Sample], context: CheckContext) -> Iterator[Wanted]:
    """What the checks of one probe want to ask about its samples, in the order of the list."""
    for position, check in enumerate(bound):
        asking = list(consultants(check.rule))
        for sample in samples if asking else ():
            seen = sample if check.turn is None else view_of(sample, check.turn)
            if seen is None or seen.failure is not None:
                continue
            for rule in asking:
                for inquiry in rule.questions(seen, context.at_turn(check.turn)):
                    yield Wanted(inquiry=inquiry, sample_id=sample.sample_id, position=position)

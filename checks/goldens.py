"""Texts an answer is compared with: written in the suite, or what the baseline holds. Feeds the checks of likeness."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, ClassVar

from pydantic import Field

from checks.argument import Argument, Texts
from checks.check import CheckContext
from probes.sample import Sample
from probes.suite import Share

BASELINE = "baseline"
COMPARED_TEXTS = 100
"""Different answers of the baseline that are compared; a list in a suite counts in full."""
NO_BASELINE = "there is no baseline answer to compare with yet"

Least = Annotated[Share, Field(gt=0)]
"""How alike is enough: more than nothing."""


class Goldens(Argument):
    """One or several texts, or the word ``baseline``, and how alike (0 to 1, or in percent) is enough."""

    main: ClassVar[str] = "to"
    examples: ClassVar[tuple[Any, ...]] = ("You can return it within 30 days.",)

    to: Texts

    @property
    def to_baseline(self) -> bool:
        """True where the baseline's own answers are meant."""
        return self.to == (BASELINE,)

    def answer(self, sample: Sample, context: CheckContext) -> str:
        """The answer to compare: beside the baseline in the form in which that is kept."""
        return context.as_kept(sample.answer or "") if self.to_baseline else sample.answer or ""

    def texts(self, context: CheckContext) -> tuple[str, ...]:
        """What to compare with, each text once; empty while there is no baseline."""
        if not self.to_baseline:
            return tuple(dict.fromkeys(self.to))
        return tuple(islice(dict.fromkeys(context.baseline_answers), COMPARED_TEXTS))

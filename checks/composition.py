"""Checks made of checks: what their parts say of a sample, and what that makes of the whole. Feeds ``all_of``,
``any_of``, ``not`` and binding.

Three-valued, after Kleene's strong logic: a part that broke may be either, so the whole is decided only where both
would give the same word. A negation of what broke therefore never passes.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import TypeAdapter

from checks.check import CheckContext
from checks.faults import fault_of_rule
from checks.finding import Outcome, Status
from checks.inner_check import InnerCheck
from checks.mistakes import Path
from checks.quote import shortened
from checks.run_checks import BoundCheck, examined
from probes.fault import Fault
from probes.sample import Sample

MOST_NESTED = 5
"""Most checks made of checks within each other."""
_ROUNDING = 1 - 1e-9  # 0.1 + 0.2 is not 0.3 in floating point; as a factor, so that the lightest weights count too
_NAMED = 3
_LABEL_CHARS = 80
_REASON_CHARS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one part says of a sample."""

    check: str
    argument: str
    weight: float
    outcome: Outcome
    fault: Fault = Fault.WRONG_ANSWER
    """What its rule is about, whatever came of it."""

    @property
    def label(self) -> str:
        """``contains "30 days"``: the part as it was written."""
        return shortened(f"{self.check} {self.argument}".strip(), _LABEL_CHARS)

    @property
    def reason(self) -> str:
        """Which part it is, and why it says so."""
        return f"{self.check}: {self.outcome.reason}"


class Composed(ABC):
    """Base of checks made of checks. Binding makes rules of ``entries`` and hands them over with ``of``."""

    name: ClassVar[str]
    argument: ClassVar[TypeAdapter[Any]]
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER
    """Where no part knows better: the parts say what broke."""
    reads_answer: ClassVar[bool] = False
    """The parts decide."""

    def __init__(self, entries: Sequence[tuple[Path, InnerCheck]]) -> None:
        self.entries = tuple(entries)
        """The entries, with their paths from the argument."""
        self.parts: tuple[BoundCheck, ...] = ()

    def of(self, parts: Sequence[BoundCheck]) -> Self:
        """The same check with the rules of its entries, in their order."""
        made = copy.copy(self)
        made.parts = tuple(parts)
        return made

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        """Look at one sample with every part, and draw the conclusion."""
        said = [
            Said(
                check=part.spec.check,
                argument=part.argument_text,
                weight=entry.weight,
                outcome=examined(part.rule, sample, context),
                fault=fault_of_rule(part.rule),
            )
            for part, (_, entry) in zip(self.parts, self.entries, strict=True)
        ]
        told = self.concluded(said, sample.answer or "")
        return Outcome(status=told.status, reason=shortened(told.reason), span=told.span, fault=told.fault)

    @abstractmethod
    def concluded(self, said: Sequence[Said], answer: str) -> Outcome:
        """What the parts make of the whole; at least one of them."""


def in_list(entries: Sequence[InnerCheck]) -> list[tuple[Path, InnerCheck]]:
    """Entries of the option ``checks`` with their paths."""
    return [(("checks", index), entry) for index, entry in enumerate(entries)]


def those(said: Sequence[Said], status: Status) -> list[Said]:
    """The parts that say so."""
    return [part for part in said if part.outcome.status is status]


def weight_of(said: Sequence[Said], status: Status) -> float:
    """What the parts that say so weigh together."""
    return math.fsum(part.weight for part in those(said, status))


def share_decided(said: Sequence[Said], least: float) -> Status:
    """Whether parts of the share ``least`` of all weights pass, those that were skipped left out.

    Where a part broke, the share is between that without it and that with it.
    """
    passed, failed, broke = (weight_of(said, status) for status in (Status.PASS, Status.FAIL, Status.ERROR))
    needed = least * (passed + failed + broke) * _ROUNDING
    if not passed + failed + broke:
        return Status.SKIPPED
    if passed and passed >= needed:
        return Status.PASS
    return Status.ERROR if broke and passed + broke >= needed else Status.FAIL


def of_first(status: Status, said: Sequence[Said], before: str = "") -> Outcome:
    """The outcome of the whole in the words of the first part that has this status, with its place in the answer."""
    first = those(said, status)[0]
    return Outcome(status=status, reason=before + first.reason, span=first.outcome.span, fault=first.outcome.fault)


def reasons_of(said: Sequence[Said]) -> str:
    """Why parts say what they say, the first few of them."""
    shown = "; ".join(shortened(part.reason, _REASON_CHARS) for part in said[:_NAMED])
    return shown if len(said) <= _NAMED else f"{shown}; and {len(said) - _NAMED} more"

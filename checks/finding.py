"""The result of one check over the samples of one probe in one run. Feeds verdict, drift, store and reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from probes.fault import Fault


class Status(StrEnum):
    """``error`` means the check itself broke: that is never a pass, and never the endpoint's fault."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check says of one sample."""

    status: Status
    reason: str = ""
    """One line: what was expected and what came. Empty on a pass. Quotes hostile text: escape it where shown."""
    span: tuple[int, int] | None = None
    """Where in the answer, as character offsets [start, end), where that makes sense."""
    fault: Fault | None = None
    """What broke, where it fails: left out, what the rule's own ``fault`` says. In a finding it is filled in for every
    outcome that failed or broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOutcome:
    """An outcome with the sample it speaks of."""

    sample_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says of one probe in one run, after ``require`` was applied."""

    probe: str
    check: str
    argument: str
    """The argument as compact JSON text, for people; empty where there is none."""
    mode: Literal["contract", "tracked"]
    policy: bool
    """True for checks that state who may answer (``route``): they alert as policy, at once."""
    status: Status
    passed: int
    total: int
    """Samples the check could look at; skipped and broken ones are not in it."""
    reason: str
    """The first failing (or broken, or skipping) sample's reason; empty on a pass."""
    outcomes: tuple[SampleOutcome, ...] = ()
    severity: Literal["page", "ticket", "info"] | None = None
    """How loudly it alerts when it is broken; None: as its kind of alert does."""
    turn: int | None = None
    """1-based number of the turn it looked at; None where it looked at the answer as a whole."""
    fault: Fault | None = None
    """What broke: the class of the first sample that failed, ``instrument`` where the check broke, None otherwise."""

    @property
    def label(self) -> str:
        """The check's name for people, with its turn where it looked at one."""
        return self.check if self.turn is None else f"turn {self.turn}: {self.check}"

"""The contract every check rule fulfils, what it may know beside the sample, and the outcomes it may give.

A rule is one file under ``checks/rules`` and one line in its table. Rules are pure: a sample and a context in,
an outcome out; the only exception handler around them is ``run_checks``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pydantic import TypeAdapter

from checks.finding import Outcome, Status
from probes.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What a rule may know beside the sample it looks at."""

    baseline_answers: tuple[str, ...] = ()
    """Answers of this probe in the baseline, one entry an answer (repeats kept); empty while there is none."""
    siblings: tuple[Sample, ...] = ()
    """All answered samples of this probe in this run, the examined one among them, as the check sees them."""


class Rule(Protocol):
    """One check with its argument, ready to look at samples.

    ``argument`` describes what YAML may write after the check's name (short form and mapping alike); it feeds
    validation and the editor's JSON Schema, whose first ``examples`` entry is shown to whoever got it wrong. The
    constructor gets the validated value and may raise ``ValueError`` for what a schema cannot say (a regular
    expression that does not compile).
    """

    name: ClassVar[str]
    argument: ClassVar[TypeAdapter[Any]]
    policy: ClassVar[bool]
    """True where the rule states who may answer: alerts as policy, at once."""

    def __init__(self, argument: Any) -> None: ...

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        """Look at one sample that has an answer."""
        ...


PASSED = Outcome(status=Status.PASS)


def failed(reason: str, span: tuple[int, int] | None = None) -> Outcome:
    """What was expected did not come; ``span`` is where in the answer, as character offsets [start, end)."""
    return Outcome(status=Status.FAIL, reason=reason, span=span)


def unmeasured(reason: str) -> Outcome:
    """The reply lacks what the rule needs. That is an error, because a promise nobody can verify is not kept."""
    return Outcome(status=Status.ERROR, reason=reason)


def skipped(reason: str) -> Outcome:
    """The rule has nothing to say of this sample, and that is no one's fault."""
    return Outcome(status=Status.SKIPPED, reason=reason)

"""The contract every check rule fulfils, what it may know beside the sample, and the outcomes it may give.

A rule is one file under ``checks/rules`` and one line in its table. Rules are pure: a sample and a context in,
an outcome out; the only exception handler around them is ``run_checks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

from pydantic import TypeAdapter

from checks.finding import Outcome, Status
from checks.inquiry import InquiryReply
from probes.fault import Fault
from probes.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What a rule may know beside the sample it looks at."""

    baseline_answers: tuple[str, ...] = ()
    """Answers of this probe in the baseline, one entry an answer (repeats kept); empty while there is none."""
    as_kept: Callable[[str], str] = str
    """An answer as the baseline would keep it: what is taken out of those must not count as a difference."""
    siblings: tuple[Sample, ...] = ()
    """All answered samples of this probe in this run, the examined one among them, as the check sees them."""
    question: str = ""
    """What the user said last before the answer, as text; empty where nobody told."""
    turns: tuple[str, ...] = ()
    """What the user said in each turn of a script."""
    votes: int = 1
    """How often a judge is asked the same question, where the check does not say."""
    replies: Mapping[str, InquiryReply] = field(default_factory=dict)
    """What other endpoints said, by the keys of the inquiries of the checks; see ``consulting``."""

    def at_turn(self, turn: int | None) -> CheckContext:
        """The context of a check that looks at one turn (0-based); None: at the answer as a whole."""
        return self if turn is None or turn >= len(self.turns) else replace(self, question=self.turns[turn])


class Rule(Protocol):
    """One check with its argument, ready to look at samples.

    ``argument`` describes what YAML may write after the check's name (short form and mapping alike); it feeds
    validation and the editor's JSON Schema, whose first ``examples`` entry is shown to whoever got it wrong. The
    constructor gets the validated value and may raise ``ValueError`` for what a schema cannot say (a regular
    expression that does not compile).

    Three more class attributes may be left out: ``version``, a whole number (default 1) that is raised when the rule
    comes to judge differently, so that pass rates are learned anew; ``fault``, the class of what broke where the rule
    fails (default ``wrong_answer``; an outcome may name a more exact one); and ``reads_answer``, False for a rule that
    has something to look at where an endpoint only retrieves (default True).
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


def failed(reason: str, span: tuple[int, int] | None = None, fault: Fault | None = None) -> Outcome:
    """What was expected did not come; ``span`` is where in the answer, as character offsets [start, end).

    ``fault``: what broke, where that is not what the rule's class attribute says.
    """
    return Outcome(status=Status.FAIL, reason=reason, span=span, fault=fault)


def unmeasured(reason: str) -> Outcome:
    """The reply lacks what the rule needs. That is an error, because a promise nobody can verify is not kept."""
    return Outcome(status=Status.ERROR, reason=reason)


def skipped(reason: str) -> Outcome:
    """The rule has nothing to say of this sample, and that is no one's fault."""
    return Outcome(status=Status.SKIPPED, reason=reason)

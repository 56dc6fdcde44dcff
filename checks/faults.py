"""Of which class an outcome is, and whether a rule has anything to look at. Feeds ``run_checks`` and ``composition``.

What a rule says of its own class is optional: rules of other packages may say nothing.
"""

from __future__ import annotations

from dataclasses import replace

from checks.check import Rule
from checks.finding import Outcome, Status
from probes.fault import Fault
from probes.sample import Sample

NO_ANSWER = "there is no answer: this endpoint only retrieves"


def fault_of_rule(rule: Rule) -> Fault:
    """What broke where the rule fails and nobody knows better; ``wrong_answer`` where it does not say.

    Raises:
        ValueError: it says something that is no class.
    """
    return Fault(getattr(rule, "fault", Fault.WRONG_ANSWER))


def classed(outcome: Outcome, rule: Rule) -> Outcome:
    """The outcome with its class: its own or the rule's where it fails, ``instrument`` where the check broke.

    Raises:
        ValueError: the class is none of those there are.
    """
    if outcome.status is Status.FAIL:
        return replace(outcome, fault=Fault(outcome.fault) if outcome.fault else fault_of_rule(rule))
    fault = Fault.INSTRUMENT if outcome.status is Status.ERROR else None
    return outcome if outcome.fault is fault else replace(outcome, fault=fault)


def overruled(outcome: Outcome, by: Fault | None) -> Outcome:
    """The outcome with the class the suite gave the check. A check that broke measured nothing, whatever its class."""
    return replace(outcome, fault=by) if by is not None and outcome.status is Status.FAIL else outcome


def lacks_answer(rule: Rule, sample: Sample) -> bool:
    """True where the rule reads the answer and the endpoint only retrieves. A call of a tool is an answer, too."""
    reads = getattr(rule, "reads_answer", True)
    return reads and sample.answer is None and sample.documents is not None and not sample.tool_calls

"""The check ``regex``: a pattern that must match somewhere in the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.argument import Argument, Text
from checks.check import CheckContext, failed, unmeasured
from checks.finding import Outcome, Status
from checks.pattern import compile_pattern
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample


class Pattern(Argument):
    """A regular expression in Python's dialect. ``multiline`` lets ``^`` and ``$`` match at every line."""

    main: ClassVar[str] = "pattern"
    examples: ClassVar[tuple[Any, ...]] = (r"\b\d{1,3} days\b", {"pattern": "^total: ", "multiline": True})

    pattern: Text
    ignore_case: bool = False
    multiline: bool = False


class Regex:
    """The pattern matches within the characters it may be let loose on; ``span`` is where."""

    name: ClassVar[str] = "regex"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Pattern)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Pattern) -> None:
        self._pattern = compile_pattern(
            argument.pattern, ignore_case=argument.ignore_case, multiline=argument.multiline
        )

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        span = self._pattern.find(answer)
        if span is not None:
            return Outcome(status=Status.PASS, span=span)
        wanted = f"a match of {quoted(self._pattern.compiled.pattern, 80)}"
        if len(answer) > self._pattern.chars:  # what was not looked at may hold it: neither a pass nor a fail
            return unmeasured(
                f"{wanted} is not in the first {self._pattern.chars} characters; the rest was not searched"
            )
        return failed(f"expected {wanted}, got {quoted(answer)}")

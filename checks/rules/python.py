"""The check ``python``: a function of trusted local code says whether the answer is right."""

from __future__ import annotations

import copy
import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, TypeAdapter, WithJsonSchema

from checks.argument import Argument
from checks.check import CheckContext, unmeasured
from checks.finding import Outcome
from checks.local_code import Judgement, outcome_of
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Sample

_PATTERN = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"


def _dotted(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_PATTERN, value, re.ASCII):
        raise ValueError(f"{quoted(str(value), 60)} is not package.module:function")
    return value


class LocalFunction(Argument):
    """Where the function stands."""

    main: ClassVar[str] = "name"
    examples: ClassVar[tuple[Any, ...]] = ("acme_checks.tone:polite",)

    name: Annotated[str, BeforeValidator(_dotted), WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$"})]
    """``package.module:function``."""


class Python:
    """The function says True; the packages it may come from are named outside of the suite."""

    name: ClassVar[str] = "python"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(LocalFunction)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: LocalFunction) -> None:
        self.function = argument.name
        self.judgement: Judgement | None = None

    def calling(self, judgement: Judgement) -> Self:
        """The same check with its function at hand."""
        made = copy.copy(self)
        made.judgement = judgement
        return made

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if self.judgement is None:
            return unmeasured(f"{self.function} was never fetched")
        answer = sample.answer or ""
        return outcome_of(self.judgement(answer, sample, context), self.function, answer)

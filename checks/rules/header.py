"""The check ``header``: one header of the reply."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument, Text
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.pattern import compile_pattern
from checks.quote import quoted
from probes.fault import Fault
from probes.forms import Truth
from probes.hostile import HEADER_CHARS, kept_headers
from probes.sample import Sample

_Name = Annotated[Text, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""A field name (RFC 9110, 5.1) no longer than the names that are kept."""


class HeaderArgument(Argument):
    """A header's name, in any case, and what its value must be; the name alone asks that it is there."""

    main: ClassVar[str] = "name"
    examples: ClassVar[tuple[Any, ...]] = (
        "x-request-id",
        {"name": "content-type", "matches": "^(application/json|text/event-stream)"},
        {"name": "x-served-by", "equals": "eu-1"},
        {"name": "x-debug", "exists": False},
    )

    name: _Name
    equals: Annotated[Text, Field(max_length=HEADER_CHARS)] | None = None
    matches: Text | None = None
    exists: Truth | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> HeaderArgument:
        if not kept_headers([(self.name, "")], ()):
            raise ValueError(f"the value of {self.name} may be a secret, so it is never kept and cannot be checked")
        if self.exists is False and (self.equals is not None or self.matches is not None):
            raise ValueError("exists: false says that there is no such header, so nothing else can be asked of it")
        return self


class Header:
    """The header is there and its value as asked (or it is not there). A sample without headers cannot be judged."""

    name: ClassVar[str] = "header"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(HeaderArgument)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.ROUTING
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: HeaderArgument) -> None:
        self._name = argument.name.lower()
        self._absent = argument.exists is False
        self._equals = argument.equals
        self._matches = compile_pattern(argument.matches) if argument.matches is not None else None

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if not sample.headers:
            return unmeasured("no header of this reply was kept")
        value = sample.headers.get(self._name)
        if value is None:
            return PASSED if self._absent else failed(f"expected the header {self._name}, the reply has none")
        if self._absent:
            return failed(f"expected no header {self._name}, got {quoted(value)}")
        return self._judged(value.strip())

    def _judged(self, value: str) -> Outcome:
        if self._equals is not None and value != self._equals.strip():
            return failed(f"expected {self._name} to be {quoted(self._equals)}, got {quoted(value)}")
        if self._matches is not None and self._matches.find(value) is None:
            wanted = quoted(self._matches.compiled.pattern, 80)
            return failed(f"expected {self._name} to match {wanted}, got {quoted(value)}")
        return PASSED

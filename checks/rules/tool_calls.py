"""The check ``tool_calls``: which tools the model called, how often, in what order, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Outcome
from checks.json_answer import json_text
from checks.quote import listed, quoted
from checks.tool_arguments import BadArguments, Expected, arguments_of
from checks.tool_expectations import ToolExpectations
from checks.tool_names import forbidden_call, matches_any, other_call, wrong_names, wrong_overlap
from probes.fault import Fault
from probes.sample import Sample

Calls = Sequence[tuple[str, dict[str, Any]]]
"""Names with their arguments, in the order of the calls."""


class ToolCalls:
    """The calls of all rounds are as expected, and the arguments of every call are a JSON object."""

    name: ClassVar[str] = "tool_calls"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ToolExpectations)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.TOOL_FAILURE
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: ToolExpectations) -> None:
        self._asked = argument
        self._expected = tuple(
            (tool, Expected(one, exact=argument.exact, ignored=argument.ignore or (), defaults=argument.defaults))
            for tool, values in (argument.arguments or {}).items()
            for one in values
        )
        self._schemas = _schemas(argument.schemas or {})

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        called = [call.name for call in sample.tool_calls]
        wrong = self._wrong_names(called) or self._wrong_count(called)
        if wrong:
            return failed(wrong)
        try:
            calls = [(call.name, arguments_of(call)) for call in sample.tool_calls]
        except BadArguments as error:
            return failed(str(error))
        wrong = self._wrong_values(calls) or self._misfit(calls)
        if wrong:
            return failed(wrong)
        if self._asked.only_schemas and not any(matches_any(name, tuple(self._schemas)) for name in called):
            return skipped(f"no call of {listed(tuple(self._schemas))}, so there are no arguments to hold to a schema")
        return PASSED

    def _wrong_names(self, called: Sequence[str]) -> str:
        asked = self._asked
        if asked.any_call and not called:
            return "expected a tool call, got none"
        wrong = forbidden_call(called, asked.forbidden or ()) if asked.forbidden else ""
        wrong = wrong or (other_call(called, asked.only) if asked.only else "")
        if wrong or asked.names is None:
            return wrong
        if asked.f1 is not None:
            return wrong_overlap(called, asked.names, asked.f1)
        return wrong_names(called, asked.names, asked.order)

    def _wrong_count(self, called: Sequence[str]) -> str:
        count, names = self._asked.count, self._asked.names
        if count is None:
            return ""
        counted = [name for name in called if names is None or matches_any(name, names)]
        if count.holds(len(counted)):
            return ""
        what = f"calls of {listed(names)}" if names else "tool calls"
        return f"expected {count.words} {what}, got {len(counted)}"

    def _wrong_values(self, calls: Calls) -> str:
        for tool, expected in self._expected:
            came = [arguments for name, arguments in calls if fnmatchcase(name, tool)]
            if not any(map(expected.fits, came)):
                return f"expected a call of {quoted(tool, 60)} with {expected.words}, got {_told(came)}"
        return ""

    def _misfit(self, calls: Calls) -> str:
        for tool, fit in self._schemas.items():
            for name, arguments in calls:
                misfit = fit.misfit(arguments) if fnmatchcase(name, tool) else None
                if misfit is not None:
                    return f"the arguments of {quoted(name, 60)}: {misfit.told}"
        return ""


def _schemas(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if not schemas:
        return {}
    from checks.schema_fit import SchemaFit  # slow to import, and few suites need it

    return {tool: SchemaFit(schema) for tool, schema in schemas.items()}


def _told(came: Sequence[dict[str, Any]]) -> str:
    if not came:
        return "no call of it"
    return f"{quoted(json_text(came[0]))}{f' and {len(came) - 1} more' if len(came) > 1 else ''}"

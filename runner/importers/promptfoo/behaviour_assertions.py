"""Assertions about time, cost, finish and tool calls as checks. Feeds the table in ``assertions``."""

from __future__ import annotations

from typing import Any

from runner.importers.promptfoo.asked import Asked, Entry
from runner.importers.promptfoo.templates import js_text
from runner.importers.promptfoo.trouble import CannotCarry


def latency(asked: Asked) -> Entry:
    """``latency``: at most so many milliseconds."""
    return {"total_time": {"max": f"{js_text(asked.threshold(None))}ms"}}


def cost(asked: Asked) -> Entry:
    """``cost``: at most so many US dollars."""
    return {"cost": {"max": asked.threshold(None)}}


def finish_reason(asked: Asked) -> Entry:
    """``finish-reason``: why the answer ended."""
    return {"finish": asked.text().lower()}


def guardrails(asked: Asked) -> Entry:
    """``guardrails``: no content filter ended the answer."""
    if asked.negated:
        return {"finish": "content_filter"}
    return {"not": {"finish": "content_filter"}}


def valid_call(asked: Asked) -> Entry:
    """``is-valid-openai-tools-call`` and its kin: only tools on offer, with arguments of their schemas."""
    if asked.tools is None:
        raise CannotCarry("providers offer different tools, or from elsewhere than this file")
    if not asked.tools:
        raise CannotCarry("its provider declares no tools to hold calls to")
    schemas = {str(tool["name"]): dict(tool.get("parameters") or {}) for tool in asked.tools}
    return {"tool_calls": {"only": list(schemas), "count": {"min": 1}, "schemas": schemas}}


def tool_call_f1(asked: Asked) -> Entry:
    """``tool-call-f1``: the F1 of the names called."""
    value = asked.value()
    names = [one.strip() for one in value.split(",")] if isinstance(value, str) else asked.texts()
    return {"tool_calls": {"names": list(dict.fromkeys(names)), "f1": asked.threshold(1)}}


def tool_used(asked: Asked) -> Entry:
    """``trajectory:tool-used``: tools that were called, or how often one was."""
    value = asked.value("pattern", "name", "min", "max")
    if isinstance(value, dict):
        counted = {"tool_calls": _counted(value, least=1)}
        return {"not": counted} if asked.negated else counted
    names = list(dict.fromkeys([value] if isinstance(value, str) else asked.texts()))
    return {"tool_calls": {"forbidden": names} if asked.negated else {"names": names}}


def tool_sequence(asked: Asked) -> Entry:
    """``trajectory:tool-sequence``: tools in this order."""
    value = asked.value("steps", "mode")
    steps = value.get("steps") if isinstance(value, dict) else value
    exact = isinstance(value, dict) and value.get("mode") == "exact"
    if not isinstance(steps, list) or not steps:
        raise CannotCarry("it has no steps")
    return {"tool_calls": {"names": [_pattern(step) for step in steps], "order": "exact" if exact else "subset"}}


def tool_args(asked: Asked) -> Entry:
    """``trajectory:tool-args-match``: some call of a tool had these arguments."""
    value = asked.value("name", "pattern", "args", "arguments", "mode", "ignore", "defaults")
    if not isinstance(value, dict):
        raise CannotCarry("its value is no mapping")
    arguments = value.get("args", value.get("arguments"))
    if not isinstance(arguments, dict):
        raise CannotCarry("its arguments are no mapping")
    made: dict[str, Any] = {"arguments": {_pattern(value): arguments}}
    if value.get("mode") == "exact":
        made["exact"] = True
    for key in ("ignore", "defaults"):
        if value.get(key):
            made[key] = value[key]
    return {"tool_calls": made}


def step_count(asked: Asked) -> Entry:
    """``trajectory:step-count`` of tools; of other steps a reply tells nothing."""
    value = asked.value("type", "pattern", "name", "min", "max")
    if not isinstance(value, dict) or value.get("type") not in ("tool", ["tool"]):
        raise CannotCarry("steps other than tool calls stand in traces only, which this check does not read")
    if value.get("min") is None and value.get("max") is None:
        raise CannotCarry("it has neither min nor max")
    if value.get("pattern") or value.get("name"):
        return {"tool_calls": _counted(value, least=0)}
    return {"tool_calls": {"count": {key: value[key] for key in ("min", "max") if value.get(key) is not None}}}


def _counted(value: dict[str, Any], least: int) -> dict[str, Any]:
    name, most = _pattern(value), value.get("max")
    at_least = value.get("min", least)
    if most == 0:
        return {"forbidden": [name]}
    if at_least < 1:
        raise CannotCarry("the check tool_calls cannot count the calls of a tool that need not be called")
    return {"names": [name], "count": {"min": at_least, **({} if most is None else {"max": most})}}


def _pattern(step: Any) -> str:
    found = (step.get("pattern") or step.get("name")) if isinstance(step, dict) else step
    if not isinstance(found, str) or not found:
        raise CannotCarry("it names no tool")
    return found

"""When the fake endpoint calls a tool, with which arguments, and what it says once it knows the result. Pure.

Feeds the answer rules. A tool is called where the question holds a word of its name (``get_order``: "order"); its
arguments follow from its schema and the question alone, so that the same question always makes the same call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SHORTEST_WORD = 4
"""Letters a word of a tool's name must have to say anything: ``get`` does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """One tool the request declares."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call of an answer."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The arguments as JSON text."""
        return json.dumps(self.arguments, ensure_ascii=False)


def calls_for(question: str, tools: Sequence[OfferedTool]) -> tuple[Call, ...]:
    """The calls this question makes, in the order in which the tools were declared."""
    asked = set(_words(question))
    return tuple(
        Call(name=tool.name, arguments=_arguments(tool.parameters, question))
        for tool in tools
        if asked & {word for word in _words(tool.name) if len(word) >= SHORTEST_WORD}
    )


def answer_from(results: Sequence[str]) -> str:
    """The final answer, which repeats what the tools said."""
    return f"I looked it up for you: {'; '.join(' '.join(result.split()) for result in results)}."


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _arguments(schema: Mapping[str, Any], question: str) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _value(part, question) for name, part in properties.items() if isinstance(part, Mapping)}


def _value(schema: Mapping[str, Any], question: str) -> Any:
    """A value that fits the schema: the first of an enumeration, the number in the question, or its words."""
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    found = re.search(r"\d{1,15}", question, re.ASCII)
    match str(schema.get("type", "string")).lower():
        case "integer" | "number":
            return int(found[0]) if found else 1
        case "boolean":
            return True
        case "array":
            return []
        case "object":
            return _arguments(schema, question)
    return found[0] if found else " ".join(question.split()[:4])

"""A conversation in the messages of OpenAI's chat dialect: texts, pictures, files, tool calls and their results.

Feeds ``openai_chat`` and whoever speaks the same messages. Source: docs/wire-formats.md.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from probes.conversation import Item, Part, Said, Tool, ToolResult, attached


def wire_message(item: Item) -> dict[str, Any]:
    """One message; plain text stays a plain string, as every server takes it."""
    if isinstance(item, ToolResult):
        return {"role": "tool", "tool_call_id": item.call.id, "content": item.text}
    if isinstance(item, Said):
        calls = _calls(item)
        said: dict[str, Any] = {"role": "assistant", "content": item.text or (None if calls else "")}
        return {**said, "tool_calls": calls} if calls else said
    if isinstance(item.content, str):
        return {"role": item.role, "content": item.content}
    return {"role": item.role, "content": [_part(part) for part in item.content]}


def _calls(said: Said) -> list[dict[str, Any]]:
    """The calls as they came: ``native`` tells one by one which of them are custom calls, whose input is plain text."""
    kinds = said.native if isinstance(said.native, tuple) else ()
    return [
        {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
        if custom is True
        else {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call, custom in zip_longest(said.tool_calls, kinds[: len(said.tool_calls)])
    ]


def _part(part: Part) -> dict[str, Any]:
    if part.text is not None:
        return {"type": "text", "text": part.text}
    if part.image is not None:
        data = attached(part.image)
        return {"type": "image_url", "image_url": {"url": part.image if data is None else data.data_url}}
    return {"type": "file", "file": {"filename": part.name or "attached", "file_data": part.file}}


def wire_tool(tool: Tool) -> dict[str, Any]:
    """One declared tool."""
    function: dict[str, Any] = {"name": tool.name, "parameters": dict(tool.parameters)}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}

"""A conversation as the input items of OpenAI's responses dialect. Feeds ``openai_responses``.

Source: docs/wire-formats.md. All items are sent again with every turn, so that nothing need be stored at the provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probes.conversation import Item, Message, Part, Said, Tool, ToolResult, attached


def input_items(items: Sequence[Item]) -> list[dict[str, Any]]:
    """The items, oldest first."""
    custom = {
        item.get("call_id")
        for said in items
        if isinstance(said, Said)
        for item in _native(said)
        if item.get("type") == "custom_tool_call" and isinstance(item.get("call_id"), str)
    }
    return [wire for item in items for wire in _wired(item, custom)]


def wire_tool(tool: Tool) -> dict[str, Any]:
    """One declared tool. This dialect is strict unless told otherwise, so that is always said."""
    declared: dict[str, Any] = {"type": "function", "name": tool.name, "parameters": dict(tool.parameters)}
    declared |= {"description": tool.description} if tool.description else {}
    return {**declared, "strict": bool(tool.strict)}


def _wired(item: Item, custom: set[Any]) -> Iterator[dict[str, Any]]:
    if isinstance(item, ToolResult):
        kind = "custom_tool_call_output" if item.call.id in custom else "function_call_output"
        yield {"type": kind, "call_id": item.call.id, "output": item.text}
    elif isinstance(item, Message):
        yield {"type": "message", "role": item.role, "content": _content(item)}
    else:
        yield from _native(item) or _rebuilt(item)


def _content(message: Message) -> str | list[dict[str, Any]]:
    """Plain text stays plain; what the assistant said takes no input parts, and has only text."""
    if isinstance(message.content, str) or message.role == "assistant":
        return message.text
    return [_part(part) for part in message.content]


def _part(part: Part) -> dict[str, Any]:
    if part.text is not None:
        return {"type": "input_text", "text": part.text}
    if part.image is not None:
        data = attached(part.image)
        return {"type": "input_image", "image_url": part.image if data is None else data.data_url, "detail": "auto"}
    address = part.file or ""
    data = attached(address)
    if data is None:
        return {"type": "input_file", "file_url": address}
    return {"type": "input_file", "filename": part.name or "attached", "file_data": data.data_url}


def _native(said: Said) -> list[dict[str, Any]]:
    """The output items as they came: reasoning and the phases of messages are only in them."""
    native = said.native if isinstance(said.native, list) else []
    return [item for item in native if isinstance(item, dict)]


def _rebuilt(said: Said) -> list[dict[str, Any]]:
    spoken: list[dict[str, Any]] = [{"type": "message", "role": "assistant", "content": said.text}]
    calls: list[dict[str, Any]] = [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        for call in said.tool_calls
    ]
    return [*(spoken if said.text or not calls else ()), *calls]

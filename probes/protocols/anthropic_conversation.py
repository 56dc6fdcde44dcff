"""A conversation in Anthropic's messages: system blocks, turns of content blocks, tools. Feeds ``anthropic_messages``.

Source: docs/wire-formats.md. Turns of one role that follow each other are one message, as the results of parallel
tool calls must be.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Any

from probes.conversation import Attached, Item, Message, Part, Said, Tool, ToolResult, attached
from probes.json_fields import MalformedReply, parse_json
from probes.protocols.message_refusals import SYSTEM_ROLES
from probes.sample import ToolCall

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
"""Pictures the API takes."""
PDF = "application/pdf"

Block = Mapping[str, Any]


def system_blocks(items: Sequence[Item]) -> list[Block]:
    """The texts of all system and developer messages, wherever they stand in the conversation."""
    messages = [item for item in items if isinstance(item, Message) and item.role in SYSTEM_ROLES]
    return [_text(part.text) for message in messages for part in message.parts if part.text]


def wire_messages(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Everything else, in turns; a turn without a single block is left out, because the API takes none."""
    messages: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, Message) and item.role in SYSTEM_ROLES:
            continue
        role, blocks = _turn(item)
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    return messages


def _turn(item: Item) -> tuple[str, list[Block]]:
    if isinstance(item, ToolResult):
        return "user", [{"type": "tool_result", "tool_use_id": item.call.id, "content": item.text}]
    if isinstance(item, Said):
        return "assistant", _said(item)
    role = "assistant" if item.role == "assistant" else "user"
    return role, [_block(part) for part in item.parts if part.text != ""]


def _said(said: Said) -> list[Block]:
    """The blocks as they came: signatures of thinking are only valid unchanged."""
    if isinstance(said.native, list):
        return list(said.native)
    return [*([_text(said.text)] if said.text else []), *(_tool_use(call) for call in said.tool_calls)]


def _tool_use(call: ToolCall) -> Block:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": object_in(call.arguments)}


def object_in(arguments: str) -> dict[str, Any]:
    """The JSON object in a text; an empty one where the model wrote something else, for the API takes only objects."""
    try:
        value = parse_json(arguments.encode("utf-8", "replace"))
    except MalformedReply:
        return {}
    return value if isinstance(value, dict) else {}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _block(part: Part) -> Block:
    if part.text is not None:
        return _text(part.text)
    address = part.image or part.file or ""
    data = attached(address)
    kind = "image" if part.image is not None or (data and data.media_type in IMAGES) else "document"
    source: Block = {"type": "url", "url": address} if data is None else _source(data)
    return {"type": kind, "source": source} | ({"title": part.name} if part.name and kind == "document" else {})


def _source(data: Attached) -> Block:
    if data.media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": text_of(data) or ""}
    return {"type": "base64", "media_type": data.media_type, "data": data.base64}


def text_of(data: Attached) -> str | None:
    """The text of an attached text file; None where it is not UTF-8."""
    try:
        return b64decode(data.base64, validate=True).decode("utf-8-sig")
    except (Base64Error, UnicodeDecodeError):
        return None


def wire_tool(tool: Tool) -> dict[str, Any]:
    """One declared tool."""
    wired: dict[str, Any] = {"name": tool.name, "input_schema": dict(tool.parameters)}
    if tool.description:
        wired["description"] = tool.description
    if tool.strict is not None:
        wired["strict"] = tool.strict
    return wired

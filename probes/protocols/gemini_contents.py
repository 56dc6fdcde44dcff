"""A conversation in Gemini's contents: system instruction, turns of parts, function declarations. Feeds ``gemini``.

Source: docs/wire-formats.md. Turns of one role that follow each other are one content, as the results of parallel
calls must be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from probes.conversation import Item, Message, Part, Said, Tool, ToolResult, attached
from probes.json_fields import MalformedReply, parse_json
from probes.protocols.message_refusals import SYSTEM_ROLES

WirePart = Mapping[str, Any]

_TYPES: Mapping[str, str] = {
    "gif": "image/gif",
    "heic": "image/heic",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
}
"""Media type by the end of an address. An address that ends otherwise goes without one."""


def system_parts(items: Sequence[Item]) -> list[WirePart]:
    """The texts of all system and developer messages, wherever they stand in the conversation."""
    messages = [item for item in items if isinstance(item, Message) and item.role in SYSTEM_ROLES]
    return [{"text": part.text} for message in messages for part in message.parts if part.text]


def wire_contents(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Everything else, in turns; a turn without a single part is left out, because the API takes none."""
    contents: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, Message) and item.role in SYSTEM_ROLES:
            continue
        role, parts = _turn(item)
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        elif parts:
            contents.append({"role": role, "parts": parts})
    return contents


def _turn(item: Item) -> tuple[str, list[WirePart]]:
    if isinstance(item, ToolResult):
        return "user", [_result(item)]
    if isinstance(item, Said):
        return "model", _said(item)
    role = "model" if item.role == "assistant" else "user"
    return role, [_part(part) for part in item.parts if part.text != ""]


def _said(said: Said) -> list[WirePart]:
    """The parts as they came: a thought signature must go back in the very part it came in."""
    if isinstance(said.native, list):
        return list(said.native)
    calls = [
        {"functionCall": {**({"id": call.id} if call.id else {}), "name": call.name, "args": _object(call.arguments)}}
        for call in said.tool_calls
    ]
    return [*([{"text": said.text}] if said.text else []), *calls]


def _result(result: ToolResult) -> WirePart:
    """A result that is a JSON object goes as it is; anything else as ``output``, the API's own word for it."""
    response = _object(result.text) or {"output": result.text}
    call = {"id": result.call.id} if result.call.id else {}
    return {"functionResponse": {**call, "name": result.call.name, "response": response}}


def _object(text: str) -> dict[str, Any]:
    try:
        value = parse_json(text.encode("utf-8", "replace"))
    except MalformedReply:
        return {}
    return value if isinstance(value, dict) else {}


def _part(part: Part) -> WirePart:
    if part.text is not None:
        return {"text": part.text}
    address = part.image or part.file or ""
    data = attached(address)
    if data is not None:
        return {"inlineData": {"mimeType": data.media_type, "data": data.base64}}
    media_type = _TYPES.get(urlsplit(address).path.rpartition(".")[2].lower())
    return {"fileData": {**({"mimeType": media_type} if media_type else {}), "fileUri": address}}


def wire_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """All declared tools, as one tool of functions. ``strict`` has no counterpart here."""
    return [{"functionDeclarations": [_declaration(tool) for tool in tools]}] if tools else []


def _declaration(tool: Tool) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name, "parametersJsonSchema": dict(tool.parameters)}
    return {**declared, "description": tool.description} if tool.description else declared

"""One content block of an Anthropic message, whole or growing by deltas. Feeds ``anthropic_reply`` only.

Source: docs/wire-formats.md. Blocks of the API's own tools and kinds nobody knows yet are carried along, not read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from probes.hostile import whole_characters
from probes.json_fields import as_object, get_list, get_object, get_text
from probes.protocols.anthropic_conversation import object_in
from probes.protocols.asked import arguments_text, shallow
from probes.sample import ToolCall

_GROWS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
    "signature_delta": "signature",
}
"""Kind of delta to the field it brings a piece of."""
_READ = {"text": "text", "thinking": "thinking", "tool_use": "partial_json"}
"""Kind of block to the field whose growth is content."""
_AT_ONCE = ("tool_use", "redacted_thinking")
"""Kinds that say something by beginning."""


@dataclass(slots=True, kw_only=True)
class Block:
    """One content block. Made by ``begin``."""

    kind: str
    head: dict[str, Any]
    """As it came when it began."""
    pieces: dict[str, list[str]] = field(default_factory=dict)
    cited: list[dict[str, Any]] = field(default_factory=list)
    known: bool = True
    """False once it grew in a way that is not known here: then it cannot be repeated as it was."""

    @property
    def opens(self) -> bool:
        """True where its beginning is content already."""
        text = self.head.get(self.kind) if self.kind in ("text", "thinking") else None
        return bool(text) or self.kind in _AT_ONCE

    def grow(self, delta: dict[str, Any]) -> bool:
        """Add one delta; True where it carried content.

        Raises:
            MalformedReply: a field has a type the dialect does not know.
        """
        kind = get_text(delta, "type") or ""
        if kind == "citations_delta":
            self.cited.append(_citation(get_object(delta, "citation")))
            return False
        name = _GROWS.get(kind)
        if name is None:
            self.known = False
            return False
        piece = get_text(delta, name) or ""
        self.pieces.setdefault(name, []).append(piece)
        return bool(piece) and _READ.get(self.kind) == name

    def _whole(self, name: str) -> str:
        return (get_text(self.head, name) or "") + "".join(self.pieces.get(name, ()))

    @property
    def text(self) -> str:
        """What it adds to the answer."""
        return self._whole("text") if self.kind == "text" else ""

    @property
    def tool_call(self) -> ToolCall | None:
        """The call of one of our tools that it is."""
        if self.kind != "tool_use":
            return None
        grown = "".join(self.pieces.get("partial_json", ()))
        return ToolCall(
            id=whole_characters(get_text(self.head, "id") or ""),
            name=whole_characters(get_text(self.head, "name") or ""),
            arguments=whole_characters(grown) or arguments_text(self.head.get("input", {})),
        )

    @property
    def citations(self) -> list[str]:
        """What it cites: addresses, sources, titles, or the number of the document in the request."""
        cited = [*get_list(self.head, "citations"), *self.cited] if self.kind == "text" else []
        return [name for citation in cited if (name := _cited(citation))]

    @property
    def native(self) -> dict[str, Any] | None:
        """The block as the next request repeats it; None where there is nothing to repeat, or no way to."""
        if not self.known or (self.kind == "text" and not self.text):
            return None
        block = dict(self.head)
        block |= {name: self._whole(name) for name in self.pieces if name != "partial_json"}
        if "partial_json" in self.pieces:
            block["input"] = object_in("".join(self.pieces["partial_json"]))
            shallow(block, "a content block")
        if self.cited:
            block["citations"] = [*get_list(self.head, "citations"), *self.cited]
        return block


def begin(head: dict[str, Any]) -> Block:
    """A block as it begins in a stream, or as it stands in a whole reply.

    Raises:
        MalformedReply: a field has a type the dialect does not know, or it is nested too deeply.
    """
    shallow(head, "a content block")
    kind = get_text(head, "type") or ""
    for name in {"text": ("text",), "thinking": ("thinking", "signature"), "tool_use": ("id", "name")}.get(kind, ()):
        get_text(head, name)
    block = Block(kind=kind, head=head)
    if kind == "text":
        for citation in get_list(head, "citations"):
            as_object(citation, "a citation")
    return block


def _citation(citation: dict[str, Any]) -> dict[str, Any]:
    shallow(citation, "a citation")
    return citation


def _cited(citation: dict[str, Any]) -> str | None:
    for name in ("url", "source", "document_title", "title"):
        if isinstance(said := citation.get(name), str) and said:
            return whole_characters(said)
    index = citation.get("document_index")
    return f"document {index}" if isinstance(index, int) and not isinstance(index, bool) else None

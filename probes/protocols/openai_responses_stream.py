"""One stream of OpenAI's responses dialect, event by event. Feeds ``openai_responses``.

Source: docs/wire-formats.md. The last event repeats the whole response and is believed over the pieces before it, which
are kept for servers whose last event repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from probes.classify import classify_tree, is_error
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.json_fields import MalformedReply, as_object, get_count, get_object, get_text, parse_json
from probes.protocols.asked import cut_off, malformed
from probes.protocols.openai_responses_output import read_output
from probes.protocols.openai_responses_reply import read_response
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseEvent
from probes.protocols.told import Told

_EVENT = "an event of the stream"
LAST = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
ANSWER = "output_text"
PIECES = {
    "response.output_text": ANSWER,
    "response.refusal": "refusal",
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "input",
}
"""Events that bring pieces of what is said, without their ``.delta`` or ``.done``, and the field they fill."""
DONE_FIELDS = {ANSWER: "text", "refusal": "refusal", "arguments": "arguments", "input": "input"}
REASONING = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})


@dataclass(slots=True, kw_only=True)
class _Item:
    """One output item while its pieces arrive."""

    tree: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    pieces: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    annotations: list[Any] = field(default_factory=list)

    def built(self) -> dict[str, Any]:
        """The item as it was told when done, else as its pieces make it."""
        if self.done and not read_output([self.tree]).silent:
            return self.tree
        said = {key: "".join(texts) for key, texts in sorted(self.pieces.items())}
        calls = {name: text for (_, name), text in said.items() if name in ("arguments", "input")}
        parts = [_part(name, text, self.annotations) for (_, name), text in said.items() if name not in calls]
        spoken: dict[str, Any] = {"type": "message", "role": "assistant", "content": parts} if parts else {}
        return {**spoken, **self.tree, **calls, **({"content": parts} if parts else {})}


class OpenAIResponsesStream:
    """Reads one stream. Whole with an event that ends the response; without one the stream was cut."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._told = Told(endpoint)
        self._items: dict[int, _Item] = {}
        self._characters = 0
        self._content = False
        self._failure: Failure | None = None
        self._reply: Reply | None = None

    @property
    def over(self) -> bool:
        return self._reply is not None or self._failure is not None

    def feed(self, event: SseEvent) -> bool:
        if self.over or event.data.strip() == b"[DONE]":
            return False
        try:
            content = self._take(as_object(parse_json(event.data, _EVENT), _EVENT), event.name)
        except MalformedReply as error:
            self._failure = malformed(error, 200)
            return False
        self._content = self._content or content
        return content

    def finish(self) -> Reply:
        if self._reply is not None:
            return self._reply
        return Reply(failure=self._failure or cut_off(self._characters), told=self._told.names)

    def _take(self, tree: dict[str, Any], name: str) -> bool:
        kind = get_text(tree, "type") or name
        if kind == "error" or (is_error(tree) and not kind.startswith("response.")):
            self._failure = classify_tree(tree, status=200)
            return False
        self._told.take(tree)
        if kind in REASONING:
            return bool(get_text(tree, "delta"))
        stem, _, end = kind.rpartition(".")
        if stem in PIECES and end in ("delta", "done"):
            return self._take_piece(tree, PIECES[stem], end)
        if stem == "response.output_item":
            self._item(tree).tree, self._item(tree).done = get_object(tree, "item"), end == "done"
        elif kind == "response.output_text.annotation.added":
            self._item(tree).annotations.append(tree.get("annotation"))
        elif kind in LAST:
            return self._take_last(tree)
        return False

    def _take_piece(self, tree: dict[str, Any], name: str, end: str) -> bool:
        """A delta, or the whole text of the part, which says nothing new unless there were no deltas."""
        key = (get_count(tree, "content_index") or 0, name)
        texts = self._item(tree).pieces.setdefault(key, [])
        text = get_text(tree, "delta" if end == "delta" else DONE_FIELDS[name]) or ""
        if end != "delta" and any(texts):
            return False
        texts.append(text)
        self._characters += len(text) if name == ANSWER else 0
        return bool(text)

    def _take_last(self, tree: dict[str, Any]) -> bool:
        """The end. It is content too, where nothing of the answer came before it."""
        response = get_object(tree, "response")
        self._told.take(response)
        self._reply = read_response(response, self._told, self._built)
        answered = self._reply.failure is None
        said = bool(self._reply.answer or self._reply.refusal or self._reply.tool_calls)
        return answered and said and not self._content

    def _built(self) -> list[dict[str, Any]]:
        return [self._items[index].built() for index in sorted(self._items)]

    def _item(self, tree: dict[str, Any]) -> _Item:
        return self._items.setdefault(get_count(tree, "output_index") or 0, _Item())


def _part(name: str, text: str, annotations: list[Any]) -> dict[str, Any]:
    if name == ANSWER:
        return {"type": "output_text", "text": text, "annotations": annotations}
    return {"type": "refusal", "refusal": text}

"""The output items of an OpenAI response: answer, refusal, tool calls, citations, documents. Feeds the readers of it.

Source: docs/wire-formats.md. Items of kinds nobody knows are stepped over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from probes.hostile import whole_characters
from probes.json_fields import as_object, get_list, get_text
from probes.sample import Document, ToolCall

_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
"""Kind of call to the field that holds what the tool is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a list of output items says."""

    answer: str = ""
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    citations: tuple[str, ...] = ()
    documents: tuple[Document, ...] | None = None

    @property
    def silent(self) -> bool:
        """True where nothing was said and nothing called."""
        return not (self.answer or self.refusal or self.tool_calls)


def read_output(items: Sequence[Any]) -> Output:
    """What the items say together. Commentary on the way is no part of an answer that is marked as the final one.

    Raises:
        MalformedReply: a field has a type the dialect does not know.
    """
    known = [as_object(item, "an output item") for item in items]
    messages = [item for item in known if item.get("type") == "message"]
    if any(message.get("phase") == "final_answer" for message in messages):
        messages = [message for message in messages if message.get("phase") != "commentary"]
    parts = [part for message in messages for part in _parts(message)]
    refusal = "".join(get_text(part, "refusal") or "" for part in parts if part.get("type") == "refusal")
    texts = [part for part in parts if part.get("type") == "output_text"]
    return Output(
        answer=whole_characters("".join(get_text(part, "text") or "" for part in texts)),
        refusal=whole_characters(refusal) or None,
        tool_calls=tuple(
            _call(item, arguments) for item in known for kind, arguments in _CALLS.items() if item.get("type") == kind
        ),
        citations=tuple(dict.fromkeys(cited for part in texts for cited in _cited(part.get("annotations")))),
        documents=_documents(known),
    )


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):  # some servers keep to the short form of the input
        return [{"type": "output_text", "text": content}]
    return [as_object(part, "a content part") for part in get_list(message, "content")]


def _call(item: dict[str, Any], arguments: str) -> ToolCall:
    """``call_id`` is what a result must name; ``id`` is only the item's own."""
    return ToolCall(
        id=whole_characters(get_text(item, "call_id") or ""),
        name=whole_characters(get_text(item, "name") or ""),
        arguments=whole_characters(get_text(item, arguments) or ""),
    )


def _cited(annotations: object) -> Iterator[str]:
    """Addresses of pages, ids of files. Lenient: an odd annotation must not make a failure of a good answer."""
    for annotation in annotations if isinstance(annotations, list) else ():
        if not isinstance(annotation, dict):
            continue
        kinds = {"url_citation": "url", "file_citation": "file_id", "container_file_citation": "file_id"}
        kind = annotation.get("type")
        cited = annotation.get(kinds[kind]) if isinstance(kind, str) and kind in kinds else None
        if isinstance(cited, str) and cited:
            yield whole_characters(cited)


def _documents(items: Sequence[dict[str, Any]]) -> tuple[Document, ...] | None:
    """What file searches found, where the request asked to be told (``include: [file_search_call.results]``)."""
    lists = [item.get("results") for item in items if item.get("type") == "file_search_call"]
    told = [results for results in lists if isinstance(results, list)]
    return tuple(_document(found) for results in told for found in results if isinstance(found, dict)) if told else None


def _is_score(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


def _document(found: dict[str, Any]) -> Document:
    name, text, score = (found.get(key) for key in ("file_id", "text", "score"))
    return Document(
        id=whole_characters(name) if isinstance(name, str) else "",
        text=whole_characters(text) if isinstance(text, str) else None,
        score=float(score) if _is_score(score) else None,
    )

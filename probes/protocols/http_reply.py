"""What a reply of any JSON API says, collected tree by tree into the one normal form. Feeds the ``http`` dialect.

Where things stand is the suite's to say (``HttpResponse``); paths are RFC 9535.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from probes.classify import classify_tree, is_error
from probes.failure import Failure
from probes.http_mapping import HttpDocuments, HttpResponse, HttpToolCalls
from probes.json_fields import MalformedReply
from probes.protocols.asked import arguments_text, malformed, raw_usage
from probes.protocols.http_fields import (
    first_value,
    get_amount,
    get_joined,
    get_listed,
    get_name,
    get_tokens,
    text_of,
)
from probes.protocols.protocol import Reply
from probes.protocols.told import Told
from probes.sample import Document, Finish, TokenUsage, ToolCall

MOST_ID_CHARACTERS = 4096
"""A longer conversation id is refused rather than cut: the next turn has to send it as it is."""
T = TypeVar("T")
_FINISHES = frozenset(finish.value for finish in Finish)
_TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
_NAMES = ("model", "finish", "trace_id", "conversation_id")


@dataclass(slots=True, kw_only=True)
class CollectedHttp:
    """What a reply has said so far. Of names and counts the last one counts."""

    mapping: HttpResponse
    told: Told
    repeats: bool
    """True where each tree tells the whole state again; else texts and lists of several trees are joined."""
    answer: list[str] = field(default_factory=list)
    answered: bool = False
    """True once something stood where the answer should."""
    refusal: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    documents: tuple[Document, ...] | None = None
    citations: tuple[str, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    failure: Failure | None = None

    @property
    def characters(self) -> int:
        return sum(map(len, self.answer))

    def take(self, tree: Any, answer: str | None) -> bool:
        """Add one tree whose answer stands at ``answer`` (None: it brings none); True where it carried content.

        Raises:
            MalformedReply: something stands where it should, and cannot be what it should be.
        """
        if failure := self._error(tree):
            self.failure = failure
            return False
        self.told.take(tree)
        self._take_names(tree)
        said = None if answer is None else get_joined(answer, tree)
        content = said is not None and self.say(said)
        refused = get_joined(self.mapping.refusal, tree) if self.mapping.refusal else None
        if refused:
            self.refusal = [refused] if self.repeats else [*self.refusal, refused]
        return bool(self._take_lists(tree) or refused or content)

    def say(self, text: str) -> bool:
        """Add a piece of the answer (all of it so far, where trees repeat); True where it says something new."""
        new = text != "".join(self.answer) if self.repeats else bool(text)
        self.answered = True
        self.answer = [text] if self.repeats else self.answer
        if not self.repeats:
            self.answer.append(text)
        return new

    def _error(self, tree: Any) -> Failure | None:
        """The failure a reply under HTTP 200 admits to, with a class by its own words where they are known."""
        if self.mapping.error is None:
            return classify_tree(tree, status=200) if isinstance(tree, dict) and is_error(tree) else None
        found = first_value(self.mapping.error, tree)
        if not found:  # missing, null, empty, false, 0
            return None
        if isinstance(found, str):
            found = {"message": found, "code": found}
        return classify_tree({"error": found if isinstance(found, dict) else {"code": found}}, status=200)

    def _take_names(self, tree: Any) -> None:
        for name in _NAMES:
            if (said := get_name(getattr(self.mapping, name), tree)) is not None:
                self.names[name] = said
        if len(self.names.get("conversation_id", "")) > MOST_ID_CHARACTERS:
            raise MalformedReply(f"the conversation id is longer than {MOST_ID_CHARACTERS} characters")
        for name in _TOKENS:
            if (count := get_tokens(getattr(self.mapping, name), tree)) is not None:
                self.tokens[name] = count
        cost = get_amount(self.mapping.cost_usd, tree)
        self.cost_usd = cost if cost is not None and cost >= 0 else self.cost_usd

    def _take_lists(self, tree: Any) -> bool:
        """Documents, citations and tool calls; True where they are content: a tool call, or all that is asked for."""
        mapping = self.mapping
        calls = _calls(mapping.tool_calls, tree) if mapping.tool_calls else None
        self.calls = _joined(self.calls, calls, self.repeats)
        if mapping.citations:
            cited = get_listed(mapping.citations, tree)
            names = None if cited is None else tuple(_texts(cited, mapping.citations))
            self.citations = _joined(self.citations, names, self.repeats)
        documents = _documents(mapping.documents, tree) if mapping.documents else None
        if documents is not None:
            self.documents = _joined(self.documents or (), documents, self.repeats)
        return bool(calls or (documents and not self.wants_answer))

    @property
    def wants_answer(self) -> bool:
        """False for an endpoint that only retrieves."""
        stream = self.mapping.stream
        return self.mapping.answer is not None or (stream is not None and (stream.plain or stream.answer is not None))

    def reply(self, missing: str) -> Reply:
        """The reply; ``missing`` begins the sentence for one without answer and documents, and their path ends it."""
        if self.failure is None and (path := self._lacking()):
            self.failure = malformed(f"{missing} {path}", 200)
        about = Reply(
            usage=TokenUsage(**self.tokens, raw=raw_usage(self.tokens)),
            model=self.names.get("model"),
            told=self.told.names,
            trace_id=self.names.get("trace_id"),
            conversation_id=self.names.get("conversation_id"),
            cost_usd=self.cost_usd,
            failure=self.failure,
        )
        return about if self.failure else self._answered(about)

    def _lacking(self) -> str | None:
        """The path at which something had to stand, and nothing did."""
        if self.wants_answer:
            lacks = not (self.answered or self.calls or self.refusal)
            stream = self.mapping.stream
            return (self.mapping.answer or (stream.answer if stream else None) or "$") if lacks else None
        documents = self.mapping.documents
        return documents.path if documents and self.documents is None else None

    def _answered(self, about: Reply) -> Reply:
        refusal = "".join(self.refusal) or None
        finish = finish_of(self.names.get("finish"), self.mapping.finishes)
        return replace(
            about,
            # None, not "": an endpoint that only retrieves has not answered emptily, which would be a refusal
            answer="".join(self.answer) if self.wants_answer else None,
            refusal=refusal,
            tool_calls=self.calls,
            finish=Finish.REFUSAL if refusal and finish in (None, Finish.STOP) else finish,
            finish_raw=self.names.get("finish"),
            documents=self.documents,
            citations=self.citations,
        )


def _joined(old: tuple[T, ...], new: tuple[T, ...] | None, repeats: bool) -> tuple[T, ...]:
    """Lists of several trees, one behind the other; one that repeats what was there takes its place."""
    if new is None:
        return old
    return new if repeats or new[: len(old)] == old else (*old, *new)


def finish_of(raw: str | None, own: Mapping[str, str]) -> Finish | None:
    """The finish reason: by the suite's own map, else where it is one of ours as it stands, else unknown."""
    if raw is None:
        return None
    name = own.get(raw, raw)
    return Finish(name) if name in _FINISHES else Finish.UNKNOWN


def _texts(values: list[Any], path: str) -> list[str]:
    kept = (value for value in values if value is not None and not isinstance(value, (dict, list)))
    return [text_of(value, f"the value at {path}") for value in kept]


def _calls(where: HttpToolCalls, tree: Any) -> tuple[ToolCall, ...] | None:
    found = get_listed(where.path, tree)
    return None if found is None else tuple(_call(where, call) for call in found)


def _call(where: HttpToolCalls, call: Any) -> ToolCall:
    name = get_name(where.name, call)
    if name is None:
        raise MalformedReply(f"a tool call has no name at {where.name}")
    arguments = first_value(where.arguments, call)
    text = arguments if isinstance(arguments, str) else "" if arguments is None else arguments_text(arguments)
    return ToolCall(id=get_name(where.id, call) or "", name=name, arguments=text_of(text, "the arguments"))


def _documents(where: HttpDocuments, tree: Any) -> tuple[Document, ...] | None:
    found = get_listed(where.path, tree)
    return None if found is None else tuple(_document(where, document) for document in found)


def _document(where: HttpDocuments, document: Any) -> Document:
    if not isinstance(document, (dict, list)):
        if document is None:
            raise MalformedReply("a retrieved document is null")
        return Document(id=text_of(document, "a document's id"))
    text = get_joined(where.text, document) if where.text else None
    name = get_name(where.id, document)
    if name is None and text is None:
        raise MalformedReply(f"a retrieved document has nothing at {where.id}")
    # without an id the text tells documents apart, and nothing else does: scores move from reply to reply
    known = name if name is not None else "sha256:" + hashlib.sha256((text or "").encode()).hexdigest()[:16]
    return Document(id=known, text=text, score=get_amount(where.score, document))

"""What a Gemini reply says, collected chunk by chunk into the one normal form. Feeds ``gemini`` only.

Source: docs/wire-formats.md. A whole reply and each event of a stream have the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.classify import classify_tree, is_error
from probes.failure import Failure
from probes.hostile import whole_characters
from probes.json_fields import as_object, get_list, get_object, get_text
from probes.protocols.asked import arguments_text, shallow
from probes.protocols.gemini_extras import citations, documents, ratings, stage, text_in, usage_of
from probes.protocols.protocol import Reply
from probes.protocols.told import Told
from probes.sample import Document, Finish, ToolCall

FINISHES: Mapping[str, Finish] = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "SAFETY": Finish.CONTENT_FILTER,
    "RECITATION": Finish.CONTENT_FILTER,
    "BLOCKLIST": Finish.CONTENT_FILTER,
    "PROHIBITED_CONTENT": Finish.CONTENT_FILTER,
    "SPII": Finish.CONTENT_FILTER,
    "IMAGE_SAFETY": Finish.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": Finish.CONTENT_FILTER,
    "IMAGE_RECITATION": Finish.CONTENT_FILTER,
    "MODEL_ARMOR": Finish.CONTENT_FILTER,
    "ESCALATION": Finish.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": Finish.MALFORMED,
    "UNEXPECTED_TOOL_CALL": Finish.MALFORMED,
    "TOO_MANY_TOOL_CALLS": Finish.MALFORMED,
    "MALFORMED_RESPONSE": Finish.MALFORMED,
    "MISSING_THOUGHT_SIGNATURE": Finish.MALFORMED,
    "OTHER": Finish.MALFORMED,
    "CONTINUATION": Finish.PAUSE,
}
"""Every other reason (LANGUAGE and NO_IMAGE among them) is UNKNOWN, never STOP."""
UNSAID = "FINISH_REASON_UNSPECIFIED"
"""The field's empty value: kept as it came, but no end of a stream."""


@dataclass(slots=True, kw_only=True)
class CollectedContent:
    """What a reply has said so far. Only the first of several candidates is looked at."""

    told: Told
    answer: list[str] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)
    cited: dict[str, None] = field(default_factory=dict)
    documents: tuple[Document, ...] | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    tier: str | None = None
    finish_raw: str | None = None
    blocked: str | None = None
    """Why the prompt was not answered at all."""
    answered: bool = False
    failure: Failure | None = None

    @property
    def characters(self) -> int:
        return sum(map(len, self.answer))

    @property
    def ended(self) -> bool:
        """True once a finish reason, or why there will be none, was told."""
        return self.finish_raw not in (None, UNSAID) or self.blocked is not None

    def take(self, tree: dict[str, Any]) -> bool:
        """Add one body or chunk; True where it carried content.

        Raises:
            MalformedReply: a field has a type the dialect does not know.
        """
        if is_error(tree):
            self.failure = classify_tree(tree, status=200)
            return False
        self.told.take(tree)
        self._take_about(tree)
        feedback = get_object(tree, "promptFeedback")
        self.blocked = get_text(feedback, "blockReason") or self.blocked
        self.filters |= ratings(feedback, "prompt")
        candidates = [as_object(candidate, "a candidate") for candidate in get_list(tree, "candidates")]
        taken = [self._take_candidate(candidate) for candidate in candidates if not candidate.get("index")]
        return any(taken)

    def _take_about(self, tree: dict[str, Any]) -> None:
        self.model = text_in(tree, "modelVersion") or self.model
        self.filters |= stage(tree)
        # each chunk repeats the counts so far: the last are those of the whole
        if isinstance(usage := tree.get("usageMetadata"), dict):
            self.usage = usage
            self.tier = text_in(usage, "trafficType") or self.tier

    def _take_candidate(self, candidate: dict[str, Any]) -> bool:
        self.answered = True
        self.finish_raw = get_text(candidate, "finishReason") or self.finish_raw
        self.filters |= ratings(candidate, "answer")
        grounding = candidate.get("groundingMetadata")
        self.cited |= dict.fromkeys(citations(candidate, grounding))
        if (found := documents(grounding)) is not None:
            self.documents = found or self.documents or ()
        parts = [as_object(part, "a part") for part in get_list(get_object(candidate, "content"), "parts")]
        taken = [self._take_part(part) for part in parts]
        return any(taken)

    def _take_part(self, part: dict[str, Any]) -> bool:
        shallow(part, "a part")
        text = get_text(part, "text") or ""
        call = get_object(part, "functionCall")
        if text or len(part) > ("text" in part):
            self.parts.append(part)
        if call:
            self.calls.append(_tool_call(call))
        elif part.get("thought") is not True:
            self.answer.append(text)
        return bool(text or call)

    def reply(self) -> Reply:
        about = Reply(
            usage=usage_of(self.usage),
            model=self.model,
            tier=self.tier,
            told=self.told.names,
            filters=self.filters,
            failure=self.failure,
        )
        return about if self.failure else self._answered(about)

    def _answered(self, about: Reply) -> Reply:
        raw = self.finish_raw or self.blocked
        return replace(
            about,
            answer=whole_characters("".join(self.answer)),
            tool_calls=tuple(self.calls),
            finish=self._finish(),
            finish_raw=None if raw is None else whole_characters(raw),
            documents=self.documents,
            citations=tuple(self.cited),
            filters=self.filters | ({"prompt.block": whole_characters(self.blocked)} if self.blocked else {}),
            native=self.parts,
        )

    def _finish(self) -> Finish:
        """A call of a function ends with STOP like any answer; a blocked prompt has no candidate to say why."""
        if self.finish_raw is None and self.blocked is not None:
            return Finish.CONTENT_FILTER
        known = FINISHES.get(self.finish_raw or "", Finish.UNKNOWN)
        return Finish.TOOL_CALLS if self.calls and known is Finish.STOP else known


def _tool_call(call: dict[str, Any]) -> ToolCall:
    return ToolCall(
        id=whole_characters(get_text(call, "id") or ""),
        name=whole_characters(get_text(call, "name") or ""),
        arguments=arguments_text({} if call.get("args") is None else call["args"]),
    )

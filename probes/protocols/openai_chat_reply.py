"""What an OpenAI chat reply says, collected piece by piece into the one normal form. Feeds ``openai_chat`` only.

Source: docs/wire-formats.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.classify import classify_tree, is_error
from probes.failure import Failure
from probes.hostile import whole_characters
from probes.json_fields import MalformedReply, as_object, get_count, get_list, get_object, get_text
from probes.protocols.asked import raw_usage
from probes.protocols.protocol import Reply
from probes.protocols.told import Told
from probes.sample import Finish, TokenUsage, ToolCall

FINISHES: Mapping[str, Finish] = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
}
"""Every other reason is UNKNOWN, never STOP."""


@dataclass(slots=True, kw_only=True)
class _Call:
    """A tool call while its pieces arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CollectedChat:
    """What a reply has said so far. Only the first of several choices is looked at."""

    answer: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    told: Told
    names: dict[str, str] = field(default_factory=dict)
    usage: TokenUsage = TokenUsage()
    finish_raw: str | None = None
    answered: bool = False
    failure: Failure | None = None

    @property
    def characters(self) -> int:
        return sum(map(len, self.answer))

    def take(self, tree: dict[str, Any], part: str) -> bool:
        """Add one body or chunk, whose choices keep their fields under ``part``; True where it carried content.

        Raises:
            MalformedReply: a field has a type the dialect does not know.
        """
        if is_error(tree):
            self.failure = classify_tree(tree, status=200)
            return False
        self.told.take(tree)
        for key in ("model", "system_fingerprint", "service_tier", "provider"):
            if isinstance(name := tree.get(key), str) and name:
                self.names[key] = name
        if isinstance(usage := tree.get("usage"), dict):
            self.usage = _usage(usage)
        choices = [as_object(choice, "a choice") for choice in get_list(tree, "choices")]
        content = False
        for choice in choices:
            if not choice.get("index"):
                content = self._take_choice(choice, part) or content
        return content

    def _take_choice(self, choice: dict[str, Any], part: str) -> bool:
        self.answered = True
        if choice.get("error"):
            self.failure = classify_tree(choice, status=200)
            return False
        self.finish_raw = get_text(choice, "finish_reason") or self.finish_raw
        said = get_object(choice, part)
        texts = _texts(said.get("content"))
        refusal = get_text(said, "refusal") or ""
        self.answer += texts
        self.refusal.append(refusal)
        calls = get_list(said, "tool_calls")
        # the older single function_call is a tool call without an id
        calls += [{"function": call}] if (call := get_object(said, "function_call")) else []
        for position, call in enumerate(calls):
            self._take_call(as_object(call, "a tool call"), position)
        reasoning = any(said.get(key) for key in ("reasoning", "reasoning_content"))
        return bool(any(texts) or refusal or calls or reasoning)

    def _take_call(self, piece: dict[str, Any], position: int) -> None:
        index = get_count(piece, "index")
        call = self.calls.setdefault(position if index is None else index, _Call())
        function, custom = get_object(piece, "function"), get_object(piece, "custom")
        call.id = get_text(piece, "id") or call.id
        call.name = get_text(function, "name") or get_text(custom, "name") or call.name
        call.arguments.append(get_text(function, "arguments") or get_text(custom, "input") or "")

    def reply(self) -> Reply:
        names = {key: whole_characters(name) for key, name in self.names.items()}
        about = Reply(
            usage=self.usage,
            model=names.get("model"),
            fingerprint=names.get("system_fingerprint"),
            tier=names.get("service_tier"),
            provider=names.get("provider"),
            told=self.told.names,
            failure=self.failure,
        )
        return about if self.failure else self._answered(about)

    def _answered(self, about: Reply) -> Reply:
        refusal = whole_characters("".join(self.refusal)) or None
        known = FINISHES.get(self.finish_raw or "", Finish.UNKNOWN)
        return replace(
            about,
            answer=whole_characters("".join(self.answer)),
            refusal=refusal,
            tool_calls=tuple(_tool_call(self.calls[index]) for index in sorted(self.calls)),
            finish=Finish.REFUSAL if refusal and known is Finish.STOP else known,
            finish_raw=None if self.finish_raw is None else whole_characters(self.finish_raw),
        )


def _texts(content: object) -> list[str]:
    """The texts of a content field: text, null, or a list of parts of which only text counts."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise MalformedReply("content is neither text nor a list of parts")
    return [get_text(as_object(part, "a content part"), "text") or "" for part in content]


def _tool_call(call: _Call) -> ToolCall:
    return ToolCall(
        id=whole_characters(call.id),
        name=whole_characters(call.name),
        arguments=whole_characters("".join(call.arguments)),
    )


def _usage(usage: dict[str, Any]) -> TokenUsage:
    """Cached tokens are part of the prompt's, reasoning tokens part of the completion's, as this dialect counts."""
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return TokenUsage(
        input_tokens=get_count(usage, "prompt_tokens"),
        cached_input_tokens=get_count(prompt, "cached_tokens") if isinstance(prompt, dict) else None,
        output_tokens=get_count(usage, "completion_tokens"),
        reasoning_tokens=get_count(completion, "reasoning_tokens") if isinstance(completion, dict) else None,
        raw=raw_usage(usage),
    )

"""What an OpenAI chat reply says, collected piece by piece into the one normal form. Feeds ``openai_chat``.

Source: docs/wire-formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.classify import classify_tree, is_error
from probes.failure import Failure, FailureClass
from probes.hostile import whole_characters
from probes.json_fields import MalformedReply, as_object, get_count, get_list, get_object, get_text
from probes.protocols.asked import raw_usage
from probes.protocols.openai_filters import add_answer_filters, add_prompt_filters
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

MOST_DOLLARS = 10_000
"""A higher price for one answer is nonsense, and would use up a day's budget by itself."""


@dataclass(slots=True, kw_only=True)
class _Call:
    """A tool call while its pieces arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    custom: bool = False


@dataclass(slots=True, kw_only=True)
class CollectedChat:
    """What a reply has said so far. Only the first of several choices is looked at."""

    answer: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    told: Told
    from_openrouter: bool = False
    """True where the endpoint is known to be OpenRouter: then ``usage.cost`` is what it charged, in US dollars."""
    names: dict[str, str] = field(default_factory=dict)
    citations: dict[str, None] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    usage: TokenUsage = TokenUsage()
    cost: float | None = None
    finish_raw: str | None = None
    native_finish: str | None = None
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
        add_prompt_filters(self.filters, tree)
        if isinstance(usage := tree.get("usage"), dict):
            self.usage, self.cost = _usage(usage), _cost(usage)
        choices = [as_object(choice, "a choice") for choice in get_list(tree, "choices")]
        content = False
        for choice in choices:
            if not choice.get("index"):
                content = self._take_choice(choice, part) or content
        return content

    def _take_choice(self, choice: dict[str, Any], part: str) -> bool:
        self.answered = True
        self.finish_raw = get_text(choice, "finish_reason") or self.finish_raw
        self.native_finish = get_text(choice, "native_finish_reason") or self.native_finish
        add_answer_filters(self.filters, choice)
        self.failure = _broken(choice)
        if self.failure is not None:
            return False
        if part == "message" and choice.get(part) is None:
            raise MalformedReply("the first choice has no message")
        said = get_object(choice, part)
        texts = _texts(said.get("content"), "text")
        refusal = (get_text(said, "refusal") or "") + "".join(_parts(said.get("content"), "refusal"))
        self.answer += texts
        self.refusal.append(refusal)
        # the older single function_call is a tool call without an id
        older = [{"function": call}] if (call := get_object(said, "function_call")) else []
        calls = [*get_list(said, "tool_calls"), *older]
        pieces = [self._take_call(as_object(call, "a tool call"), position) for position, call in enumerate(calls)]
        if "annotations" in said:
            self.citations |= dict.fromkeys(_cited(said["annotations"]))
        reasoning = said.get("reasoning") or said.get("reasoning_content")
        return bool(any(texts) or refusal or any(pieces) or reasoning)

    def _take_call(self, piece: dict[str, Any], position: int) -> bool:
        """Add one piece of a tool call; True where it said anything."""
        index = get_count(piece, "index")
        call = self.calls.setdefault(position if index is None else index, _Call())
        function, custom = get_object(piece, "function"), get_object(piece, "custom")
        call.custom = call.custom or bool(custom)
        call.id = get_text(piece, "id") or call.id
        name = get_text(function, "name") or get_text(custom, "name")
        call.name = name or call.name
        arguments = get_text(function, "arguments") or get_text(custom, "input") or ""
        call.arguments.append(arguments)
        return bool(name or arguments)

    def reply(self) -> Reply:
        names = {key: whole_characters(name) for key, name in self.names.items()}
        about = Reply(
            usage=self.usage,
            model=names.get("model"),
            fingerprint=names.get("system_fingerprint"),
            tier=names.get("service_tier"),
            provider=names.get("provider"),
            told=self.told.names,
            filters=self.filters,
            cost_usd=self.cost if self._openrouter else None,
            failure=self.failure,
        )
        return about if self.failure else self._answered(about)

    @property
    def _openrouter(self) -> bool:
        """By its own two fields together, where the suite does not say: others use ``cost`` for other currencies."""
        return self.from_openrouter or ("provider" in self.names and self.native_finish is not None)

    def _answered(self, about: Reply) -> Reply:
        calls = [self.calls[index] for index in sorted(self.calls)]
        refusal = whole_characters("".join(self.refusal)) or None
        known = FINISHES.get(self.finish_raw or "", Finish.UNKNOWN)
        return replace(
            about,
            answer=whole_characters("".join(self.answer)),
            refusal=refusal,
            tool_calls=tuple(map(_tool_call, calls)),
            finish=Finish.REFUSAL if refusal and known is Finish.STOP else known,
            finish_raw=None if self.finish_raw is None else whole_characters(self.finish_raw),
            citations=tuple(map(whole_characters, self.citations)),
            native=tuple(call.custom for call in calls) if any(call.custom for call in calls) else None,
        )


def _broken(choice: dict[str, Any]) -> Failure | None:
    """Why the endpoint broke this answer off, where it says so (OpenRouter): an error, or a reason of that name."""
    if choice.get("error"):
        return classify_tree(choice, status=200)
    if choice.get("finish_reason") != "error":
        return None
    message = "the endpoint broke the answer off with the finish reason 'error'"
    return Failure(kind=FailureClass.SERVER, message=message, status=200)


def _texts(content: object, kind: str) -> list[str]:
    """The texts of a content field: text, null, or a list of parts of which only those of this kind count."""
    if content is None:
        return []
    return [content] if isinstance(content, str) else _parts(content, kind)


def _parts(content: object, kind: str) -> list[str]:
    """The texts under the key ``kind`` in a list of content parts; none where the content is no list."""
    if content is None or isinstance(content, str):
        return []
    if not isinstance(content, list):
        raise MalformedReply("content is neither text nor a list of parts")
    return [get_text(as_object(part, "a content part"), kind) or "" for part in content]


def _cited(annotations: object) -> Iterator[str]:
    """Addresses that annotations cite. Lenient: an odd annotation must not make a failure of a good answer."""
    for annotation in annotations if isinstance(annotations, list) else ():
        citation = annotation.get("url_citation") if isinstance(annotation, dict) else None
        if isinstance(citation, dict) and isinstance(url := citation.get("url"), str) and url:
            yield url


def _tool_call(call: _Call) -> ToolCall:
    return ToolCall(
        id=whole_characters(call.id),
        name=whole_characters(call.name),
        arguments=whole_characters("".join(call.arguments)),
    )


def _cost(usage: dict[str, Any]) -> float | None:
    """OpenRouter's ``cost``. With a key of one's own it is only their fee, and the rest goes to somebody else."""
    cost = usage.get("cost")
    if usage.get("is_byok") or isinstance(cost, bool) or not isinstance(cost, (int, float)):
        return None
    return float(cost) if 0 <= cost <= MOST_DOLLARS else None


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

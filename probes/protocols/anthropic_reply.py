"""What an Anthropic message says, collected piece by piece into the one normal form. Feeds ``anthropic_messages`` only.

Source: docs/wire-formats.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from probes.failure import Failure
from probes.hostile import NAME_CHARS, one_line, whole_characters
from probes.json_fields import MalformedReply, get_count, get_text
from probes.protocols.anthropic_blocks import Block, begin
from probes.protocols.asked import malformed, raw_usage
from probes.protocols.protocol import Reply
from probes.protocols.told import Told
from probes.sample import Finish, TokenUsage

FINISHES: Mapping[str, Finish] = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "pause_turn": Finish.PAUSE,
    "refusal": Finish.REFUSAL,
}
"""Every other reason is UNKNOWN, never STOP."""


@dataclass(slots=True, kw_only=True)
class CollectedMessage:
    """What a message has said so far."""

    told: Told
    blocks: dict[int, Block] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    counted: bool = False
    """True once the output tokens of the whole message were told; at its start they are a mere beginning."""
    model: str | None = None
    stop_reason: str | None = None
    stop_details: dict[str, Any] = field(default_factory=dict)
    begun: bool = False
    failure: Failure | None = None

    @property
    def characters(self) -> int:
        return sum(len(block.text) for block in self.blocks.values())

    def take_message(self, message: dict[str, Any]) -> bool:
        """A message's own fields, whole or as a stream begins with them; True where it carried content.

        Raises:
            MalformedReply: here and below, a field has a type the dialect does not know.
        """
        self.begun = True
        self.model = get_text(message, "model") or self.model
        self.take_usage(message.get("usage"))
        self.take_stop(message)
        content = message.get("content") or []
        if not isinstance(content, list):
            raise MalformedReply("content is not a list of blocks")
        opened = [self.begin_block(index, block) for index, block in enumerate(content)]
        return any(opened)

    def begin_block(self, index: int, head: object) -> bool:
        """A block that begins, or stands whole in a message; True where it carried content."""
        if not isinstance(head, dict):
            raise MalformedReply("a content block is not a JSON object")
        self.begun = True
        self.blocks[index] = block = begin(head)
        return block.opens

    def grow_block(self, index: int, delta: dict[str, Any]) -> bool:
        """A delta of a block that has begun; True where it carried content."""
        if index not in self.blocks:
            raise MalformedReply("a delta belongs to a content block that never began")
        return self.blocks[index].grow(delta)

    def take_stop(self, holder: dict[str, Any]) -> None:
        self.stop_reason = get_text(holder, "stop_reason") or self.stop_reason
        details = holder.get("stop_details")
        self.stop_details = details if isinstance(details, dict) else self.stop_details

    def take_usage(self, usage: object, *, counted: bool = False) -> None:
        """Counts are cumulative: what is told later replaces what was told before."""
        if isinstance(usage, dict):
            self.usage |= {name: value for name, value in usage.items() if value is not None}
            self.counted = self.counted or (counted and get_count(usage, "output_tokens") is not None)

    def reply(self) -> Reply:
        about = self._about()
        if self.failure is not None:
            return replace(about, failure=self.failure)
        try:
            return self._answered(about)
        except MalformedReply as error:
            return replace(about, failure=malformed(error, 200))

    def _answered(self, about: Reply) -> Reply:
        blocks = [self.blocks[index] for index in sorted(self.blocks)]
        finish = FINISHES.get(self.stop_reason or "", Finish.UNKNOWN)
        details = self.stop_details if finish is Finish.REFUSAL else {}
        explanation, category = _text(details, "explanation"), _text(details, "category")
        return replace(
            about,
            answer=whole_characters("".join(block.text for block in blocks)),
            refusal=explanation,
            tool_calls=tuple(call for block in blocks if (call := block.tool_call) is not None),
            finish=finish,
            finish_raw=None if self.stop_reason is None else whole_characters(self.stop_reason),
            citations=tuple(dict.fromkeys(name for block in blocks for name in block.citations)),
            filters={f"answer.{category}": "refusal"} if category else {},
            native=[block for each in blocks if (block := each.native) is not None],
        )

    def _about(self) -> Reply:
        region = _text(self.usage, "inference_geo")
        told = {"region": one_line(region, NAME_CHARS)} if region and region != "not_available" else {}
        return Reply(
            usage=_usage(self.usage, counted=self.counted),
            model=None if self.model is None else whole_characters(self.model),
            tier=_text(self.usage, "service_tier"),
            told=told | self.told.names,
        )


def _text(tree: dict[str, Any], key: str) -> str | None:
    """A text beside the message itself, where there is one: an odd one must not make a failure of a good answer."""
    value = tree.get(key)
    return whole_characters(value) if isinstance(value, str) and value else None


def _usage(usage: dict[str, Any], *, counted: bool) -> TokenUsage:
    """``input_tokens`` of this dialect leave out what a cache took or gave; ours count the whole prompt."""
    prompt, cached = get_count(usage, "input_tokens"), get_count(usage, "cache_read_input_tokens")
    details = usage.get("output_tokens_details")
    thought = get_count(details, "thinking_tokens") if isinstance(details, dict) else None
    written = get_count(usage, "cache_creation_input_tokens") or 0
    return TokenUsage(
        input_tokens=None if prompt is None else prompt + written + (cached or 0),
        cached_input_tokens=cached,
        output_tokens=get_count(usage, "output_tokens") if counted else None,
        reasoning_tokens=thought if counted else None,
        raw=raw_usage(usage),
    )

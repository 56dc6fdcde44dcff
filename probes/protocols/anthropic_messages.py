"""Anthropic Messages, the dialect of Anthropic's API and of gateways that repeat it. Feeds ``transport`` and ``fire``.

Source: docs/wire-formats.md. What is asked: ``anthropic_conversation``; what a message says: ``anthropic_reply``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from probes.classify import classify_reply, classify_tree, is_error
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.json_fields import MalformedReply, as_object, get_count, get_object, get_text, parse_json
from probes.probe import Probe
from probes.protocols.anthropic_conversation import system_blocks, wire_messages, wire_tool
from probes.protocols.anthropic_refusals import NAME, refusals_of
from probes.protocols.anthropic_reply import CollectedMessage
from probes.protocols.asked import address, cut_off, malformed, params_of, secret_of
from probes.protocols.protocol import Refusal, Reply, WireRequest
from probes.protocols.sse import SseEvent
from probes.protocols.told import Told

VERSION = "2023-06-01"
"""The ``anthropic-version`` of an endpoint that states no ``api_version``."""
_EVENT = "an event of the stream"
MAX_TOKENS = 1024
"""The API wants ``max_tokens`` of every request; this goes where ``params`` name none."""


class AnthropicMessages:
    """``protocol: anthropic-messages``."""

    name: ClassVar[str] = NAME

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        return tuple(refusals_of(endpoint, probes))

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """``params`` of endpoint and probe are laid over the body; without ``max_tokens`` there it is 1024."""
        body: dict[str, Any] = {} if endpoint.model is None else {"model": endpoint.model}
        body["max_tokens"] = MAX_TOKENS
        if system := system_blocks(question.items):
            body["system"] = system
        body["messages"] = wire_messages(question.items)
        if question.tools:
            body["tools"] = [wire_tool(tool) for tool in question.tools]
        if endpoint.stream:
            body["stream"] = True
        body |= params_of(endpoint, question)
        key = secret_of(endpoint)
        return WireRequest(
            url=_address(endpoint.base_url),
            headers={
                **({} if key is None else {"x-api-key": key}),
                "anthropic-version": endpoint.api_version or VERSION,
            },
            body=body,
            streamed=body.get("stream") is True,
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply. An error object under HTTP 200 is a failure all the same."""
        if not 200 <= status < 300:
            return Reply(failure=self.read_error(status=status, headers=headers, body=body))
        collected = CollectedMessage(told=Told(endpoint), counted=True)
        try:
            tree = as_object(parse_json(body, content_type=headers.get("content-type", "")), "the reply")
            if is_error(tree):
                collected.failure = classify_tree(tree, status=status)
            elif tree.get("content") is None:
                raise MalformedReply("the reply has no content")
            else:
                collected.told.take(tree)
                collected.take_message(tree)
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))
        return collected.reply()

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> AnthropicStream:
        return AnthropicStream(endpoint)


class AnthropicStream:
    """One stream. Whole once a ``message_delta`` with a stop reason, or ``message_stop``, was seen.

    A stream that ends before either was cut, however many blocks were closed by then.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._collected = CollectedMessage(told=Told(endpoint))
        self._done = False

    @property
    def over(self) -> bool:
        return self._done or self._collected.failure is not None

    def feed(self, event: SseEvent) -> bool:
        if self.over:
            return False
        try:
            tree = as_object(parse_json(event.data, _EVENT), _EVENT)
            kind = get_text(tree, "type") or event.name
            if kind == "error" or is_error(tree):
                self._collected.failure = classify_tree(tree, status=200)
                return False
            self._collected.told.take(tree)
            return self._take(kind, tree)
        except MalformedReply as error:
            self._collected.failure = malformed(error, 200)
            return False

    def _take(self, kind: str, tree: dict[str, Any]) -> bool:
        """One event by its kind. Pings, closed blocks and kinds nobody knows yet say nothing here."""
        collected = self._collected
        match kind:
            case "message_start":
                return collected.take_message(get_object(tree, "message"))
            case "content_block_start":
                return collected.begin_block(_index(tree), tree.get("content_block"))
            case "content_block_delta":
                return collected.grow_block(_index(tree), get_object(tree, "delta"))
            case "message_delta":
                collected.take_stop(get_object(tree, "delta"))
                collected.take_usage(tree.get("usage"), counted=True)
            case "message_stop":
                self._done = True
        return False

    def finish(self) -> Reply:
        collected = self._collected
        if collected.failure is None and not self._done and collected.stop_reason is None:
            collected.failure = cut_off(collected.characters)
        if collected.failure is None and not collected.begun:
            collected.failure = malformed("the stream has no message", 200)
        return collected.reply()


def _index(tree: dict[str, Any]) -> int:
    index = get_count(tree, "index")
    if index is None:
        raise MalformedReply("an event does not say to which content block it belongs")
    return index


def _address(base_url: str) -> str:
    """With or without ``/v1`` at the end of ``base_url``: both are written."""
    root = base_url.partition("#")[0].partition("?")[0].rstrip("/")
    return address(base_url, "/messages" if root.endswith("/v1") else "/v1/messages")

"""OpenAI Chat Completions, the dialect of OpenAI, most gateways and most servers. Feeds ``transport`` and ``fire``.

Source: docs/wire-formats.md (OpenAI, Azure, LiteLLM, OpenRouter, vLLM shapes). Whole replies
and streams are collected by ``openai_chat_reply``: a ``delta`` and a ``message`` hold the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from probes.classify import classify_reply, is_error
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure, FailureClass
from probes.json_fields import MalformedReply, as_object, get_list, parse_json
from probes.probe import Probe
from probes.protocols.asked import address, cut_off, malformed, params_of, secret_of, seed_of
from probes.protocols.message_refusals import role_refusals
from probes.protocols.openai_chat_messages import wire_message, wire_tool
from probes.protocols.openai_chat_reply import CollectedChat
from probes.protocols.openai_filters import filters_of_error
from probes.protocols.openai_refusals import attached_to_answers, files_by_address
from probes.protocols.param_refusals import written_by_the_dialect
from probes.protocols.protocol import Refusal, Reply, WireRequest
from probes.protocols.sse import SseEvent
from probes.protocols.told import Told

PATH = "/chat/completions"
_EVENT = "an event of the stream"
OWN_PARAMS = ("messages", "model", "stream")
"""What ``params`` may not hold: ``build`` writes it."""


class OpenAIChat:
    """``protocol: openai-chat``."""

    name: ClassVar[str] = "openai-chat"

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        name = endpoint.protocol
        return (
            *written_by_the_dialect(name, OWN_PARAMS, endpoint, probes),
            *role_refusals(name, probes, text_only=()),
            *files_by_address(probes, name),
            *attached_to_answers(probes, name),
        )

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """``params`` of endpoint and probe are laid over the body; ``stream_options: null`` leaves that key out."""
        body: dict[str, Any] = {} if endpoint.model is None else {"model": endpoint.model}
        body["messages"] = [wire_message(item) for item in question.items]
        if question.tools:
            body["tools"] = [wire_tool(tool) for tool in question.tools]
        if (seed := seed_of(endpoint, question)) is not None:
            body["seed"] = seed
        if endpoint.stream:
            body["stream"] = True
        params = params_of(endpoint, question)
        body |= params
        # usage comes last in a stream, and only for the asking
        if body.get("stream") is True and "stream_options" not in params:
            body["stream_options"] = {"include_usage": True}
        if body.get("stream_options", body) is None:
            del body["stream_options"]
        key = secret_of(endpoint)
        return WireRequest(
            url=address(endpoint.base_url, PATH),
            headers={} if key is None else {"authorization": f"Bearer {key}"},
            body=body,
            streamed=body.get("stream") is True,
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply. An error object under HTTP 200 is a failure all the same."""
        if not 200 <= status < 300:
            return _refused(self.read_error(status=status, headers=headers, body=body), body)
        collected = _collecting(endpoint)
        try:
            tree = as_object(parse_json(body, content_type=headers.get("content-type", "")), "the reply")
            if not is_error(tree) and not get_list(tree, "choices"):
                raise MalformedReply("the reply has no choices")
            collected.take(tree, "message")
            if collected.failure is None and not collected.answered:
                raise MalformedReply("the reply has no first choice")
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))
        return collected.reply()

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> OpenAIChatStream:
        return OpenAIChatStream(endpoint)


def _collecting(endpoint: Endpoint) -> CollectedChat:
    return CollectedChat(told=Told(endpoint), from_openrouter=endpoint.gateway == "openrouter")


def _refused(failure: Failure, body: bytes) -> Reply:
    """A failure, with what the filters said where they blocked the prompt."""
    if failure.kind is not FailureClass.CONTENT_FILTER:
        return Reply(failure=failure)
    try:
        return Reply(failure=failure, filters=filters_of_error(parse_json(body)))
    except MalformedReply:
        return Reply(failure=failure)


class OpenAIChatStream:
    """One stream. Whole once a finish reason was seen.

    Servers that end a stream after the finish reason without ``[DONE]`` are accepted: the answer is complete, and
    only the usage may be missing. The other way round it was cut, however much of an answer it brought: llama.cpp's
    server gives way to the next request in mid-answer, and says ``[DONE]`` all the same.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._collected = _collecting(endpoint)
        self._done = False

    @property
    def over(self) -> bool:
        return self._done or self._collected.failure is not None

    def feed(self, event: SseEvent) -> bool:
        if self.over:
            return False
        if event.data.strip() == b"[DONE]":
            self._done = True
            return False
        try:
            chunk = as_object(parse_json(event.data, _EVENT), _EVENT)
            if event.name == "error" and not is_error(chunk):
                chunk = {"error": chunk}
            return self._collected.take(chunk, "delta")
        except MalformedReply as error:
            self._collected.failure = malformed(error, 200)
            return False

    def finish(self) -> Reply:
        collected = self._collected
        if collected.failure is None and self._done and not collected.answered:
            collected.failure = malformed("the stream has no choices", 200)
        if collected.failure is None and collected.finish_raw is None:
            collected.failure = cut_off(collected.characters)
        return collected.reply()

"""OpenAI Responses, the newer dialect of OpenAI. Feeds ``transport`` and ``fire``.

Source: docs/wire-formats.md. The conversation is sent again whole with every turn, and no ``previous_response_id``:
what was asked is then in the request, and the provider need not store it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from probes.classify import classify_reply
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.json_fields import MalformedReply, as_object, parse_json
from probes.probe import Probe
from probes.protocols.asked import address, malformed, params_of, secret_of
from probes.protocols.openai_refusals import attached_to_answers, background, seeds, tool_messages
from probes.protocols.openai_responses_input import input_items, wire_tool
from probes.protocols.openai_responses_reply import read_response
from probes.protocols.openai_responses_stream import OpenAIResponsesStream
from probes.protocols.param_refusals import written_by_the_dialect
from probes.protocols.protocol import Refusal, Reply, WireRequest
from probes.protocols.told import Told

PATH = "/responses"
OWN_PARAMS = ("input", "model", "stream")
"""What ``params`` may not hold: ``build`` writes it."""


class OpenAIResponses:
    """``protocol: openai-responses``."""

    name: ClassVar[str] = "openai-responses"

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        return (
            *written_by_the_dialect(self.name, OWN_PARAMS, endpoint, probes),
            *seeds(endpoint, probes),
            *background(endpoint, probes),
            *tool_messages(probes),
            *attached_to_answers(probes, self.name),
        )

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """``params`` of endpoint and probe are laid over the body. There is no seed in this dialect."""
        body: dict[str, Any] = {} if endpoint.model is None else {"model": endpoint.model}
        body["input"] = input_items(question.items)
        if question.tools:
            body["tools"] = [wire_tool(tool) for tool in question.tools]
        if endpoint.stream:
            body["stream"] = True
        body |= params_of(endpoint, question)
        key = secret_of(endpoint)
        return WireRequest(
            url=address(endpoint.base_url, PATH),
            headers={} if key is None else {"authorization": f"Bearer {key}"},
            body=body,
            streamed=body.get("stream") is True,
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply. A response that failed, or an error object under HTTP 200, is a failure all the same."""
        if not 200 <= status < 300:
            return Reply(failure=self.read_error(status=status, headers=headers, body=body))
        told = Told(endpoint)
        try:
            tree = as_object(parse_json(body, content_type=headers.get("content-type", "")), "the reply")
            told.take(tree)
            return read_response(tree, told)
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> OpenAIResponsesStream:
        return OpenAIResponsesStream(endpoint)

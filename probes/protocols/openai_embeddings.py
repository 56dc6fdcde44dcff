"""OpenAI embeddings: a text in, a vector out. The dialect of most servers of embeddings. Feeds ``transport``.

The answer is the vector as JSON text (``[0.25,-0.5]``), so that an embeddings endpoint can be probed like any other.
Source: docs/wire-formats.md (the types of openai-python).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, ClassVar

from probes.classify import classify_reply, classify_tree, is_error
from probes.conversation import Message, Question, Said
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.json_fields import MalformedReply, as_object, get_count, get_list, get_object, get_text, parse_json
from probes.probe import Probe
from probes.protocols.asked import address, malformed, params_of, raw_usage, secret_of
from probes.protocols.protocol import Refusal, Reply, WireRequest
from probes.protocols.sse import SseEvent
from probes.sample import TokenUsage

PATH = "/embeddings"
MOST_NUMBERS = 100_000
"""Longest vector that is read; the largest models in use give about 4,000 numbers."""


class OpenAIEmbeddings:
    """``protocol: openai-embeddings``."""

    name: ClassVar[str] = "openai-embeddings"

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        found = [] if endpoint.model else [_modelless()]
        for probe in probes:
            found += [_cannot(probe, key) for key, given in _beyond_text(probe) if given]
        return found

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """The texts of the conversation, one below the other, are the input. Never streamed."""
        texts = [item.text for item in question.items if isinstance(item, (Message, Said))]
        body: dict[str, Any] = {} if endpoint.model is None else {"model": endpoint.model}
        # base64, which the official SDK asks for by itself, would save bytes and lose readers
        body |= {"input": "\n".join(texts), "encoding_format": "float"}
        body |= params_of(endpoint, question)
        key = secret_of(endpoint)
        return WireRequest(
            url=address(endpoint.base_url, PATH),
            headers={} if key is None else {"authorization": f"Bearer {key}"},
            body=body,
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply. An error object under HTTP 200 is a failure all the same."""
        if not 200 <= status < 300:
            return Reply(failure=self.read_error(status=status, headers=headers, body=body))
        try:
            tree = as_object(parse_json(body), "the reply")
            if is_error(tree):
                return Reply(failure=classify_tree(tree, status=status))
            vector = _vector(tree)
            model = get_text(tree, "model")
            usage = get_object(tree, "usage")
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))
        answer = json.dumps(vector, separators=(",", ":"))
        return Reply(answer=answer, model=model or None, usage=_usage(usage))

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> NoStream:
        return NoStream()


class NoStream:
    """Reads a stream that nobody asked for: whatever it says, it is not what this dialect promises."""

    @property
    def over(self) -> bool:
        return True

    def feed(self, event: SseEvent) -> bool:
        return False

    def finish(self) -> Reply:
        return Reply(failure=malformed("a stream came where embeddings were asked for", 200))


def _vector(tree: Mapping[str, Any]) -> list[float]:
    """The first embedding of a reply.

    Raises:
        MalformedReply: there is none, or it is not a list of numbers.
    """
    data = get_list(dict(tree), "data")
    if not data:
        raise MalformedReply("the reply has no embedding")
    numbers = get_list(as_object(data[0], "the first entry of data"), "embedding")
    if not numbers or len(numbers) > MOST_NUMBERS:
        raise MalformedReply(f"the embedding has {len(numbers)} numbers")
    return [_number(value) for value in numbers]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MalformedReply("the embedding is not a list of numbers")
    try:
        number = float(value)
    except OverflowError as error:
        raise MalformedReply("the embedding holds a number without bounds") from error
    if not isfinite(number):
        raise MalformedReply("the embedding holds a number without bounds")
    return number


def _usage(usage: dict[str, Any]) -> TokenUsage:
    """Input only: an embedding has no tokens of its own."""
    counted = get_count(usage, "prompt_tokens")
    counted = get_count(usage, "total_tokens") if counted is None else counted
    return TokenUsage(input_tokens=counted, output_tokens=None if counted is None else 0, raw=raw_usage(usage))


def _modelless() -> Refusal:
    return Refusal(key=("model",), message="openai-embeddings needs a model", hint="like model: text-embedding-3-small")


def _beyond_text(probe: Probe) -> list[tuple[tuple[str | int, ...], bool]]:
    attached = [part.text is None for message in probe.messages for part in message.parts]
    return [
        (("tools",), bool(probe.tools)),
        (("turns",), bool(probe.turns)),
        (("files",), bool(probe.files)),
        (("messages",), any(attached)),
    ]


def _cannot(probe: Probe, key: tuple[str | int, ...]) -> Refusal:
    return Refusal(
        probe=probe.id,
        key=key,
        message=f"openai-embeddings takes texts only: no {key[0] if key[0] != 'messages' else 'pictures or files'}",
        hint="write one prompt, or ask another endpoint",
    )

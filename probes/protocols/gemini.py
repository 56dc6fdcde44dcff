"""Gemini's generateContent, the dialect of Google's API and of Vertex AI. Feeds ``transport`` and ``fire``.

Source: docs/wire-formats.md. What is asked: ``gemini_contents``; what a reply says: ``gemini_reply``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from probes.classify import classify_reply
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.json_fields import MalformedReply, as_object, parse_json
from probes.probe import Probe
from probes.protocols.asked import address, cut_off, malformed, params_of, secret_of, seed_of
from probes.protocols.gemini_contents import system_parts, wire_contents, wire_tools
from probes.protocols.gemini_refusals import NAME, refusals_of
from probes.protocols.gemini_reply import CollectedContent
from probes.protocols.protocol import Refusal, Reply, WireRequest
from probes.protocols.sse import SseEvent
from probes.protocols.told import Told

VERSION = "v1beta"
"""The version in the address, where neither ``api_version`` nor the end of ``base_url`` names one."""
_EVENT = "an event of the stream"
_VERSIONED = re.compile(r"/v\d+((alpha|beta)\d*)?$")


class Gemini:
    """``protocol: gemini``."""

    name: ClassVar[str] = NAME

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        return tuple(refusals_of(endpoint, probes))

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """``params`` are laid over the body; a seed joins their ``generationConfig`` unless one stands there."""
        body: dict[str, Any] = {"contents": wire_contents(question.items)}
        if system := system_parts(question.items):
            body["systemInstruction"] = {"parts": system}
        if tools := wire_tools(question.tools):
            body["tools"] = tools
        body |= params_of(endpoint, question)
        own = body.get("generationConfig", {})
        if (seed := seed_of(endpoint, question)) is not None and isinstance(own, Mapping):
            body["generationConfig"] = {"seed": seed, **own}
        key = secret_of(endpoint)
        return WireRequest(
            url=_address(endpoint),
            headers={} if key is None else {"x-goog-api-key": key},
            body=body,
            # a stream is asked for in the address too, and hashed as it is where the body asks for it
            addressed={"model": endpoint.model or "", **({"stream": "true"} if endpoint.stream else {})},
            streamed=endpoint.stream,
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply, or the list of chunks that servers send where they do not know ``alt=sse``."""
        if not 200 <= status < 300:
            return Reply(failure=self.read_error(status=status, headers=headers, body=body))
        collected = CollectedContent(told=Told(endpoint))
        try:
            tree = parse_json(body, content_type=headers.get("content-type", ""))
            _take(collected, tree, "the reply")
            if collected.failure is None and not collected.answered and collected.blocked is None:
                raise MalformedReply("the reply has no candidates")
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))
        return _unless_cut(collected).reply() if isinstance(tree, list) else collected.reply()

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> GeminiStream:
        return GeminiStream(endpoint)


class GeminiStream:
    """One stream. Whole once a finish reason, or the reason why the prompt was blocked, was seen.

    Nothing announces the end of such a stream: it is read on for the last counts until the bytes end.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._collected = CollectedContent(told=Told(endpoint))

    @property
    def over(self) -> bool:
        return self._collected.failure is not None

    def feed(self, event: SseEvent) -> bool:
        if self.over:
            return False
        try:
            return _take(self._collected, parse_json(event.data, _EVENT), _EVENT)
        except MalformedReply as error:
            self._collected.failure = malformed(error, 200)
            return False

    def finish(self) -> Reply:
        return _unless_cut(self._collected).reply()


def _take(collected: CollectedContent, tree: object, what: str) -> bool:
    """One body or event; an error, and all of a stream, may also come as a list."""
    taken = [collected.take(as_object(chunk, what)) for chunk in (tree if isinstance(tree, list) else [tree])]
    return any(taken)


def _unless_cut(collected: CollectedContent) -> CollectedContent:
    if collected.failure is None and not collected.ended:
        collected.failure = cut_off(collected.characters)
    return collected


def _address(endpoint: Endpoint) -> str:
    """A model with a slash in its name is a resource (``tunedModels/x``, Vertex's ``publishers/...``), as it stands."""
    root = endpoint.base_url.partition("#")[0].partition("?")[0].rstrip("/")
    version = endpoint.api_version
    named = root.endswith(f"/{version}") if version else _VERSIONED.search(root) is not None
    model = quote(endpoint.model or "", safe="/")
    path = ("" if named else f"/{version or VERSION}") + ("/" if "/" in model else "/models/") + model
    if endpoint.stream:
        return address(endpoint.base_url, f"{path}:streamGenerateContent", {"alt": "sse"})
    return address(endpoint.base_url, f"{path}:generateContent")

"""Any JSON API, by the suite's own request template and the places it names in the reply.

Feeds ``transport`` and ``fire``. The suite's side of it: ``http_mapping`` and docs/any-json-api.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from probes.classify import classify_reply
from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.http_mapping import HttpResponse
from probes.json_fields import MalformedReply, parse_json
from probes.probe import Probe
from probes.protocols import http_refusals
from probes.protocols.asked import malformed, secret_of
from probes.protocols.http_reply import CollectedHttp
from probes.protocols.http_request import fill
from probes.protocols.http_stream import HttpStreamReader, UnmappedStreamReader
from probes.protocols.protocol import Framing, Refusal, Reply, StreamReader, WireRequest
from probes.protocols.told import Told

_ACCEPT: Mapping[Framing | None, str] = {
    None: "application/json",
    "sse": "text/event-stream, application/json",
    "json-lines": "application/x-ndjson, application/jsonl, application/json",
}


class Http:
    """``protocol: http``."""

    name: ClassVar[str] = "http"

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        return tuple(http_refusals.refusals(endpoint, probes))

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """The template with the question in it. The API key goes as a bearer token; endpoint headers go before it."""
        filled = fill(endpoint, question)
        stream = _mapping(endpoint).stream if endpoint.streamed else None
        framing = stream.format if stream else None
        key = secret_of(endpoint)
        ours = {"accept": _ACCEPT[framing], **({} if key is None else {"authorization": f"Bearer {key}"})}
        return WireRequest(
            url=filled.url,
            headers={**ours, **filled.headers},
            body=filled.body,
            method=endpoint.request.method if endpoint.request else "POST",
            addressed=filled.addressed,
            streamed=framing is not None,
            framing=framing or "sse",
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        """A whole reply. What ``response.error`` finds in it (left out: ``error`` at its top) is a failure."""
        if not 200 <= status < 300:
            return Reply(failure=self.read_error(status=status, headers=headers, body=body))
        mapping = _mapping(endpoint)
        collected = CollectedHttp(mapping=mapping, told=Told(endpoint), repeats=True)
        try:
            collected.take(parse_json(body, content_type=headers.get("content-type", "")), mapping.answer)
        except MalformedReply as error:
            return Reply(failure=malformed(error, status))
        return collected.reply("the reply has nothing at")

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return classify_reply(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> StreamReader:
        mapping = _mapping(endpoint)
        if mapping.stream is None:
            return UnmappedStreamReader()
        return HttpStreamReader(mapping, mapping.stream, Told(endpoint))


def _mapping(endpoint: Endpoint) -> HttpResponse:
    return endpoint.response or HttpResponse(answer="$")

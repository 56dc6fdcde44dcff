"""Replies and failures made fit to keep: our own secrets taken out, names on one short line. Feeds ``asking``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from probes.failure import Failure
from probes.hostile import MESSAGE_CHARS, NAME_CHARS, SHORTEST_IN_ANSWERS, one_line, redact, without_half_secret
from probes.protocols.protocol import Reply
from probes.route import Route
from probes.sample import Document, TokenUsage, ToolCall

DOCUMENTS_KEPT = 200
CITATIONS_KEPT = 200
FILTERS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Seal:
    """Takes these secrets out of whatever an endpoint sent."""

    secrets: tuple[str, ...] = field(repr=False)

    def failure(self, failure: Failure) -> Failure:
        # secrets first: what is cut first may leave half of one standing
        clean = without_half_secret(redact(failure.message, self.secrets), self.secrets)
        return replace(failure, message=one_line(clean, MESSAGE_CHARS))

    def reply(self, reply: Reply) -> Reply:
        """The same reply, every text of it clean. ``native`` stays as it came: it goes back where it came from."""
        documents = reply.documents
        return replace(
            reply,
            answer=self.text(reply.answer),
            refusal=self.text(reply.refusal),
            tool_calls=tuple(self._call(call) for call in reply.tool_calls),
            finish_raw=self.name(reply.finish_raw),
            usage=self._usage(reply.usage),
            documents=None if documents is None else tuple(map(self._document, documents[:DOCUMENTS_KEPT])),
            citations=tuple(self.name(cited) or "" for cited in reply.citations[:CITATIONS_KEPT]),
            filters={
                self.name(key) or "": self.name(said) or "" for key, said in list(reply.filters.items())[:FILTERS_KEPT]
            },
            trace_id=self.name(reply.trace_id),
        )

    def route(self, route: Route) -> Route:
        """The route with clean names."""
        return replace(
            route,
            model=self.name(route.model),
            fingerprint=self.name(route.fingerprint),
            provider=self.name(route.provider),
            deployment=self.name(route.deployment),
            region=self.name(route.region),
            tier=self.name(route.tier),
            cache=self.name(route.cache),
        )

    def text(self, text: str | None) -> str | None:
        """The text without our own secrets, should the endpoint repeat them."""
        return None if text is None else redact(text, self.secrets, shortest=SHORTEST_IN_ANSWERS)

    def name(self, text: str | None) -> str | None:
        """A name on one short line. Secrets first: what is cut first may leave half of one standing."""
        clean = self.text(text)
        return None if clean is None else one_line(clean, NAME_CHARS)

    def _usage(self, usage: TokenUsage) -> TokenUsage:
        """The usage object as it came is kept whole or not at all."""
        raw = json.dumps(usage.raw)
        return usage if self.text(raw) == raw else replace(usage, raw={})

    def _call(self, call: ToolCall) -> ToolCall:
        return ToolCall(
            id=self.name(call.id) or "",
            name=self.name(call.name) or "",
            arguments=redact(call.arguments, self.secrets, shortest=SHORTEST_IN_ANSWERS),
        )

    def _document(self, document: Document) -> Document:
        return replace(document, id=self.name(document.id) or "", text=self.text(document.text))

"""A streamed reply of any JSON API, read as the suite says: which events carry the answer, and what ends it.

Feeds the ``http`` dialect. Framing: WHATWG HTML, section 9.2.6 (server-sent events), or one JSON value a line.
"""

from __future__ import annotations

from typing import Any

from probes.classify import classify_tree, is_error
from probes.failure import Failure, FailureClass
from probes.hostile import whole_characters
from probes.http_mapping import HttpResponse, HttpStream, HttpStreamEnd
from probes.json_fields import MalformedReply, parse_json
from probes.json_paths import first
from probes.protocols.asked import malformed
from probes.protocols.http_fields import first_value, same
from probes.protocols.http_reply import CollectedHttp
from probes.protocols.protocol import Reply
from probes.protocols.sse import SseEvent
from probes.protocols.told import Told

DEFAULT_EVENT = "message"
"""What an event without a name is called."""


class HttpStreamReader:
    """One stream. Whole once its end was announced; with ``ends_with_connection`` once its bytes came to their end."""

    def __init__(self, mapping: HttpResponse, stream: HttpStream, told: Told) -> None:
        self._stream = stream
        self._end = stream.done or HttpStreamEnd.model_construct()
        self._path = stream.answer or mapping.answer
        self._collected = CollectedHttp(mapping=mapping, told=told, repeats=stream.whole)
        self._done = False
        self._ended = False

    @property
    def over(self) -> bool:
        return self._done or self._collected.failure is not None

    def feed(self, event: SseEvent) -> bool:
        if self.over:
            return False
        if self._end.data is not None and event.data.strip() == self._end.data.strip().encode():
            self._done = True
            return False
        try:
            content = self._take(event)
        except MalformedReply as error:
            self._collected.failure = malformed(error, 200)
            return False
        if self._end.event is not None and _named(event) == self._end.event:
            self._done = True
        return content

    def ended(self) -> None:
        """The bytes came to the end that HTTP announced for them: nothing was cut."""
        self._ended = True

    def finish(self) -> Reply:
        complete = self._done or (self._stream.ends_with_connection and self._ended)
        if self._collected.failure is None and not complete:
            self._collected.failure = _cut(self._collected.characters)
        return self._collected.reply("no event of the stream has anything at")

    def _take(self, event: SseEvent) -> bool:
        counts = not self._stream.events or _named(event) in self._stream.events
        if _named(event) == "error" and "error" not in self._stream.events:
            self._collected.failure = _failure(event)
            return False
        must = counts and not self._is_end(event)  # the last event and those that do not count may say what they like
        if self._stream.plain and must:
            return self._collected.say(_text(event.data))
        try:
            tree = parse_json(event.data, "an event of the stream")
        except MalformedReply:
            if must:
                raise
            return False
        content = self._collected.take(tree, self._path if counts and self._speaks(tree) else None)
        self._done = self._ends(tree)
        return content

    def _is_end(self, event: SseEvent) -> bool:
        return self._end.event is not None and _named(event) == self._end.event

    def _speaks(self, tree: Any) -> bool:
        """True where an event is of the kind that carries the answer."""
        when = self._stream.when
        return when is None or same(first_value(when.path, tree), when.equals)

    def _ends(self, tree: Any) -> bool:
        """True where the event itself says that it is the last."""
        if self._end.path is None:
            return False
        found = first(self._end.path, tree)
        return found not in (None, False) if self._end.equals is None else same(found, self._end.equals)


def _named(event: SseEvent) -> str:
    return event.name or DEFAULT_EVENT


def _text(data: bytes) -> str:
    try:
        return whole_characters(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedReply("the stream is not UTF-8") from error


def _failure(event: SseEvent) -> Failure:
    """What an event named ``error`` says, in JSON or in plain words."""
    try:
        tree = parse_json(event.data)
    except MalformedReply:
        tree = event.data[:5000].decode("utf-8", "replace")
    told = tree if isinstance(tree, dict) and is_error(tree) else {"error": tree}
    return classify_tree(told, status=200)


def _cut(characters: int) -> Failure:
    message = f"the stream ended before its end was announced, after {characters} characters of answer"
    return Failure(kind=FailureClass.STREAM_TRUNCATED, message=message, status=200)


class UnmappedStreamReader:
    """A stream that came where the suite says nothing of streams: never an answer."""

    over = True

    def feed(self, event: SseEvent) -> bool:
        return False

    def finish(self) -> Reply:
        error = "the endpoint sends a stream, and response.stream does not say how to read it"
        return Reply(failure=malformed(error, 200))

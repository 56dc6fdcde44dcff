"""A question put into a request template: address, headers, body. Feeds the ``http`` dialect.

The addressed part is RFC 3986; parameters are written as HTML forms write them (WHATWG URL, section 5.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from probes.conversation import Message, Question
from probes.endpoint import Endpoint
from probes.http_mapping import HttpRequest
from probes.positions import Fault, YamlPath
from probes.protocols.asked import params_of, seed_of
from probes.protocols.openai_chat_messages import wire_message, wire_tool
from probes.protocols.protocol import Unbuildable

VARIABLES = (
    "prompt",
    "messages",
    "turns",
    "model",
    "params",
    "vars",
    "seed",
    "tools",
    "stream",
    "conversation_id",
)
"""What a template may speak of."""
REQUEST: YamlPath = ("request",)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A request template with one question in it."""

    url: str = field(repr=False)
    headers: Mapping[str, str]
    body: Any
    addressed: Mapping[str, str]
    """What of the question stands in path, query and headers."""


def variables_of(endpoint: Endpoint, question: Question) -> dict[str, Any]:
    """What the templates of a request may speak of, by the names in ``VARIABLES``."""
    users = [item for item in question.items if isinstance(item, Message) and item.role == "user"]
    return {
        "prompt": question.prompt,
        "messages": [wire_message(item) for item in question.items],
        "turns": [message.text for message in users],
        "model": endpoint.model,
        "params": params_of(endpoint, question),
        "vars": dict(question.variables),
        "seed": seed_of(endpoint, question),
        "tools": [wire_tool(tool) for tool in question.tools],
        "stream": endpoint.streamed,
        "conversation_id": question.conversation_id,
    }


def is_template(value: object) -> bool:
    """True for text with an expression or a statement in it; anything else is sent exactly as written."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def templates_of(request: HttpRequest) -> Iterator[tuple[YamlPath, str]]:
    """Every template of a request with its path below the endpoint."""
    written = {"path": request.path, "query": request.query, "headers": request.headers, "body": request.body}
    for path, text in _texts(written, REQUEST):
        if is_template(text):
            yield path, text


def _texts(value: Any, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def fill(endpoint: Endpoint, question: Question) -> Filled:
    """The request that asks this question.

    Raises:
        Unbuildable: a template cannot be rendered with it. Found before anything is sent, unless it depends on what
            the endpoint said earlier in a conversation.
    """
    filling = _Filling(variables_of(endpoint, question))
    request = endpoint.request or HttpRequest()
    path = filling.path(request.path)
    query = filling.query(request.query)
    headers = filling.headers(request.headers)
    return Filled(
        url=_url(endpoint.base_url, path, query),
        headers=headers,
        body=filling.value(request.body, (*REQUEST, "body")),
        addressed=filling.addressed,
    )


class _Filling:
    """One rendering of all templates of a request."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self.addressed: dict[str, str] = {}

    def value(self, value: Any, path: YamlPath) -> Any:
        if isinstance(value, Mapping):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if not is_template(value):
            return value
        from probes.filling import fill_value  # brings Jinja along, which most suites do without

        return _good(fill_value(value, self._variables, path))

    def path(self, text: str) -> str:
        if not is_template(text):
            return text
        from probes.filling import as_path, fill_text

        filled, values = _good(fill_text(text, self._variables, (*REQUEST, "path"), as_path))
        self.addressed["path"] = "/".join(values)
        return filled

    def query(self, query: Mapping[str, str]) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []
        for name, text in query.items():
            value = self.value(text, (*REQUEST, "query", name))
            several = [_parameter(item) for item in (value if isinstance(value, list) else [value])]
            pairs += [(name, item) for item in several if item is not None]
            if is_template(text):
                self.addressed[f"query {name}"] = "\n".join(item for item in several if item is not None)
        return pairs

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        filled: dict[str, str] = {}
        for name, text in headers.items():
            if not is_template(text):
                filled[name.lower()] = text
                continue
            from probes.filling import as_header, fill_text

            value, values = _good(fill_text(text, self._variables, (*REQUEST, "headers", name), as_header))
            # the template's own line breaks, of loops and conditions, are no part of the value
            filled[name.lower()] = " ".join(value.split())
            self.addressed[f"header {name.lower()}"] = "\n".join(values)
        return filled


def _good(outcome: T | Fault) -> T:
    if isinstance(outcome, Fault):
        raise Unbuildable(outcome)
    return outcome


def _parameter(value: Any) -> str | None:
    """A value as a parameter of an address; None for null, which is left out."""
    from probes.filling import as_text

    return None if value is None else as_text(value)


def _url(base_url: str, path: str, query: list[tuple[str, str]]) -> str:
    """``base_url`` with path and parameters behind it; a query that stands in ``base_url`` stays, before our own."""
    whole, mark, own = base_url.partition("#")[0].partition("?")
    whole = (whole.rstrip("/") + path if path else whole) + mark + own
    return f"{whole}{'&' if mark else '?'}{urlencode(query)}" if query else whole

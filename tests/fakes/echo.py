"""A hostile endpoint on loopback: it repeats every header and the address of a request, in every spelling it knows.

It is endpoint, token issuer and HTTP proxy at once. What it says is chosen by the newest word ``mode-...`` of the
request. Feeds the test that no secret leaves.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import quote, quote_plus, unquote

from tests.fakes.loopback import Loopback

MODES = ("answer", "stream", "error", "error-in-stream", "redirect", "tools", "cut", "page", "refused")
TOKEN_PATH = "/issuer/token"
_WORDS = re.compile(r"[\s:;,]+")
_DULL = frozenset({"host", "accept", "accept-encoding", "content-type", "content-length", "connection", "user-agent"})


def spellings(text: str) -> list[str]:
    """A text as a careless server may write it."""
    raw = text.encode()
    return [
        text,
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text)[1:-1].replace("/", "\\/"),
        html.escape(text),
        b64encode(raw).decode(),
        urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        "".join(f"\\u{ord(letter):04x}" for letter in text),
        "".join(f"\\\\u{ord(letter):04X}" if at % 2 else letter for at, letter in enumerate(text)),
        "".join(f"&#{ord(letter)};" for letter in text),
        "".join(f"&#x{ord(letter):X};" for letter in text),
        "".join(f"%{ord(letter):02x}" for letter in text),
        quote(quote(text, safe=""), safe=""),
        json.dumps(json.dumps(text).replace("/", "\\/"))[1:-1],
        text.upper(),
        text.swapcase(),
        in_lines(b64encode(b"Bearer " + raw).decode()),
    ]


def in_lines(text: str, width: int = 16) -> str:
    """A text in short lines, as base64 comes in mails and certificates."""
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: str
    number: int
    """How many came before it."""

    @property
    def text(self) -> str:
        """All of it, addresses also decoded, to look for secrets in."""
        return "\n".join([self.target, unquote(self.target), *self.headers.values(), self.body, unquote(self.body)])

    @property
    def echo(self) -> list[str]:
        """Every header's value, each word of it, and the address, in every spelling.

        Each request begins elsewhere, so that each is once what a short field still has room for.
        """
        telling = [value for name, value in self.headers.items() if name not in _DULL]
        values = [*telling, self.target, unquote(self.target)]
        words = [word for value in values for word in [value, *_WORDS.split(value)]]
        spelt = [spelt for word in dict.fromkeys(filter(None, words)) for spelt in spellings(word)]
        start = self.number * 5 % len(spelt)
        return spelt[start:] + spelt[:start]


class EchoEndpoint(Loopback):
    """Use as a context manager; ``origin`` is where it listens. ``token`` is what it issues."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.seen: list[Seen] = []
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), self._handler()))

    def _handler(fake: Self) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - ``self`` is the request's handler below
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(target=self.path, headers=headers, body=body, number=len(fake.seen))
                fake.seen.append(seen)
                if TOKEN_PATH in self.path:
                    self._say(200, {}, json.dumps({"access_token": fake.token, "token_type": "Bearer"}))
                else:
                    mode = max(MODES, key=lambda mode: len(mode) if f"mode-{mode}." in body else 0)
                    self._say(*reply_of(mode, seen))

            def _say(self, status: int, headers: dict[str, str], text: str) -> None:
                data = text.encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                pass

        return Handler


def reply_of(mode: str, seen: Seen) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a reply that repeats the request in the way ``mode`` names."""
    echo = seen.echo
    told, headers = " | ".join(echo), _headers(seen)
    if mode in ("error", "refused"):
        error = {"message": told, "code": told, "type": told, "param": told}
        return (401 if mode == "refused" else 400), headers, json.dumps({"error": error})
    if mode == "redirect":
        return 302, {**headers, "Location": f"https://elsewhere.example.com/{quote(told[:2000])}"}, told
    if mode == "page":
        page = f"<html><title>{html.escape(told)}</title><body>{html.escape(told)}</body></html>"
        return 502, {**headers, "Content-Type": "text/html"}, page
    if mode in ("stream", "error-in-stream", "cut"):
        return 200, {**headers, "Content-Type": "text/event-stream"}, _stream(mode, echo)
    return 200, headers, json.dumps(_whole(mode, echo))


def _headers(seen: Seen) -> dict[str, str]:
    """Response headers that repeat the request: named harmlessly, and named by a header's own value."""
    named = {f"X-Echo-{index}": " ".join(value.split())[:4000] for index, value in enumerate(seen.echo[:60])}
    words = {word for value in seen.headers.values() for word in _WORDS.split(value)}
    named |= {
        f"X-{''.join(filter(str.isalnum, word))}-Seen": "1" for word in words if word.isascii() and len(word) < 60
    }
    route = " ".join(seen.headers.values())[:4000]
    return {**named, "X-Request-Id": route, "x-litellm-model-id": route, "x-ms-region": route, "X-LiteLLM-Key": route}


def _whole(mode: str, echo: list[str]) -> dict[str, Any]:
    told = " ".join(echo)
    message: dict[str, Any] = {"role": "assistant", "content": told, "refusal": None}
    if mode == "tools":
        call = {"name": told[:300], "arguments": json.dumps({"said": told, told: 1})}
        message |= {"content": None, "tool_calls": [{"id": told, "type": "function", "function": call}]}
    return {
        "id": told,
        "model": told,
        "provider": told,
        "system_fingerprint": told,
        "service_tier": told,
        "choices": [{"index": 0, "message": message, "finish_reason": told if mode == "answer" else "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, told: 1, "details": {"x": told}},
    }


def _stream(mode: str, echo: list[str]) -> str:
    told = " ".join(echo)
    # each secret is spread over several events: only the whole answer shows it
    pieces = [told[at : at + 7] for at in range(0, len(told), 7)]
    events = [{"model": told, "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    if mode == "error-in-stream":
        return "".join(lines[:3]) + f"data: {json.dumps({'error': {'message': told, 'code': told}})}\n\n"
    if mode == "cut":
        return "".join(lines)
    end = {"model": told, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return f": {told}\n\n" + "".join(lines) + f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n"

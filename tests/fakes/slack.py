"""A stand-in for Slack on loopback: chat.postMessage, chat.update and incoming webhooks, with trouble on request.

It keeps what people would see: ``messages`` with their latest content, ``replies`` in threads. It refuses what Slack
refuses (wrong token, unknown channel, blocks beyond the limits), and does next whatever ``script`` was told.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.loopback import Loopback

TOKEN = "xoxb-stand-in-token"
CHANNEL = "C0STANDIN"
WEBHOOK_PATH = "/services/T000/B000/stand-in-hook"
RECEIVER_PATH = "/receiver/stand-in-key"
"""Takes any JSON, as a webhook of one's own would."""
SECRETS = (TOKEN, WEBHOOK_PATH, RECEIVER_PATH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What the next request meets instead of an answer."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    """Say nothing until the stand-in closes."""
    late: bool = False
    """Answer as said here, but not before ``let_go``."""
    cut: bool = False
    """Close the connection without a word."""
    taken: bool = False
    """What came was taken all the same, and people see it."""


def rate_limited(seconds: int) -> Trouble:
    """HTTP 429 with Retry-After."""
    return Trouble(status=429, body='{"ok": false, "error": "ratelimited"}', headers={"Retry-After": str(seconds)})


def refused(code: str) -> Trouble:
    """A refusal of the Web API: HTTP 200, ``ok`` false."""
    return Trouble(body=json.dumps({"ok": False, "error": code}))


@dataclass(slots=True, kw_only=True)
class Message:
    """One message as people see it now."""

    channel: str
    ts: str
    content: dict[str, Any]
    versions: int = 1
    """1 for a message never edited."""

    @property
    def shown(self) -> str:
        """All its text, to look for words in."""
        return json.dumps([self.content.get("text"), self.content.get("blocks")], ensure_ascii=False)

    @property
    def header(self) -> str:
        """The headline."""
        return str(next(b["text"]["text"] for b in self.content["blocks"] if b["type"] == "header"))


class FakeSlack(Loopback):
    """Use as a context manager; ``base_url`` and ``webhook_url`` are what settings would hold."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.replies: list[Message] = []
        self.requests: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        """Path, JSON body and headers (lower-case names) of everything that came."""
        self.raw: list[bytes] = []
        """The same bodies, byte for byte."""
        self.may_read_history = True
        """False: the bot has no scope for it."""
        self.unread: deque[Trouble] = deque()
        """What the next looks into the history meet."""
        self._script: deque[Trouble] = deque()
        self._closing = threading.Event()
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), self._handler()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        super().__exit__(kind, error, traceback)

    @property
    def base_url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def webhook_url(self) -> str:
        return self.origin + WEBHOOK_PATH

    @property
    def receiver_url(self) -> str:
        return self.origin + RECEIVER_PATH

    def script(self, *troubles: Trouble) -> None:
        """The next requests meet these, one each; afterwards all is well again."""
        self._script.extend(troubles)

    def heal(self) -> None:
        """What was scripted and did not happen yet happens no more."""
        self._script.clear()

    def let_go(self) -> None:
        """End the silence of requests that hang or are answered late."""
        self._closing.set()

    def delete(self, message: Message) -> None:
        """Somebody deleted a message in the channel."""
        self.messages.remove(message)

    # -------------------------------------------------------------------------------------------- answering
    def _handler(fake: Self) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - ``self`` is the request's handler below
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                url = urlsplit(self.path)
                if url.path == "/api/conversations.history":
                    asked = dict(parse_qsl(f"{url.query}&{raw.decode()}"))
                    self._say(fake._history(asked, self.headers.get("Authorization", "")))
                    return
                body: dict[str, Any] = json.loads(raw)
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.requests.append((self.path, body, headers))
                fake.raw.append(raw)
                trouble = fake._script.popleft() if fake._script else fake._answer(self.path, body, headers)
                if trouble.taken:
                    fake._answer(self.path, body, headers)
                if trouble.hang or trouble.late:
                    fake._closing.wait(30)
                if trouble.hang or trouble.cut:
                    self.close_connection = True
                    return
                self._say(trouble)

            def do_GET(self) -> None:
                """Nobody asks so; a redirect that was followed would, and would be told that all is well."""
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.requests.append((self.path, {}, headers))
                self._say(Trouble(body=json.dumps({"ok": True, "channel": CHANNEL, "ts": "1.1"})))

            def _say(self, trouble: Trouble) -> None:
                data = trouble.body.encode()
                self.send_response(trouble.status)
                for name, value in {"Content-Type": "application/json", **trouble.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                pass

        return Handler

    def _answer(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Trouble:
        if path == RECEIVER_PATH:
            return Trouble(status=204)
        if path.startswith("/services/"):
            return self._webhook(path, body)
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return refused("invalid_auth")
        if body.get("channel") != CHANNEL:
            return refused("channel_not_found")
        if wrong := _limits(body):
            return refused(wrong)
        known = {"/api/chat.postMessage": self._post, "/api/chat.update": self._update}
        return known[path](body) if path in known else refused("unknown_method")

    def _webhook(self, path: str, body: dict[str, Any]) -> Trouble:
        if path != WEBHOOK_PATH:
            return Trouble(status=404, body="no_service")
        if wrong := _limits(body):
            return Trouble(status=400, body=wrong)
        self._post(body)
        return Trouble(body="ok")

    def _history(self, asked: dict[str, str], authorization: str) -> Trouble:
        """Reading costs no scripted trouble and is not kept among the requests."""
        if self.unread:
            return self.unread.popleft()
        if not self.may_read_history or authorization != f"Bearer {TOKEN}":
            return refused("missing_scope")
        if asked.get("channel") != CHANNEL:
            return refused("channel_not_found")
        newest = [{"bot_id": "B1", "ts": m.ts, **m.content} for m in reversed(self.messages)]
        return Trouble(body=json.dumps({"ok": True, "messages": newest[: int(asked["limit"])]}))

    def _post(self, body: dict[str, Any]) -> Trouble:
        ts = f"1700000000.{len(self.requests):06d}"
        message = Message(channel=CHANNEL, ts=ts, content=body)
        (self.replies if "thread_ts" in body else self.messages).append(message)
        return Trouble(body=json.dumps({"ok": True, "channel": CHANNEL, "ts": ts, "message": body}))

    def _update(self, body: dict[str, Any]) -> Trouble:
        for message in self.messages:
            if message.ts == body.get("ts"):
                message.content, message.versions = body, message.versions + 1
                return Trouble(body=json.dumps({"ok": True, "channel": CHANNEL, "ts": message.ts}))
        return refused("message_not_found")


def _limits(body: dict[str, Any]) -> str:
    """Slack's limits on blocks: at most 50, 150 characters a header, 3000 a section."""
    blocks = body.get("blocks", [])
    most = {"header": 150, "section": 3000}
    long = any(len(b["text"]["text"]) > most[b["type"]] for b in blocks if b["type"] in most)
    empty = any(not b["text"]["text"] for b in blocks if b["type"] in most)
    if not body.get("text"):
        return "no_text"
    return "invalid_blocks" if long or empty or len(blocks) > 50 else ""

"""An endpoint on loopback that gives personal data away, in another hostile place each time. Feeds privacy tests.

Which place is asked for by a word of the prompt; as the model ``judge`` it quotes what it was shown.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.chat import DONE, chat_body, chunk, last_usage
from tests.fakes.loopback import ChatLoopback, JsonHandler

SHAPED = {
    "email": "anna.bellwether@kunde-firma.de",
    "phone": "+49 30 9018 2044",
    "card": "4111 1111 1111 1111",
    "account": "DE89 3704 0044 0532 0130 00",
    "address": "84.200.69.80",
    "social security number": "536-22-8714",
    "tax number": "86 095 742 719",
    "key": "sk-proj-9fK2mQx7Lr4TzW8pYb3Nq5",
    "ticket": "T-471193",
    "blocked field": "Bellwether-Quistorp",
    "case variable": "bruno.klee@kunde-firma.de",
}
"""What has a shape, a pattern of the settings or a field of its own."""
SENTENCE = "the weather in Ghent is mild and rainy"
"""What has no shape at all."""
EVERYTHING = "; ".join(v for k, v in SHAPED.items() if k not in ("blocked field", "case variable"))
TOLD = {"X-Served-For": SHAPED["email"], "X-Said": SENTENCE}
"""Headers of every reply."""
FIELDS = json.dumps({"customer_name": SHAPED["blocked field"], "mail": SHAPED["email"], "said": SENTENCE})


class _Handler(JsonHandler):
    def do_POST(self) -> None:
        asked = self.asked()
        prompt = asked["question"] if "question" in asked else str(asked["messages"][-1]["content"])
        if asked.get("model") == "judge":
            self._say(chat_body(f"It says {EVERYTHING}, and {SENTENCE}. {FIELDS}\nVERDICT: FAIL"))
        elif "question" in asked:
            found = [{"id": f"doc of {SHAPED['email']}", "text": f"{EVERYTHING} {SENTENCE} {FIELDS}"}]
            self._say({"answer": f"Found: {EVERYTHING} {SENTENCE}", "documents": found})
        elif "by-tool" in prompt:
            call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": FIELDS}}
            self._say(chat_body(None, "tool_calls", tool_calls=[call]))
        elif "by-error" in prompt:
            told = {"error": {"message": f"no user {SHAPED['email']}, {SENTENCE} {FIELDS}", "type": "invalid_request"}}
            self._say(told, 400)
        elif "by-json" in prompt:
            self._say(chat_body(FIELDS))
        else:
            self._stream(f"You said: {prompt} {EVERYTHING} and {SENTENCE}. {FIELDS}")

    def _say(self, body: Any, status: int = 200) -> None:
        self.reply("application/json", json.dumps(body).encode(), status, TOLD)

    def _stream(self, text: str) -> None:
        """Three characters a chunk, so that nothing is whole in any of them."""
        chunks = [chunk({"content": text[at : at + 3]}) for at in range(0, len(text), 3)]
        body = b"".join([*chunks, chunk({}, "stop"), last_usage(), DONE])
        self.reply("text/event-stream", body, headers=TOLD)


class LeakingServer(ChatLoopback):
    """A context manager; ``base_url`` ends before ``/chat/completions``."""

    handler = _Handler

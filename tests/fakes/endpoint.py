"""Short ways to serve the fake endpoint, ask it and read its streams: for every test that needs an LLM endpoint."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2

from runner.demo.endpoint import RunningEndpoint

_TLS = ssl.create_default_context()
"""Loaded once: a client of its own for each request would otherwise spend 40 ms on certificates it never needs."""


def fresh_client() -> httpx2.Client:
    """A client that takes no proxy from the environment."""
    return httpx2.Client(trust_env=False, timeout=10, verify=_TLS)


@contextmanager
def serving(*, latency_scale: float = 0.0, **settings: Any) -> Iterator[RunningEndpoint]:
    """A fake endpoint on a free loopback port that answers at once; ``settings`` are those of ``FakeEndpoint``."""
    with RunningEndpoint(latency_scale=latency_scale, **settings) as running:
        yield running


def conversation(prompt: str, *, system: str | None = None) -> list[dict[str, str]]:
    """The messages of a prompt."""
    lead = [] if system is None else [{"role": "system", "content": system}]
    return [*lead, {"role": "user", "content": prompt}]


def ask(
    base_url: str,
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> httpx2.Response:
    """One chat request, read to its end; ``fields`` join the body."""
    messages = conversation(prompt) if isinstance(prompt, str) else list(prompt)
    body = {"model": "support-bot", "messages": messages, **fields}
    with fresh_client() as client:
        return client.post(f"{base_url}/chat/completions", json=body, headers=headers)


def answer_of(response: httpx2.Response) -> str:
    """The text of a reply that was not streamed."""
    return str(response.json()["choices"][0]["message"]["content"])


def data_lines(response: httpx2.Response) -> list[str]:
    """What follows ``data: `` in each event of a stream, the terminator included."""
    blocks = response.text.split("\n\n")
    assert blocks[-1] == "", "a stream ends with an empty line"
    assert all(block.startswith("data: ") for block in blocks[:-1])
    return [block.removeprefix("data: ") for block in blocks[:-1]]


def chunks_of(response: httpx2.Response) -> list[dict[str, Any]]:
    """The chunks of a complete stream."""
    *chunks, end = data_lines(response)
    assert end == "[DONE]"
    return [json.loads(chunk) for chunk in chunks]

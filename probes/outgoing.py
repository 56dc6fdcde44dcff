"""What leaves for one probe: the rendered body, its hash, and the headers every request carries. Feeds ``fire``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from probes.cache_bypass import bypass_headers
from probes.endpoint import Endpoint
from probes.protocols.protocol import WireRequest

HASH_DIGITS = 16
_OURS = frozenset({"traceparent", "x-holdfast-probe", "accept-encoding", "content-type", "content-length", "host"})
"""Headers an endpoint cannot replace: the sample would not describe what was sent."""


def render(body: Any) -> bytes:
    """The JSON that is sent. Dates and the like, which YAML knows and JSON does not, go as their text.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot say.
    """
    return json.dumps(body, separators=(",", ":"), allow_nan=False, default=str).encode()


def hash_of(protocol: str, wire: WireRequest, script: Sequence[Any] = ()) -> str:
    """The first 16 hex digits of SHA-256 over all that asks the question, whatever the order of the body's keys.

    That is protocol, body, what of the question stands in the address, and what a script says later.
    """
    asked: dict[str, Any] = {"protocol": protocol, "body": wire.body}
    asked |= {"addressed": dict(wire.addressed)} if wire.addressed else {}
    asked |= {"script": list(script)} if script else {}
    # through JSON and back first: only then are all keys text and can be sorted
    canonical = json.dumps(json.loads(json.dumps(asked, default=str)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:HASH_DIGITS]


@cache
def user_agent() -> str:
    """``holdfast/VERSION``."""
    try:
        return f"holdfast/{version('holdfast')}"
    except PackageNotFoundError:
        return "holdfast"


def mark(*, suite: str, probe: str, run_id: str) -> str:
    """The value of ``x-holdfast-probe``, by which the endpoint's own logs tell probes from customers."""
    return f"suite={quote(suite, safe='')}; probe={quote(probe, safe='')}; run={quote(run_id, safe='')}"


def headers_of(*, endpoint: Endpoint, wire: WireRequest, marked: str, trace_id: str, span_id: str) -> dict[str, str]:
    """All request headers: ours, over them the dialect's, over these the endpoint's, but never over what names us."""
    theirs = {name.lower(): value.get_secret_value() for name, value in endpoint.headers.items()}
    return {
        "accept": "text/event-stream, application/json",
        "user-agent": user_agent(),
        **bypass_headers(endpoint),
        **{name.lower(): value for name, value in wire.headers.items()},
        **{name: value for name, value in theirs.items() if name not in _OURS},
        "content-type": "application/json",
        # compression would delay the first bytes of a stream and hide their sizes
        "accept-encoding": "identity",
        # version 00 of W3C Trace Context, sampled
        "traceparent": f"00-{trace_id}-{span_id}-01",
        "x-holdfast-probe": marked,
    }

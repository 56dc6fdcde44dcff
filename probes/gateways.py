"""Gateways and providers: which of their response headers tell who answered. Feeds ``asking``.

Names of headers: docs/wire-formats.md. What an endpoint's own ``route`` says goes before all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from probes.endpoint import Endpoint
from probes.hostile import one_line
from probes.protocols.protocol import Reply
from probes.route import Route

NAME_CHARS = 200
"""Length of one name of a route, in characters."""


def _host(value: str) -> str | None:
    """Only the host: addresses of upstreams may hold credentials and internal paths."""
    try:
        return urlsplit(value if "//" in value else f"//{value}").hostname
    except ValueError:
        return None


def _count(value: str) -> str | None:
    return value if re.fullmatch(r"\d{1,6}", value, re.ASCII) else None


def _cache(value: str) -> str | None:
    """``hit`` (also a semantic one) or ``miss``; a cache that was off, bypassed or renewed is a miss."""
    words = value.lower().split()
    if "hit" in words:
        return "hit"
    return "miss" if words and words[-1] in ("miss", "disabled", "refresh", "bypass", "expired") else None


def _name(value: str) -> str | None:
    return one_line(value, NAME_CHARS) or None


ROUTE_HEADERS: tuple[tuple[str, str, Callable[[str], str | None]], ...] = (
    ("deployment", "x-litellm-model-id", _name),
    ("provider", "x-litellm-model-api-base", _host),
    ("region", "x-ms-region", _name),
    ("cache", "cf-aig-cache-status", _cache),
    ("cache", "helicone-cache", _cache),
    ("cache", "x-portkey-cache-status", _cache),
    ("fallbacks", "x-litellm-attempted-fallbacks", _count),
    ("fallbacks", "helicone-fallback-index", _count),
    ("fallbacks", "cf-aig-step", _count),
)
"""Field, header, reader; the first readable header of a field counts. LiteLLM's ``x-litellm-cache-key`` is absent on
purpose: it names a cache entry and does not say whether it was used."""


def read_route(endpoint: Endpoint, headers: Mapping[str, str], reply: Reply, *, attempts: int) -> Route:
    """The route, from what the body said and from response headers (lower-case names).

    The endpoint's own ``route`` goes first; then a provider named in the body (OpenRouter) before the host of the
    upstream (LiteLLM).
    """
    told: dict[str, str] = {}
    for field, header, read in ROUTE_HEADERS:
        value = read(headers.get(header, ""))
        if value is not None:
            told.setdefault(field, value)
    told |= {name: value for name, value in reply.told.items() if value}
    fallbacks = told.get("fallbacks")
    return Route(
        model=reply.model,
        fingerprint=reply.fingerprint,
        provider=reply.provider or told.get("provider"),
        deployment=told.get("deployment"),
        region=told.get("region"),
        tier=reply.tier,
        cache=told.get("cache"),
        fallbacks=None if fallbacks is None else int(fallbacks),
        attempts=attempts,
    )

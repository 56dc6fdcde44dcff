"""Who really answered: the route of one sample, as far as body and headers tell.

Feeds the ``route`` check (policy) and the ``route`` drift stream. Header readers for each gateway live in
``read_route``; names of headers: docs/wire-formats.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from probes.hostile import one_line

NAME_CHARS = 200
"""Length of one name of a route, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who served one request. Every field is None where nothing told."""

    model: str | None = None
    """Model name in the body as served (behind some gateways: the alias asked for)."""
    fingerprint: str | None = None
    """``system_fingerprint`` or the like."""
    provider: str | None = None
    deployment: str | None = None
    """Deployment or upstream id (LiteLLM: ``x-litellm-model-id``)."""
    region: str | None = None
    tier: str | None = None
    cache: str | None = None
    """``hit`` or ``miss`` where the reply says; None where it does not."""
    fallbacks: int | None = None
    """Fallbacks the gateway says it took."""
    attempts: int = 1
    """Requests we sent for this sample, the successful one included."""

    @property
    def key(self) -> str:
        """The category of the ``route`` stream: everything that names a server, nothing that merely counts."""
        parts = (self.provider, self.deployment, self.model, self.fingerprint, self.region, self.tier)
        return " / ".join(part for part in parts if part) or "unknown"


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


def read_route(
    headers: Mapping[str, str],
    body_model: str | None,
    fingerprint: str | None,
    tier: str | None,
    provider: str | None,
    attempts: int,
) -> Route:
    """The route, from what the body said and from response headers (lower-case names).

    A provider named in the body (OpenRouter) goes before the host of the upstream (LiteLLM).
    """
    told: dict[str, str] = {}
    for field, header, read in ROUTE_HEADERS:
        value = read(headers.get(header, ""))
        if value is not None:
            told.setdefault(field, value)
    fallbacks = told.get("fallbacks")
    return Route(
        model=body_model,
        fingerprint=fingerprint,
        provider=provider or told.get("provider"),
        deployment=told.get("deployment"),
        region=told.get("region"),
        tier=tier,
        cache=told.get("cache"),
        fallbacks=None if fallbacks is None else int(fallbacks),
        attempts=attempts,
    )

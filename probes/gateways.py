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

Reader = Callable[[str], str | None]
"""What a header's value tells; None where it tells nothing."""


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


def _cache_or_truth(value: str) -> str | None:
    """As a suite's own header or body path may put it: ``hit``, ``true``, ``1``, ..."""
    plain = {"true": "hit", "1": "hit", "yes": "hit", "false": "miss", "0": "miss", "no": "miss"}
    return plain.get(value.strip().lower()) or _cache(value)


def _hit_where_named(value: str) -> str | None:
    return "hit" if value.strip() else None


def _one_where_named(value: str) -> str | None:
    return "1" if value.strip() else None


def _name(value: str) -> str | None:
    return one_line(value, NAME_CHARS) or None


ROUTE_HEADERS: tuple[tuple[str, str, Reader], ...] = (
    ("model", "x-ms-served-model", _name),  # Azure's Responses API puts only the deployment's name in the body
    ("deployment", "x-litellm-model-id", _name),
    ("deployment", "x-ms-deployment-name", _name),
    ("deployment", "x-portkey-last-used-option-index", _name),
    ("provider", "x-litellm-model-api-base", _host),
    ("provider", "x-portkey-provider", _name),
    ("provider", "cf-aig-provider", _name),
    ("region", "x-ms-region", _name),
    ("region", "x-litellm-model-region", _name),
    ("region", "llm_provider-x-ms-region", _name),
    ("cache", "cf-aig-cache-status", _cache),
    ("cache", "helicone-cache", _cache),
    ("cache", "x-portkey-cache-status", _cache),
    ("cache", "x-openrouter-cache-status", _cache),
    # LiteLLM names the entry it answered from, and sends nothing on a miss (seen live, version 1.106)
    ("cache", "x-litellm-cache-key", _hit_where_named),
    ("fallbacks", "x-litellm-attempted-fallbacks", _count),
    ("fallbacks", "helicone-fallback-index", _count),
    ("fallbacks", "cf-aig-step", _count),
    # Azure: named where a provisioned deployment was full and another one answered
    ("fallbacks", "x-ms-spillover-from-deployment", _one_where_named),
    ("retries", "x-litellm-attempted-retries", _count),
    ("retries", "x-portkey-retry-attempt-count", _count),
)
"""Field, header, reader; the first readable header of a field counts. OpenAI, Anthropic, Gemini and vLLM have no such
headers: their bodies tell."""

GATEWAYS: tuple[tuple[str, str], ...] = (
    ("x-litellm-", "litellm"),
    ("x-portkey-", "portkey"),
    ("cf-aig-", "cloudflare"),
    ("helicone-", "helicone"),
    ("x-openrouter-", "openrouter"),
    ("x-generation-id", "openrouter"),
)
"""Beginning of a response header's name, and who sends it; the first that is there counts."""

_CONFIGURED: Mapping[str, Reader] = {"cache": _cache_or_truth, "fallbacks": _count, "retries": _count}
"""How configured fields are read where they are no names."""


def read_route(endpoint: Endpoint, headers: Mapping[str, str], reply: Reply, *, attempts: int) -> Route:
    """The route, from what the body said and from response headers (lower-case names).

    In this order: the endpoint's own ``route.headers``, its ``route.body`` and what else the dialect was told, the
    dialect's own fields, headers of gateways. Only Azure's served model goes before the model in the body.
    """
    known = _from_headers(headers)
    own = {name: _configured(name, said) for name, said in reply.told.items()}
    for name, header in (endpoint.route.headers if endpoint.route else {}).items():
        own[name] = _configured(name, headers.get(header.lower(), "").strip()) or own.get(name)
    in_body = {
        "model": known.get("model") or reply.model,
        "fingerprint": reply.fingerprint,
        "provider": reply.provider,
        "tier": reply.tier,
    }

    def told(field: str) -> str | None:
        return own.get(field) or in_body.get(field) or known.get(field)

    def counted(field: str) -> int | None:
        value = told(field)
        return None if value is None else int(value)

    return Route(
        model=told("model"),
        fingerprint=told("fingerprint"),
        provider=told("provider"),
        deployment=told("deployment"),
        region=told("region"),
        tier=told("tier"),
        cache=told("cache"),
        fallbacks=counted("fallbacks"),
        retries=counted("retries"),
        gateway=_gateway(headers),
        attempts=attempts,
    )


def _from_headers(headers: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, header, read in ROUTE_HEADERS:
        value = read(headers.get(header, ""))
        if value is not None:
            found.setdefault(field, value)
    return found


def _configured(field: str, value: str) -> str | None:
    return _CONFIGURED.get(field, _name)(value)


def _gateway(headers: Mapping[str, str]) -> str | None:
    return next((name for start, name in GATEWAYS if any(header.startswith(start) for header in headers)), None)

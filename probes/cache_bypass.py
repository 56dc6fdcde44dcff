"""Keeps gateways from answering out of their caches: headers that say so, and one field for LiteLLM. Feeds ``outgoing``
and ``asking``.

A cached answer tells nothing of the model, neither of its speed nor of its words. Names: docs/wire-formats.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from probes.endpoint import Endpoint, Gateway
from probes.protocols.protocol import WireRequest

# read by every HTTP cache (RFC 9111, section 5.2.1.4)
_EVERYWHERE: Mapping[str, str] = {"cache-control": "no-cache"}
HEADERS: Mapping[Gateway, Mapping[str, str]] = {
    "cloudflare": {"cf-aig-skip-cache": "true"},
    "helicone": {"helicone-cache-enabled": "false"},
    "openrouter": {"x-openrouter-cache": "false"},
    "portkey": {"x-portkey-cache-force-refresh": "true"},
}
"""By gateway. Servers that do not know these headers ignore them."""
LITELLM_FIELD: Mapping[str, Any] = {"cache": {"no-cache": True, "no-store": True}}
"""Neither read from the cache nor put our answer there, in place of what customers get. LiteLLM reads no header."""
_LITELLM_DIALECTS = frozenset({"openai-chat", "openai-responses", "anthropic-messages"})
"""Its own routes; elsewhere it passes bodies on, and providers refuse fields they do not know."""


def bypass_headers(endpoint: Endpoint) -> dict[str, str]:
    """Request headers that ask for a fresh answer; none where the endpoint allows caches.

    Of all gateways unless the suite names the one in between. Azure itself gets no foreign ones: it refuses requests
    with more than a few headers it does not know (HTTP 431).
    """
    if endpoint.cache != "bypass":
        return {}
    if endpoint.gateway is not None:
        return {**_EVERYWHERE, **HEADERS.get(endpoint.gateway, {})}
    if _is_azure(endpoint):
        return dict(_EVERYWHERE)
    return {**_EVERYWHERE, **{name: value for headers in HEADERS.values() for name, value in headers.items()}}


def bypassing(endpoint: Endpoint, wire: WireRequest) -> WireRequest:
    """The request with what its body needs to bypass a cache; the same one where it needs nothing.

    Not part of what is asked, so it is added after the request is hashed. A ``cache`` of the suite's own stays.
    """
    needed = endpoint.cache == "bypass" and endpoint.gateway == "litellm" and endpoint.protocol in _LITELLM_DIALECTS
    if not needed or not isinstance(wire.body, dict):
        return wire
    return replace(wire, body={**LITELLM_FIELD, **wire.body})


def _is_azure(endpoint: Endpoint) -> bool:
    try:
        host = urlsplit(endpoint.base_url).hostname or ""
    except ValueError:
        host = ""
    return endpoint.protocol == "azure-openai" or host.endswith((".azure.com", ".azure.us", ".azure.cn"))

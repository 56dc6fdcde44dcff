"""What a request cost, in US dollars: by the suite's own prices, else as the endpoint says, else by the price list.

No I/O; the list's prices are those of today. Feeds ``asking`` and spending caps. An unknown price is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from probes.endpoint import Endpoint, Prices
from probes.price_list import listed
from probes.protocols.protocol import Reply
from probes.sample import TokenUsage

_MILLION = 1_000_000
_CACHE_WRITES = ("cache_creation_input_tokens", "cache_write_tokens")
_DETAILS = ("prompt_tokens_details", "input_tokens_details")


def cost_usd(endpoint: Endpoint, reply: Reply) -> float | None:
    """Dollars for one request; None where price or token counts are unknown.

    The suite's ``prices`` go first: they were written for this endpoint. What the endpoint says of itself is next; the
    price list comes last, by the model that served, else by the model asked for.
    """
    if endpoint.prices is not None:
        return _by(endpoint.prices, reply.usage)
    if reply.cost_usd is not None and isfinite(reply.cost_usd) and reply.cost_usd >= 0:
        return reply.cost_usd
    if reply.usage.input_tokens is None or reply.usage.output_tokens is None:
        return None
    provider = reply.told.get("provider")
    entry = listed(endpoint, reply.model, provider) or listed(endpoint, asked_model(endpoint))
    if entry is None:
        return None
    return entry.cost_usd(reply.usage, cache_writes=_cache_writes(reply.usage.raw), tier=reply.tier)


def asked_model(endpoint: Endpoint) -> str | None:
    """The name to look a price up by before anything was answered."""
    return endpoint.model or endpoint.deployment


def price_known(endpoint: Endpoint) -> bool:
    """True where a request's cost can be told as soon as its tokens are counted."""
    return endpoint.prices is not None or listed(endpoint, asked_model(endpoint)) is not None


def guessed_usd(endpoint: Endpoint, *, input_tokens: int, output_tokens: int) -> float | None:
    """Dollars for a request that was not sent yet; None where the price is unknown."""
    usage = TokenUsage(input_tokens=input_tokens, output_tokens=output_tokens)
    return cost_usd(endpoint, Reply(usage=usage))


def _by(prices: Prices, usage: TokenUsage) -> float | None:
    if not (prices.input or prices.cached_input or prices.output):
        return prices.request  # tokens are free here, so nobody needs to have counted them
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    tokens = (usage.input_tokens - cached) * prices.input + cached * cached_price + usage.output_tokens * prices.output
    return prices.request + tokens / _MILLION


def _cache_writes(raw: Mapping[str, object]) -> int:
    """Tokens written into a prompt cache, which some providers charge more for; part of the input."""
    places = [raw, *(part for key in _DETAILS if isinstance(part := raw.get(key), Mapping))]
    counts = [place.get(key) for place in places for key in _CACHE_WRITES]
    return next((count for count in counts if isinstance(count, int) and count > 0), 0)

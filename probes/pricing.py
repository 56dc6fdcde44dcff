"""What a request cost, in US dollars: by the suite's own prices, else by the price list of genai-prices.

Pure. Feeds ``asking``. An unknown price is None, never zero.
"""

from __future__ import annotations

from probes.endpoint import Endpoint, Prices
from probes.protocols.protocol import Reply
from probes.sample import TokenUsage

_MILLION = 1_000_000


def cost_usd(endpoint: Endpoint, reply: Reply) -> float | None:
    """Dollars for one answered request; None where price or token counts are unknown."""
    if reply.cost_usd is not None:
        return reply.cost_usd
    return None if endpoint.prices is None else _by(endpoint.prices, reply.usage)


def _by(prices: Prices, usage: TokenUsage) -> float | None:
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    tokens = (usage.input_tokens - cached) * prices.input + cached * cached_price + usage.output_tokens * prices.output
    return prices.request + tokens / _MILLION

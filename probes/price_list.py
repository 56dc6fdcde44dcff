"""The price list of genai-prices, as shipped inside that package: prices without asking anybody. Feeds ``pricing``.

Nothing is fetched and nothing renews itself: a newer list comes with a newer release of the package. Its import takes
a tenth of a second, so it happens at the first price that is needed. What an endpoint says (a served model) is foreign
text: it is looked up, never trusted to exist, and what is remembered of it is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from probes.endpoint import Endpoint
from probes.sample import TokenUsage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

PROVIDERS_OF_PROTOCOLS: Mapping[str, str] = {
    "azure-openai": "azure",
    "anthropic-messages": "anthropic",
    "gemini": "google",
}
"""Whose prices a dialect suggests, where the address does not say it better."""
PROVIDERS_OF_GATEWAYS: Mapping[str, str] = {"openrouter": "openrouter"}
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of the price list."""

    provider: Provider
    model: ModelInfo

    def cost_usd(self, usage: TokenUsage, *, cache_writes: int, tier: str | None) -> float | None:
        """Dollars by today's prices; None where the counts are missing or contradict each other."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        from genai_prices import Usage

        cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
        counted = Usage(
            input_tokens=usage.input_tokens,
            cache_read_tokens=cached,
            cache_write_tokens=min(cache_writes, usage.input_tokens - cached),
            output_tokens=usage.output_tokens,
        )
        context = {"service_tier": tier.lower()} if tier else None
        try:
            told = self.model.calc_price(
                counted,
                self.provider,
                genai_request_timestamp=datetime.now(UTC),
                auto_update_timestamp=None,
                price_context=context,
            )
        except (ValueError, ArithmeticError, LookupError):  # counts no model can have had: the price is then unknown
            return None
        return float(told.total_price)


def listed(endpoint: Endpoint, model: str | None, provider: str | None = None) -> Listed | None:
    """The entry for a model at this endpoint; None where the list does not know it.

    ``provider`` is who the reply says answered. Whose price it is: that of the address, else of the gateway, of the
    dialect, of the reply, of a prefix of the model's name (``openai/gpt-4o``), or of the model's name alone.
    """
    if not model or len(model) > _LONGEST_NAME:
        return None
    hints = (
        PROVIDERS_OF_GATEWAYS.get(endpoint.gateway or ""),
        PROVIDERS_OF_PROTOCOLS.get(endpoint.protocol),
        provider if provider and len(provider) <= _LONGEST_NAME else None,
    )
    return _find(model.lower(), endpoint.base_url, tuple(hint for hint in hints if hint))


@lru_cache(maxsize=512)
def _find(model: str, base_url: str, hints: tuple[str, ...]) -> Listed | None:
    """Looked up in the list itself: the package's own look-up remembers every name it ever saw."""
    providers = _providers()
    at_address = [provider for provider in providers.values() if re.match(provider.api_pattern, base_url)]
    hinted = [providers[hint] for hint in hints if hint in providers]
    prefix, _, rest = model.partition("/")
    tries = [(provider, model) for provider in (*at_address, *hinted)]
    tries += [(providers[prefix], rest)] if rest and prefix in providers else []
    if not at_address and not hinted:
        matching = (p for p in providers.values() if p.model_match is not None and p.model_match.is_match(model))
        tries += [(provider, model) for provider in matching]
    for provider, name in tries:
        found = provider.find_model(name, all_providers=list(providers.values()))
        if found is not None:
            return Listed(provider=provider, model=found)
    return None


def read_list() -> None:
    """Read the list now, once a process: a tenth of a second that should not fall into a measurement."""
    _providers()


@lru_cache(maxsize=1)
def _providers() -> dict[str, Provider]:
    from genai_prices.data import providers

    return {provider.id: provider for provider in providers}

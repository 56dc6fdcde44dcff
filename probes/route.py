"""Who really answered: the route of one sample, as far as body and headers tell.

Feeds the ``route`` check (policy) and the ``route`` drift stream. How it is read: ``gateways``.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    retries: int | None = None
    """Requests the gateway says it repeated on its own."""
    gateway: str | None = None
    """The gateway in between, where its headers give it away: ``litellm``, ``cloudflare``, ..."""
    attempts: int = 1
    """Requests we sent for this sample, the successful one included."""

    @property
    def key(self) -> str:
        """The category of the ``route`` stream: everything that names a server, nothing that merely counts."""
        parts = (self.provider, self.deployment, self.model, self.fingerprint, self.region, self.tier)
        return " / ".join(part for part in parts if part) or "unknown"

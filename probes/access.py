"""How a request gets in: what credentials it carries beside those of its dialect, and which texts must never leave.

Feeds ``asking``. API keys and headers need nothing more; tokens that expire (``oauth``) are fetched and renewed.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.hostile import secrets_of


class Access(typing.Protocol):
    """The way into one endpoint."""

    async def headers(self) -> Mapping[str, str] | Failure:
        """Headers with credentials for the next request, or why there are none (an issuer that does not answer)."""
        ...

    def rejected(self) -> bool:
        """The endpoint did not accept them. True where fresh ones are worth one more request."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Every text that must never leave, longest first; grows as tokens come."""
        ...


class Accesses(typing.Protocol):
    """The ways into all endpoints of an installation."""

    def of(self, endpoint: Endpoint) -> Access:
        """The way into this one, for one sample; the same token for the same credentials."""
        ...


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """Keys and headers as the suite gives them: the dialect and the endpoint's headers carry them already."""

    known: tuple[str, ...] = field(repr=False)

    async def headers(self) -> Mapping[str, str]:
        return {}

    def rejected(self) -> bool:
        return False

    def secrets(self) -> tuple[str, ...]:
        return self.known


class KeysOnly:
    """Accesses where nobody needs a token."""

    def of(self, endpoint: Endpoint) -> Access:
        return KeyAccess(secrets_of(endpoint))

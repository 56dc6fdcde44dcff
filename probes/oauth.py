"""Tokens that expire: fetched once for all who share the credentials, renewed in time, replaced once when refused.

Implements ``access``: one ``Tokens`` serves every endpoint of an installation, across runs. Feeds ``fire``.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from probes.access import Access, KeyAccess
from probes.clock import Clock
from probes.endpoint import Endpoint, OAuth2
from probes.failure import Failure
from probes.hostile import longest_first, secrets_of
from probes.oauth_wire import Token, issuer_failed, read_token, token_request
from probes.transport import Transport
from probes.waits import asked_wait_s

RENEW_BEFORE_S = 60.0
RENEW_BEFORE_SHARE = 0.1
"""A token is renewed this long before it expires: the smaller of a minute and a tenth of its life."""
ISSUER_TIMEOUT_S = 30.0
REST_S = 30.0
"""Seconds an issuer is left alone after it refused for good, or after the endpoint refused what had just been issued:
asking for each sample anew would only get the account locked."""
TOKENS_REMEMBERED = 4
"""Tokens already replaced that are still removed from what the endpoint says."""
ENDPOINTS_REMEMBERED = 256


class Tokens:
    """Fulfils ``Accesses``. Lives as long as its transport."""

    def __init__(self, *, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._sources: dict[tuple[str, ...], TokenSource] = {}
        # the endpoint is kept beside its secrets, so that its id stays its own
        self._known: OrderedDict[int, tuple[Endpoint, tuple[str, ...]]] = OrderedDict()

    def of(self, endpoint: Endpoint) -> Access:
        """The way into an endpoint for one sample."""
        known = self._secrets_of(endpoint)
        if endpoint.oauth2 is None:
            return KeyAccess(known)
        return TokenAccess(source=self._source(endpoint, endpoint.oauth2), endpoint=endpoint, known=known)

    def _secrets_of(self, endpoint: Endpoint) -> tuple[str, ...]:
        if id(endpoint) not in self._known:
            self._known[id(endpoint)] = (endpoint, secrets_of(endpoint))
            if len(self._known) > ENDPOINTS_REMEMBERED:
                self._known.popitem(last=False)
        return self._known[id(endpoint)][1]

    def _source(self, endpoint: Endpoint, client: OAuth2) -> TokenSource:
        key = _credentials(endpoint, client)
        if key not in self._sources:
            self._sources[key] = TokenSource(transport=self._transport, clock=self._clock, client=client)
        return self._sources[key]


def _credentials(endpoint: Endpoint, client: OAuth2) -> tuple[str, ...]:
    """All that decides which token an issuer gives: who asks, for what, and by which way."""
    certificate = endpoint.tls.certificate if endpoint.tls else None
    secret = client.client_secret.get_secret_value()
    return (client.token_url, client.client_id, secret, client.scope, client.audience, certificate or "")


class TokenSource:
    """The token of one client, and its renewal: one request to the issuer at a time, shared by all who wait for it."""

    def __init__(self, *, transport: Transport, clock: Clock, client: OAuth2) -> None:
        self._transport = transport
        self._clock = clock
        self._client = client
        self._turn = asyncio.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0
        self._failure: Failure | None = None
        self._answers = 0
        """Outcomes so far, so that who waited knows whether there was one meanwhile."""
        self._rest_until: float | None = None
        self._replacing = False
        """True where the next token is fetched because the one before was refused."""
        self._issued: deque[str] = deque(maxlen=TOKENS_REMEMBERED)
        self.secrets: tuple[str, ...] = ()
        """The newest tokens."""

    async def token(self, endpoint: Endpoint) -> Token | Failure:
        """A token that is still good for a while, or why there is none."""
        seen = self._answers
        if (token := self._good()) is not None:
            return token
        async with self._turn:
            if (token := self._good()) is not None:
                return token
            if self._failure is not None and (self._answers != seen or self._resting()):
                return self._failure
            outcome = await self._fetch(endpoint)
            self._answers += 1
            self._note(outcome)
            return outcome

    def refused(self, value: str) -> bool:
        """The endpoint did not accept this token; True where another one is there or worth asking for."""
        if self._token is None or self._token.value != value:
            return True
        if self._resting():
            return False
        self._token, self._replacing = None, True
        return True

    def _good(self) -> Token | None:
        return self._token if self._token is not None and self._clock.monotonic() < self._renew_at else None

    def _resting(self) -> bool:
        return self._rest_until is not None and self._clock.monotonic() < self._rest_until

    async def _fetch(self, endpoint: Endpoint) -> Token | Failure:
        asked = token_request(self._client)
        reply = await self._transport.post(
            endpoint=endpoint,
            url=self._client.token_url,
            headers=asked.headers,
            body=asked.body,
            timeout_s=min(ISSUER_TIMEOUT_S, endpoint.timeout.total_s),
        )
        if isinstance(reply, Failure):
            return issuer_failed(self._client, reply)
        outcome = read_token(self._client, reply)
        if isinstance(outcome, Failure) and (asked_s := asked_wait_s(reply.headers, self._clock.now())) is not None:
            return replace(outcome, retry_after_s=asked_s)
        return outcome

    def _note(self, outcome: Token | Failure) -> None:
        now = self._clock.monotonic()
        hopeless = not outcome.retryable if isinstance(outcome, Failure) else self._replacing
        self._rest_until = now + REST_S if hopeless else None
        if isinstance(outcome, Failure):
            self._failure = outcome
            return
        self._token, self._failure, self._replacing = outcome, None, False
        self._renew_at = now + outcome.life_s - min(RENEW_BEFORE_S, outcome.life_s * RENEW_BEFORE_SHARE)
        self._issued.append(outcome.value)
        self.secrets = longest_first(self._issued)


@dataclass(slots=True, kw_only=True)
class TokenAccess:
    """Fulfils ``Access`` for one sample: it remembers which token it used, and that one was replaced already."""

    source: TokenSource
    endpoint: Endpoint = field(repr=False)
    known: tuple[str, ...] = field(repr=False)
    _used: str | None = field(default=None, repr=False)
    _replaced: bool = False
    _sealed: tuple[tuple[str, ...], tuple[str, ...]] | None = field(default=None, repr=False)
    """The source's secrets when last asked, and all secrets then."""

    async def headers(self) -> Mapping[str, str] | Failure:
        token = await self.source.token(self.endpoint)
        self._used = None if isinstance(token, Failure) else token.value
        return token if isinstance(token, Failure) else {"authorization": f"Bearer {token.value}"}

    def rejected(self) -> bool:
        if self._used is None or self._replaced:
            return False
        self._replaced = True
        return self.source.refused(self._used)

    def secrets(self) -> tuple[str, ...]:
        if self._sealed is None or self._sealed[0] is not self.source.secrets:
            self._sealed = (self.source.secrets, longest_first((*self.known, *self.source.secrets)))
        return self._sealed[1]

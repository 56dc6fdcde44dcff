"""Where probes are asked, as a suite author writes it: address, dialect, credentials, limits, prices, who answers.

Frozen pydantic models of the ``endpoints`` part of a suite. Feeds everything that sends, limits or names an endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, model_validator

from probes.duration import PositiveDuration
from probes.forms import Number, SuiteModel, Truth, Whole
from probes.http_mapping import HttpRequest, HttpResponse
from probes.json_paths import JsonPath

Gateway = Literal["litellm", "openrouter", "portkey", "cloudflare", "helicone", "vllm"]
Dollars = Annotated[Number, Field(ge=0)]


class Timeouts(SuiteModel):
    """How long to wait at most."""

    connect_s: PositiveDuration = Field(default=5.0, alias="connect")
    """Until the connection stands. Default 5s."""
    first_token_s: PositiveDuration = Field(default=30.0, alias="first_token")
    """Until the first token (until the response headers where nothing is streamed). Default 30s."""
    total_s: PositiveDuration = Field(default=120.0, alias="total")
    """Until the answer is complete. Default 2m."""


class OAuth2(SuiteModel):
    """OAuth 2 client credentials (RFC 6749, section 4.4): a short-lived token instead of an API key."""

    token_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+\S*$")]
    """Where tokens are issued."""
    client_id: str
    """Who asks; not a secret, but may come from the environment."""
    client_secret: SecretStr
    """From the environment, as ${NAME}, or from a file, as {file: PATH}."""
    scope: str = ""
    """Scopes, blank between them."""
    audience: str = ""
    """Sent as ``audience`` where the issuer wants one."""
    send_secret_in: Literal["header", "body"] = "header"
    """HTTP Basic (the standard's own way), or fields of the form."""


class Tls(SuiteModel):
    """Certificates: whom to trust, and who we are. Paths start at the suite file."""

    ca: str | None = None
    """PEM file with the certificate authorities to trust instead of the system's."""
    certificate: str | None = None
    """PEM file with the client certificate (mutual TLS)."""
    key: str | None = None
    """PEM file with its key; left out where the certificate's file holds it."""
    key_password: SecretStr | None = None
    """Password of the key, from the environment or a file."""


class Prices(SuiteModel):
    """US dollars for a million tokens; goes before the price list that Holdfast ships with."""

    input: Dollars
    """Prompt tokens."""
    cached_input: Dollars | None = None
    """Prompt tokens from a cache; left out, the price of input."""
    output: Dollars
    """Answer tokens, reasoning among them."""
    request: Dollars = 0.0
    """Dollars for each request (not a million). Default 0."""


RouteField = Literal[
    "model", "fingerprint", "provider", "deployment", "region", "tier", "cache", "fallbacks", "retries"
]


class RouteMap(SuiteModel):
    """Where this endpoint's replies say who really answered; goes before what Holdfast knows of gateways."""

    headers: Mapping[RouteField, str] = Field(default_factory=dict)
    """Field of the route to name of the response header that tells it."""
    body: Mapping[RouteField, JsonPath] = Field(default_factory=dict)
    """Field of the route to JSONPath in the reply (in a stream: in any of its events, the last that matches)."""


class Spend(SuiteModel):
    """Most to spend in one day (UTC). Reaching it stops probing: the rest is unknown, never healthy."""

    usd_per_day: Annotated[Number, Field(gt=0)] | None = None
    """US dollars."""
    tokens_per_day: Annotated[Whole, Field(gt=0)] | None = None
    """Input and output tokens together."""


MOST_AT_ONCE = 256
"""Requests in flight at one endpoint. Each may hold a reply of 8 MiB, some of it twice while it is read."""


def _not_too_many(concurrency: int) -> int:
    if concurrency > MOST_AT_ONCE:
        raise ValueError(
            f"concurrency {concurrency} is more than {MOST_AT_ONCE}: each request in flight may hold 8 MiB of a reply "
            "in memory, and so many at once would delay each other's timing"
        )
    return concurrency


class Endpoint(SuiteModel):
    """Where probes are asked: URL, protocol, model, credentials."""

    protocol: str = "openai-chat"
    """The wire dialect. Default openai-chat, which most servers and gateways speak."""
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+\S*$")]
    """The address up to and without the dialect's own path, like https://gateway.example.com/v1."""
    model: str | None = None
    """The model name sent with each request; may be left out where the server has only one."""
    deployment: str | None = None
    """azure-openai: the deployment in the address. Left out, the model's name."""
    api_version: str | None = None
    """azure-openai and gemini: the version in the address. anthropic-messages: the anthropic-version header."""
    api_key: Annotated[SecretStr | None, Field(examples=["${SUPPORT_BOT_KEY}"])] = None
    """From the environment, as ${NAME}, or from a file, as {file: PATH}; never stored, never printed."""
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    """Extra request headers; values are treated as secrets, and may come from files too."""
    oauth2: OAuth2 | None = None
    """A token by client credentials, sent as Authorization: Bearer, renewed in time."""
    tls: Tls | None = None
    """Certificates of our own, or of theirs."""
    proxy: SecretStr | None = None
    """Address of an HTTP proxy, like http://proxy.example.com:3128; its password from the environment."""
    http2: Truth = False
    """Offer HTTP/2 (over TLS). Default false: a connection a request tells more about time."""
    stream: Truth = True
    """Ask for a streamed answer, so that the first token can be timed."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Passed through untouched into the request body, like temperature and max_tokens."""
    seed: Whole | None = None
    """Asks for repeatable answers, where the dialect can."""
    timeout: Timeouts = Timeouts()
    """How long to wait at most."""
    concurrency: Annotated[
        Whole, Field(ge=1, json_schema_extra={"maximum": MOST_AT_ONCE}), AfterValidator(_not_too_many)
    ] = 4
    """Requests in flight at once, at most 256. Default 4."""
    requests_per_minute: Annotated[Whole, Field(ge=1)] | None = None
    """Most requests in any minute; what has to wait is not timed."""
    tokens_per_minute: Annotated[Whole, Field(ge=1)] | None = None
    """Most tokens (input and output) in any minute."""
    retries: Annotated[Whole, Field(ge=0, le=10)] = 2
    """Extra requests for transport trouble, 429 and 5xx. Every attempt is recorded. Default 2."""
    prices: Prices | None = None
    """What tokens cost here; left out, the shipped price list."""
    cache: Literal["bypass", "allow"] = "bypass"
    """Whether a gateway may answer from its cache. Default bypass: a cached answer tells nothing of the model."""
    gateway: Gateway | None = None
    """What stands in between, where a cache can only be bypassed by knowing it."""
    route: RouteMap | None = None
    """Where replies say who really answered, if Holdfast does not know by itself."""
    request: HttpRequest | None = None
    """protocol http: what to send."""
    response: HttpResponse | None = None
    """protocol http: where the answer stands in the reply."""
    _from_environment: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="after")
    def _http_is_mapped(self) -> Endpoint:
        for key, value in (("request", self.request), ("response", self.response)):
            if self.protocol == "http" and value is None:
                raise ValueError(f"protocol http needs {key}; it says what to send, and response what comes back")
            if self.protocol != "http" and value is not None:
                raise ValueError(f"{key} is for protocol http, and this endpoint speaks {self.protocol}; remove it")
        return self

    @property
    def streamed(self) -> bool:
        """True where answers are asked for as a stream; with protocol http only where ``response.stream`` reads one."""
        mapped = self.response is None or self.response.stream is not None
        return self.stream and mapped

    @property
    def from_environment(self) -> frozenset[str]:
        """Values from the environment and from key files anywhere in this endpoint; none of them may ever leave."""
        return self._from_environment

    def knowing(self, secrets: frozenset[str]) -> Endpoint:
        """The same endpoint, which also knows what of it came from the environment."""
        known = self.model_copy()
        known._from_environment = secrets  # noqa: SLF001  our own copy
        return known

"""OAuth 2 client credentials on the wire: the form that asks for a token, and what an issuer's reply means. Pure.

oauthlib knows the protocol (RFC 6749, sections 4.4 and 5); what it is handed is bounded and typed first, as an issuer's
reply is hostile text like any other. Feeds ``oauth``.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, urlsplit

from probes.classify import classify_reply
from probes.endpoint import OAuth2
from probes.exchange import PlainReply
from probes.failure import Failure, FailureClass
from probes.json_fields import MalformedReply, parse_json

LIFE_UNSTATED_S = 300.0
"""How long a token is used whose issuer does not say how long it lives (RFC 6749 only recommends saying so)."""
LONGEST_TOKEN = 16 * 1024
"""Characters; a longer one would be refused as a header by most servers."""
_TEXTS = ("access_token", "token_type", "error", "error_description")
_ERRORS = {
    "invalid_client": FailureClass.AUTH,
    "unauthorized_client": FailureClass.AUTH,
    "access_denied": FailureClass.AUTH,
    "invalid_grant": FailureClass.AUTH,
    "invalid_scope": FailureClass.PERMISSION,
    "invalid_request": FailureClass.BAD_REQUEST,
    "unsupported_grant_type": FailureClass.BAD_REQUEST,
    "temporarily_unavailable": FailureClass.OVERLOADED,
    "server_error": FailureClass.SERVER,
}
"""Error codes of RFC 6749, sections 4.1.2.1 and 5.2."""
_NO_FIELDS: dict[str, object] = {}
"""Of a reply that is no JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One access token as issued."""

    value: str = field(repr=False)
    life_s: float
    """Seconds it is valid, from when it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """One request for a token. Carries credentials: never shown."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def token_request(client: OAuth2) -> TokenRequest:
    """What to post to ``token_url``: the secret by HTTP Basic or in the form, as the suite says."""
    from oauthlib.oauth2 import BackendApplicationClient  # slow to import, and most installations need no tokens

    secret, in_body = client.client_secret.get_secret_value(), client.send_secret_in == "body"
    body = BackendApplicationClient(client.client_id).prepare_request_body(
        scope=client.scope or None,
        include_client_id=in_body,
        client_secret=secret if in_body else None,
        audience=client.audience or None,
    )
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if not in_body:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
        headers["authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return TokenRequest(headers=headers, body=body.encode())


def read_token(client: OAuth2, reply: PlainReply) -> Token | Failure:
    """The token of an issuer's reply, or why there is none. Secrets may still stand in a failure's message."""
    from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

    fields = _fields(reply.body)
    if not 200 <= reply.status < 300 and _says_more(reply.status, fields.get("error")):
        failure = classify_reply(status=reply.status, headers=reply.headers, body=reply.body)
        return replace(issuer_failed(client, failure), status=reply.status)
    if fields is _NO_FIELDS:
        return _failure(client, FailureClass.PROTOCOL, _unreadable(reply), reply.status)
    try:
        issued = BackendApplicationClient(client.client_id).parse_request_body_response(json.dumps(fields))
    except OAuth2Error as error:
        kind = _ERRORS.get(error.error or "", FailureClass.PROTOCOL)
        told = ": ".join(filter(None, (error.error, (error.description or "").strip())))
        return _failure(client, kind, told, reply.status)
    if str(issued.get("token_type") or "bearer").lower() != "bearer":
        message = f"it issues tokens of type {issued['token_type']!r}, and only bearer is known here"
        return _failure(client, FailureClass.PROTOCOL, message, reply.status)
    value = str(issued["access_token"])
    if not (value.isascii() and value.isprintable() and 0 < len(value.strip()) == len(value) <= LONGEST_TOKEN):
        return _failure(client, FailureClass.PROTOCOL, "it issued a token that no header can carry", reply.status)
    return Token(value=value, life_s=_life_s(issued.get("expires_in")))


def issuer_failed(client: OAuth2, failure: Failure) -> Failure:
    """A failure of the way to the issuer, told apart from one of the way to the endpoint."""
    told = _failure(client, failure.kind, failure.message, failure.status)
    return replace(told, retry_after_s=failure.retry_after_s)


def _says_more(status: int, error: object) -> bool:
    """True where the status tells more than the error code: there is none, or one that RFC 6749 does not know."""
    return not error or (error not in _ERRORS and (status == 429 or status >= 500))


def _unreadable(reply: PlainReply) -> str:
    """What an issuer sent instead of an object. It is not quoted: a token may stand in it that nobody knows of yet."""
    if not reply.whole:
        return f"the issuer's reply is longer than {len(reply.body) // 1024} KiB"
    try:
        parse_json(reply.body)
    except MalformedReply:
        kind = reply.headers.get("content-type", "").partition(";")[0].strip()[:60]
        return f"the issuer's reply is not JSON (content type {kind or 'not stated'})"
    return "the issuer's reply is not a JSON object"


def _fields(body: bytes) -> dict[str, object]:
    """What oauthlib needs of the reply, each of its expected type; anything else is left out."""
    try:
        tree = parse_json(body)
    except MalformedReply:
        return _NO_FIELDS
    if not isinstance(tree, dict):
        return _NO_FIELDS
    fields: dict[str, object] = {name: tree[name] for name in _TEXTS if isinstance(tree.get(name), str)}
    if (life_s := _number(tree.get("expires_in"))) is not None:
        fields["expires_in"] = int(life_s)
    return fields


def _number(value: object) -> float | None:
    """Seconds written as a number or, as some issuers do, as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return min(number, 1e9) if math.isfinite(number) and number > 0 else None


def _life_s(expires_in: object) -> float:
    return _number(expires_in) or LIFE_UNSTATED_S


def _failure(client: OAuth2, kind: FailureClass, message: str, status: int | None) -> Failure:
    try:
        host = urlsplit(client.token_url).hostname
    except ValueError:
        host = None
    return Failure(kind=kind, message=f"no token from the issuer {host or 'of tokens'}: {message}", status=status)

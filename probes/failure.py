"""What went wrong with one request: failure classes, which of them are worth asking again, and a sentence each.

Feeds samples (as a value, never an exception), the availability alert and every report.
The classes (docs/wire-formats.md) hold some of our own: ``connection`` for a connection that was refused or reset,
which the usual lists leave without a home, and ``not_asked``, ``spend_cap`` and ``time_limit`` for questions that we
held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

IN_TURN = "in turn "
"""How the message of a script's failure begins, its number behind it."""
IN_BETWEEN = "with no answer in between: "
"""What stands before the words of an earlier failure in the message of a sample that was not asked because of it."""


class FailureClass(StrEnum):
    """Why a request gave no usable answer."""

    AUTH = "auth"
    BILLING = "billing"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONTEXT_LENGTH = "context_length"
    BAD_REQUEST = "bad_request"
    CONTENT_FILTER = "content_filter"
    RATE_LIMIT_SHORT = "rate_limit_short"
    QUOTA_LONG = "quota_long"
    OVERLOADED = "overloaded"
    SERVER = "server"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_TOTAL = "timeout_total"
    STREAM_TRUNCATED = "stream_truncated"
    PROTOCOL = "protocol"
    DNS_TLS = "dns_tls"
    CONNECTION = "connection"
    NOT_ASKED = "not_asked"
    SPEND_CAP = "spend_cap"
    TIME_LIMIT = "time_limit"


RETRYABLE = frozenset(
    {
        FailureClass.RATE_LIMIT_SHORT,
        FailureClass.OVERLOADED,
        FailureClass.SERVER,
        FailureClass.TIMEOUT_CONNECT,
        FailureClass.TIMEOUT_FIRST_TOKEN,
        FailureClass.TIMEOUT_TOTAL,
        FailureClass.CONNECTION,
    }
)
"""Only these may be asked again: a wrong key, an empty purse or a bad request will not get better."""

HELD_BACK = frozenset({FailureClass.NOT_ASKED, FailureClass.SPEND_CAP, FailureClass.TIME_LIMIT})
"""Our own doing: the endpoint had given no sign of life, it would have cost too much, or the run's time was over."""

SENTENCES: dict[FailureClass, str] = {
    FailureClass.AUTH: "The endpoint did not accept the API key: check the variable it comes from.",
    FailureClass.BILLING: "The account behind the key has no money left: top it up.",
    FailureClass.PERMISSION: "The key may not use this model or endpoint: ask its owner for access.",
    FailureClass.NOT_FOUND: "The model or URL does not exist there: check model and base_url.",
    FailureClass.CONTEXT_LENGTH: "The prompt is longer than the model accepts: shorten it.",
    FailureClass.BAD_REQUEST: "The endpoint refused the request as malformed: check params and messages.",
    FailureClass.CONTENT_FILTER: "A content filter blocked the request: reword the probe or adjust the filter.",
    FailureClass.RATE_LIMIT_SHORT: "The endpoint wants fewer requests a minute: set requests_per_minute.",
    FailureClass.QUOTA_LONG: "A quota is used up for longer than a run waits: raise it, or wait until it renews.",
    FailureClass.OVERLOADED: "The endpoint says it is overloaded: if that lasts, ask its operator for capacity.",
    FailureClass.SERVER: "The endpoint failed with a server error: look into its logs.",
    FailureClass.TIMEOUT_CONNECT: "No connection within the connect timeout: check address, network and proxy.",
    FailureClass.TIMEOUT_FIRST_TOKEN: "No first token in time: look for a queue there, or raise timeout.first_token.",
    FailureClass.TIMEOUT_TOTAL: "The answer was not complete in time: look why it is slow, or raise that limit.",
    FailureClass.STREAM_TRUNCATED: "The stream ended before the answer was complete: look for a proxy that cuts it.",
    FailureClass.PROTOCOL: "The reply could not be read as this protocol: check protocol and base_url.",
    FailureClass.DNS_TLS: "The host name or its certificate could not be used: check base_url, DNS and tls.",
    FailureClass.CONNECTION: "The connection was refused or cut: check that the endpoint is up and reachable.",
    FailureClass.NOT_ASKED: "It was not asked: put right what failed before it, which looks like a dead endpoint.",
    FailureClass.SPEND_CAP: "It was not asked: a spending cap is reached; raise it, or wait for the next day (UTC).",
    FailureClass.TIME_LIMIT: "It was not asked: the run's time was over; look what took it, or raise schedule.timeout.",
}
"""One sentence for a human, per class: what happened, and what to do. More: docs/failures.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One request that gave no usable answer."""

    kind: FailureClass
    """The class; the JSON key is ``class``."""
    message: str
    """What the endpoint or the transport said, with secrets removed. Hostile text: escape it where it is shown."""
    status: int | None = None
    """HTTP status, where there was one."""
    retry_after_s: float | None = None
    """Seconds the endpoint asked to be left alone, where it did."""

    @property
    def held_back(self) -> bool:
        """True where nothing was sent: we held the question back ourselves."""
        return self.kind in HELD_BACK

    @property
    def retryable(self) -> bool:
        """True where asking again may help."""
        return self.kind in RETRYABLE

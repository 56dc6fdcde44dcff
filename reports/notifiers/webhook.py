"""Notices as JSON, posted to any address: for receivers of one's own. Described in docs/alerts.md.

The body is ``{"schema": "holdfast.notice/1", ...}`` with every field of ``Notice``. ``Idempotency-Key`` is the same
for repeats of one notice. The address, the extra headers and the secret are secret: neither exceptions, logs nor
``repr`` show them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from probes.clock import Clock, SystemClock
from reports.escaping import visible
from reports.notice import Delivery, Notice
from reports.notifiers.posting import Receiver, address, keep_quiet, post, sendable
from reports.notifiers.replies import repeat_key, timeout
from reports.notifiers.signing import secrets_of, signed

SCHEMA = "holdfast.notice/1"
OWN_HEADERS = frozenset(
    {"connection", "content-length", "content-type", "host", "idempotency-key", "transfer-encoding"}
    | {"webhook-id", "webhook-signature", "webhook-timestamp"}
)
"""Set by us or the HTTP client; twice in a request, nobody could say which one counts."""
_NOTICE = TypeAdapter(Notice)


class WebhookNotifier:
    """One receiver of JSON."""

    def __init__(
        self,
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        secret: str | Sequence[str] | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """
        Args:
            url: Where to post. A secret.
            headers: Added to each request, for example ``Authorization``. Values are secrets.
            secret: ``whsec_`` and base64, or a list of them: each request is signed with it (``signing``).
            timeout_s: Seconds one delivery may take.

        Raises:
            ValueError: the address is not http or https, a header cannot be sent or is one of ours, or the secret is
                none.
        """
        if not isinstance(headers or {}, Mapping):
            raise ValueError("the webhook's url is a text, its headers are names with values")
        self._headers = {str(name): str(value) for name, value in (headers or {}).items()}
        where = address(url, "the webhook's")
        self._receiver = Receiver(name="the webhook", url=where, timeout_s=timeout(timeout_s))
        self._keys = () if secret is None else secrets_of(secret)
        self._clock: Clock = SystemClock()
        if not sendable(self._headers):
            raise ValueError("webhook headers must be printable ASCII")
        if ours := sorted(name for name in self._headers if name.lower() in OWN_HEADERS):
            raise ValueError(
                f"the webhook's headers hold {ours[0]}, which is no text to choose: every request brings it"
            )
        keep_quiet()

    def __repr__(self) -> str:
        return "WebhookNotifier(url=<hidden>)"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Post one notice; any 2xx is success.

        Raises:
            DeliveryError: not delivered; nothing in it is secret.
        """
        body, key = _body(notice), repeat_key(notice)
        headers = {**self._headers, "Idempotency-Key": key}
        if self._keys:
            headers |= signed(self._keys, key, int(self._clock.now().timestamp()), body)
        error = await post(self._receiver, body, headers)
        if error is not None:
            raise error  # outside every handler: no chain of foreign exceptions, which may quote the address
        return Delivery(receipt={})


def _body(notice: Notice) -> bytes:
    fields = _NOTICE.dump_python(notice)
    told = {name: _clean(value) for name, value in fields.items()}
    for name in ("at", "opened_at"):
        told[name] = getattr(notice, name).isoformat().replace("+00:00", "Z")
    return TypeAdapter(dict[str, object]).dump_json({"schema": SCHEMA, **told})


def _clean(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    return [visible(str(entry)) for entry in value] if isinstance(value, tuple) else value

"""Signatures on webhooks, so that a receiver knows who sent and when. Feeds the webhook notifier.

The scheme of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
``webhook-id``, ``webhook-timestamp`` in Unix seconds, and ``webhook-signature``, which is ``v1,`` and the base64 of
HMAC-SHA256 over ``id.timestamp.body``. Receivers refuse old timestamps, so a recorded request cannot be played again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
HOW = "make one with: python3 -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""


def secrets_of(value: object) -> tuple[bytes, ...]:
    """The keys behind ``secret``: one text, or a list of them while one replaces another.

    Raises:
        ValueError: a key is not ``whsec_`` and the base64 of 24 to 64 bytes. The error does not quote it.
    """
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, Sequence) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("the webhook's secret is a text, or a list of texts")
    return tuple(_key(str(entry)) for entry in entries)


def _key(text: str) -> bytes:
    key = _decoded(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else b""
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        bounds = f"{LEAST_BYTES} to {MOST_BYTES} bytes"
        raise ValueError(f"the webhook's secret is a text of {PREFIX} and {bounds} in base64; {HOW}")
    return key


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # its text may quote the key
        return b""


def signed(keys: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature a key, separated by spaces, so that keys can be replaced without a gap.

    Args:
        keys: At least one, as ``secrets_of`` gives them.
        message_id: The same for every repeat of one message. Without a dot.
        timestamp_s: Now, in whole Unix seconds.
        body: Exactly the bytes that are sent.
    """
    content = f"{message_id}.{timestamp_s}.".encode() + body
    signatures = (base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }

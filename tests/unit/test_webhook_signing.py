"""Signed webhooks: what is sent can be verified, and nothing that was changed, aged or signed by others can."""

from __future__ import annotations

import asyncio
import base64
import time

import pytest

from reports.notifiers.signing import LEAST_BYTES, MOST_BYTES, PREFIX, secrets_of, signed
from reports.notifiers.webhook import WebhookNotifier
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import WEBHOOK_SECRET, FakeReceivers


def a_secret(byte: bytes = b"k", size: int = 32) -> str:
    return PREFIX + base64.b64encode(byte * size).decode()


def test_the_published_example_of_the_scheme_comes_out_the_same() -> None:
    """The example of the Standard Webhooks reference libraries."""
    keys = secrets_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_delivery_is_signed_over_exactly_what_was_sent() -> None:
    with FakeReceivers() as fake:
        asyncio.run(WebhookNotifier(url=fake.receiver_url, secret=WEBHOOK_SECRET).deliver(a_notice(), None))
        ((_, _, headers),) = fake.requests
        (raw,) = fake.raw
    stamp = int(headers["webhook-timestamp"])
    assert abs(stamp - time.time()) < 60
    assert headers["webhook-id"] == headers["idempotency-key"]
    again = signed(secrets_of(WEBHOOK_SECRET), headers["webhook-id"], stamp, raw)
    assert again["webhook-signature"] == headers["webhook-signature"]


def test_another_body_time_id_or_key_is_another_signature() -> None:
    keys = secrets_of(a_secret())
    made = [
        signed(keys, "id", 1, b"body"),
        signed(keys, "id", 1, b"body "),
        signed(keys, "id", 2, b"body"),
        signed(keys, "other", 1, b"body"),
        signed(secrets_of(a_secret(b"l")), "id", 1, b"body"),
    ]
    assert len({headers["webhook-signature"] for headers in made}) == len(made)


def test_while_a_key_is_replaced_both_sign() -> None:
    old, new = a_secret(b"o"), a_secret(b"n")
    together = signed(secrets_of([new, old]), "id", 1, b"body")["webhook-signature"].split(" ")
    assert together == [signed(secrets_of(each), "id", 1, b"body")["webhook-signature"] for each in (new, old)]


def test_an_unsigned_webhook_has_no_header_of_the_scheme() -> None:
    with FakeReceivers() as fake:
        asyncio.run(WebhookNotifier(url=fake.receiver_url).deliver(a_notice(), None))
        ((_, _, headers),) = fake.requests
    assert not [name for name in headers if name.startswith("webhook-")]


@pytest.mark.parametrize("size", [0, LEAST_BYTES - 1, MOST_BYTES + 1])
def test_a_key_of_the_wrong_size_is_refused_with_how_to_make_one_and_without_quoting_it(size: int) -> None:
    secret = a_secret(size=size)
    with pytest.raises(ValueError, match=r"24 to 64 bytes in base64; make one with: python3 -c") as caught:
        secrets_of(secret)
    assert size == 0 or secret.removeprefix(PREFIX) not in str(caught.value)


@pytest.mark.parametrize("size", [LEAST_BYTES, MOST_BYTES])
def test_keys_of_the_smallest_and_largest_size_are_keys(size: int) -> None:
    assert secrets_of(a_secret(size=size)) == (b"k" * size,)

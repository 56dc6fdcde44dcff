"""OAuth 2 client credentials, against an issuer and an endpoint on loopback."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from probes.access import Access
from probes.endpoint import Endpoint
from probes.exchange import PlainReply
from probes.failure import Failure, FailureClass
from probes.fire import fire
from probes.oauth import REST_S, Tokens
from probes.oauth_wire import LIFE_UNSTATED_S, Token, read_token
from probes.probe import Probe
from probes.sample import Sample
from probes.transport import Transport
from tests.fakes.chat import chat_stream
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer, Hang, Pause, Steps, stream, whole

F = FailureClass
SECRET = "s3cret/with+signs"
GOOD = stream(chat_stream("Paris"))
REFUSED = whole({"error": {"message": "token expired", "code": "invalid_api_key"}}, 401)


def issued(token: str = "token-00000001", **fields: Any) -> Steps:
    return whole({"access_token": token, "token_type": "Bearer", "expires_in": 3600, **fields})


def endpoint(url: str, token_url: str, **client: Any) -> Endpoint:
    own = {"token_url": token_url, "client_id": "probe me", "client_secret": SECRET, **client}
    return Endpoint.model_validate({"base_url": url, "model": "m", "oauth2": own, "retries": 0})


CLIENT = endpoint("http://127.0.0.1/v1", "http://127.0.0.1/token").oauth2 or pytest.fail("no client")


def token_of(headers: object) -> str:
    assert isinstance(headers, dict), headers
    return str(headers["authorization"]).removeprefix("Bearer ")


def with_issuer(
    work: Callable[[Tokens, Endpoint, FakeServer, FakeClock], Awaitable[None]], *replies: Steps, **client: Any
) -> None:
    async def run() -> None:
        clock = FakeClock()
        async with FakeServer(*replies) as issuer, Transport(clock=clock) as transport:
            ways = Tokens(transport=transport, clock=clock)
            await work(ways, endpoint("http://127.0.0.1/v1", issuer.url, **client), issuer, clock)

    asyncio.run(run())


# ------------------------------------------------------------------------------------------------ asking the issuer
@pytest.mark.parametrize("place", ["header", "body"])
def test_the_secret_goes_where_the_suite_says_and_scope_and_audience_go_along(place: str) -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        assert token_of(await ways.of(target).headers()) == "token-00000001"
        asked = issuer.requests[0]
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert (form["grant_type"], form["scope"], form["audience"]) == ("client_credentials", "ask read", "https://a")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        if place == "body":
            assert (form["client_id"], form["client_secret"]) == ("probe me", SECRET)
            assert "authorization" not in asked.headers
        else:
            pair = b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
            assert pair == "probe+me:s3cret%2Fwith%2Bsigns"
            assert "client_secret" not in form

    with_issuer(work, issued(), send_secret_in=place, scope="ask read", audience="https://a")


def test_a_token_is_used_until_shortly_before_it_expires_and_then_renewed() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        seen = []
        for pause_s in (0, 3539, 2):
            clock.advance(pause_s)
            seen.append(token_of(await ways.of(target).headers()))
        assert seen == ["token-00000001", "token-00000001", "token-00000002"]

    with_issuer(work, issued(), issued("token-00000002"))


def test_a_short_token_is_renewed_when_a_tenth_of_its_life_is_left() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        for pause_s in (0, 8.9, 0.2):
            clock.advance(pause_s)
            await ways.of(target).headers()
        assert len(issuer.requests) == 2

    with_issuer(work, issued(expires_in=10))


def test_samples_that_begin_together_share_one_request_to_the_issuer() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        found = await asyncio.gather(*(ways.of(target).headers() for _ in range(16)))
        assert {token_of(headers) for headers in found} == {"token-00000001"}
        assert len(issuer.requests) == 1

    with_issuer(work, [Pause(0.05), *issued()])


def test_samples_that_waited_for_a_failing_issuer_share_its_failure_too() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        found = await asyncio.gather(*(ways.of(target).headers() for _ in range(16)))
        assert all(isinstance(headers, Failure) and headers.kind is F.SERVER for headers in found)
        assert len(issuer.requests) == 1
        await ways.of(target).headers()
        assert len(issuer.requests) == 2, "the next sample tries again"

    with_issuer(work, [Pause(0.05), *whole(b"down", 500)])


def test_a_sample_that_is_cancelled_while_it_fetches_leaves_the_others_their_token() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        first = asyncio.create_task(_headers(ways.of(target)))
        await issuer.busy(1)
        others = [asyncio.create_task(_headers(ways.of(target))) for _ in range(3)]
        first.cancel()
        assert {token_of(headers) for headers in await asyncio.gather(*others)} == {"token-00000002"}

    with_issuer(work, [Hang()], issued("token-00000002"))


async def _headers(access: Access) -> object:
    return await access.headers()


def test_endpoints_with_the_same_credentials_share_a_token_and_others_do_not() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        twin = target.model_copy(update={"base_url": "http://127.0.0.2/v1"})
        other = endpoint("http://127.0.0.1/v1", issuer.url, scope="other")
        tokens = [token_of(await ways.of(one).headers()) for one in (target, twin, other)]
        assert tokens == ["token-00000001", "token-00000001", "token-00000002"]

    with_issuer(work, issued(), issued("token-00000002"))


def test_an_issuer_that_refused_for_good_is_left_alone_for_a_while() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        for _ in range(5):
            refused = await ways.of(target).headers()
            assert isinstance(refused, Failure) and refused.kind is F.AUTH
        assert len(issuer.requests) == 1
        clock.advance(REST_S + 1)
        assert token_of(await ways.of(target).headers()) == "token-00000002"

    with_issuer(work, whole({"error": "invalid_client"}, 401), issued("token-00000002"))


def test_an_endpoint_without_oauth2_needs_no_token() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        access = ways.of(Endpoint.model_validate({"base_url": target.base_url, "api_key": "sk-0123456789"}))
        assert await access.headers() == {}
        assert "sk-0123456789" in access.secrets()
        assert not access.rejected()
        assert issuer.requests == []

    with_issuer(work, issued())


# ------------------------------------------------------------------------------------------------ what an issuer says
def reply(body: object, status: int = 200) -> PlainReply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PlainReply(status=status, headers={"content-type": "application/json"}, body=raw)


@pytest.mark.parametrize(
    ("body", "status", "kind", "said"),
    [
        ({"error": "invalid_client", "error_description": "wrong secret"}, 401, F.AUTH, "wrong secret"),
        ({"error": "unauthorized_client"}, 400, F.AUTH, "unauthorized_client"),
        ({"error": "invalid_scope"}, 400, F.PERMISSION, "invalid_scope"),
        ({"error": "unsupported_grant_type"}, 400, F.BAD_REQUEST, "unsupported_grant_type"),
        ({"error": "temporarily_unavailable"}, 503, F.OVERLOADED, "temporarily_unavailable"),
        ({"error": "invalid_client"}, 200, F.AUTH, "invalid_client"),
        ({"error": "made_up"}, 400, F.PROTOCOL, "made_up"),
        (b"Bad gateway", 502, F.SERVER, "Bad gateway"),
        (b"", 404, F.NOT_FOUND, "404"),
        (b"", 302, F.PROTOCOL, "redirect"),
        (b"not json", 200, F.PROTOCOL, "the issuer's reply is not JSON (content type application/json)"),
        (b"access_token=not-json-0001", 200, F.PROTOCOL, "the issuer's reply is not JSON"),
        ([1], 200, F.PROTOCOL, "the issuer's reply is not a JSON object"),
        ({"error": "slow_down_please"}, 429, F.RATE_LIMIT_SHORT, "slow_down_please"),
        ({"error": "upstream_gone", "error_description": "later"}, 503, F.SERVER, "upstream_gone"),
        ({"token_type": "bearer"}, 200, F.PROTOCOL, "missing_token"),
        ({"access_token": 7, "token_type": "bearer"}, 200, F.PROTOCOL, "missing_token"),
        ({"access_token": "abc", "token_type": "mac"}, 200, F.PROTOCOL, "only bearer"),
        ({"access_token": "a\r\nx: y", "token_type": "bearer"}, 200, F.PROTOCOL, "no header"),
        ({"access_token": "", "token_type": "bearer"}, 200, F.PROTOCOL, "no header"),
        ({"access_token": "x" * 20_000, "token_type": "bearer"}, 200, F.PROTOCOL, "no header"),
    ],
)
def test_every_answer_without_a_usable_token_is_a_classified_failure(
    body: object, status: int, kind: FailureClass, said: str
) -> None:
    failure = read_token(CLIENT, reply(body, status))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.status) == (kind, status)
    assert failure.message.startswith("no token from the issuer 127.0.0.1: ")
    assert said in failure.message
    assert not failure.message.rstrip().endswith(":")
    assert "0001" not in failure.message


@pytest.mark.parametrize(
    ("expires_in", "life_s"),
    [
        (3600, 3600),
        ("3600", 3600),
        (59.9, 59),
        (None, LIFE_UNSTATED_S),
        (0, LIFE_UNSTATED_S),
        (-5, LIFE_UNSTATED_S),
        ("soon", LIFE_UNSTATED_S),
        (True, LIFE_UNSTATED_S),
        ("9" * 400, LIFE_UNSTATED_S),
        ([], LIFE_UNSTATED_S),
    ],
)
def test_the_life_of_a_token_is_as_stated_else_five_minutes(expires_in: object, life_s: float) -> None:
    token = read_token(CLIENT, reply({"access_token": "abc", "token_type": "BEARER", "expires_in": expires_in}))
    assert token == Token(value="abc", life_s=life_s)
    assert "abc" not in repr(token)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("access_token", "token_type", "expires_in", "expires_at", "scope", "error", "error_description", "error_uri")


@given(
    st.one_of(
        st.binary(max_size=60),
        st.dictionaries(st.sampled_from(NAMES), ANY_JSON).map(lambda it: json.dumps(it).encode()),
    ),
    st.sampled_from((200, 204, 301, 400, 401, 500)),
)
def test_no_reply_of_an_issuer_raises(body: bytes, status: int) -> None:
    assert isinstance(read_token(CLIENT, reply(body, status)), (Token, Failure))


# ------------------------------------------------------------------------------------------------ firing with tokens
def fired(issuer_replies: Sequence[Steps], endpoint_replies: Sequence[Steps], samples: int = 1) -> tuple[Any, ...]:
    """Samples fired one after the other, and both servers as they were left."""

    async def run() -> tuple[list[Sample], FakeServer, FakeServer]:
        clock = FakeClock()
        async with (
            FakeServer(*issuer_replies) as issuer,
            FakeServer(*endpoint_replies) as server,
            Transport(clock=clock) as transport,
        ):
            ways = Tokens(transport=transport, clock=clock)
            found = [
                await fire(
                    transport=transport,
                    clock=clock,
                    endpoint_name="prod",
                    endpoint=endpoint(server.url, issuer.url),
                    suite_name="shop",
                    probe=Probe(id="p", prompt="Where?"),
                    index=0,
                    run_id="r",
                    accesses=ways,
                )
                for _ in range(samples)
            ]
            return found, issuer, server

    return asyncio.run(run())


def test_a_401_replaces_the_token_once_and_both_attempts_are_recorded() -> None:
    (sample,), issuer, server = fired([issued(), issued("token-00000002")], [REFUSED, GOOD])
    assert sample.failure is None
    assert [asked.headers["authorization"] for asked in server.requests] == [
        "Bearer token-00000001",
        "Bearer token-00000002",
    ]
    assert [attempt.failure and attempt.failure.kind for attempt in sample.attempts] == [F.AUTH, None]
    assert len(issuer.requests) == 2


def test_an_endpoint_that_refuses_every_token_gets_two_attempts_and_the_issuer_is_not_flooded() -> None:
    samples, issuer, _ = fired([issued(), issued("token-00000002")], [REFUSED], samples=3)
    assert [sample.failure.kind for sample in samples] == [F.AUTH] * 3
    assert [len(sample.attempts) for sample in samples] == [2, 1, 1]
    assert len(issuer.requests) == 2


def test_a_token_goes_before_an_api_key_of_the_same_header() -> None:
    async def run() -> str:
        async with (
            FakeServer(GOOD) as server,
            FakeServer(issued()) as issuer,
            Transport(clock=FakeClock()) as transport,
        ):
            both = endpoint(server.url, issuer.url).model_copy(update={"api_key": SecretStr("sk-0123456789")})
            await fire(
                transport=transport,
                clock=FakeClock(),
                endpoint_name="prod",
                endpoint=both,
                suite_name="shop",
                probe=Probe(id="p", prompt="Where?"),
                index=0,
                run_id="r",
                accesses=Tokens(transport=transport, clock=FakeClock()),
            )
            return server.requests[0].headers["authorization"]

    assert asyncio.run(run()) == "Bearer token-00000001"


def test_a_question_is_not_sent_where_there_is_no_token_and_the_failure_holds_no_secret() -> None:
    said = {"error": "invalid_client", "error_description": f"{SECRET} of probe me is wrong"}
    (sample,), _, server = fired([whole(said, 401)], [GOOD])
    assert server.requests == []
    assert sample.failure.kind is F.AUTH
    assert SECRET not in sample.failure.message and "[secret] of probe me is wrong" in sample.failure.message


def test_an_endpoint_that_repeats_the_token_does_not_get_it_into_the_sample() -> None:
    (sample,), _, _ = fired([issued()], [stream(chat_stream("you sent ", "token-00000001"))])
    assert sample.answer == "you sent [secret]"


def test_access_shows_neither_token_nor_secret_when_printed() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        access = ways.of(target)
        await access.headers()
        shown = repr(access) + repr(ways) + repr(Token(value="token-00000001", life_s=1))
        assert "token-00000001" not in shown and SECRET not in shown and SECRET not in repr(target)

    with_issuer(work, issued())


def test_an_error_without_a_description_ends_without_a_colon() -> None:
    for description in ("", "  ", None):
        failure = read_token(CLIENT, reply({"error": "invalid_client", "error_description": description}, 401))
        assert isinstance(failure, Failure)
        assert failure.message == "no token from the issuer 127.0.0.1: invalid_client"


def test_a_reply_of_an_issuer_that_is_too_long_is_called_so() -> None:
    async def work(ways: Tokens, target: Endpoint, issuer: FakeServer, clock: FakeClock) -> None:
        failure = await ways.of(target).headers()
        assert isinstance(failure, Failure)
        assert failure.message == "no token from the issuer 127.0.0.1: the issuer's reply is longer than 64 KiB"

    with_issuer(work, whole(b"x" * 2**20, 200))


def test_an_issuer_that_asks_for_a_rest_is_asked_again_after_it() -> None:
    async def run() -> tuple[Sample, int, float]:
        clock = FakeClock()
        busy = whole({"error": "too_many_requests"}, 429, headers={"retry-after": "7"})
        async with FakeServer(busy, issued()) as issuer, FakeServer(GOOD) as server:
            async with Transport(clock=clock) as transport:
                patient = endpoint(server.url, issuer.url).model_copy(update={"retries": 1})
                began = clock.monotonic()
                sample = await fire(
                    transport=transport,
                    clock=clock,
                    endpoint_name="prod",
                    endpoint=patient,
                    suite_name="shop",
                    probe=Probe(id="p", prompt="Where?"),
                    index=0,
                    run_id="r",
                    accesses=Tokens(transport=transport, clock=clock),
                )
            return sample, len(issuer.requests), clock.monotonic() - began

    sample, asked, took_s = asyncio.run(run())
    assert (sample.failure, asked) == (None, 2)
    assert sample.attempts[1].waited_s == 7
    assert took_s >= 7

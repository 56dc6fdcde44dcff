"""Certificates, proxies and HTTP/2: who is trusted, how one gets there, and what it does to the times."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from probes.clock import SystemClock
from probes.exchange import PlainReply
from probes.failure import Failure, FailureClass
from probes.fire import fire_all
from probes.sample import Sample
from probes.transport import Transport
from tests.fakes.certificates import HAVE_OPENSSL, WHY_NOT, Authority
from tests.fakes.chat import chat_body, chat_stream, chunk
from tests.fakes.firing import fire_suite, suite_for
from tests.fakes.http2_server import Cut, FakeHttp2Server, Garbage, GoAway
from tests.fakes.http2_server import Step as Http2Step
from tests.fakes.http_server import FakeServer, Hang, stream, whole
from tests.fakes.proxy import FakeProxy

pytestmark = pytest.mark.skipif(not HAVE_OPENSSL, reason=WHY_NOT)
F = FailureClass
GOOD = stream(chat_stream("Par", "is"))
PASSWORD = "opens-the-key"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"))


async def ask(url: str, *, samples: int = 1, concurrency: int = 1, **fields: Any) -> tuple[Sample, ...]:
    return await fire_suite(suite_for(url, samples=samples, concurrency=concurrency, retries=0, **fields))


def failure_of(sample: Sample) -> Failure:
    assert sample.failure is not None
    return sample.failure


# ------------------------------------------------------------------------------------------------ certificates
def test_an_authority_of_ones_own_is_trusted_and_the_handshake_is_timed_apart(authority: Authority) -> None:
    async def run() -> tuple[Sample, ...]:
        async with FakeServer(GOOD, tls=authority.signs("good").served()) as server:
            return await ask(server.url, samples=2, tls={"ca": str(authority.file)})

    first, second = asyncio.run(run())
    assert (first.answer, second.answer) == ("Paris", "Paris")
    timing = first.timing
    assert timing.tls_s is not None
    assert timing.connect_s is not None
    assert 0 < timing.tls_s < timing.connect_s
    assert timing.dns_s is None
    assert (second.timing.connect_s, second.timing.tls_s, second.timing.reused) == (None, None, True)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda own, other: own.signs("expired", days=-1), "expired"),
        (lambda own, other: own.signs("elsewhere", host="DNS:elsewhere.example.com"), "not valid for '127.0.0.1'"),
        (lambda own, other: other.signs("foreign"), "unable to get local issuer"),
    ],
)
def test_a_certificate_that_is_not_good_is_a_tls_trouble_that_says_why(
    authority: Authority, stranger: Authority, make: Callable[[Authority, Authority], Any], said: str
) -> None:
    served = make(authority, stranger).served()

    async def run() -> Sample:
        async with FakeServer(GOOD, tls=served) as server:
            return (await ask(server.url, tls={"ca": str(authority.file)}))[0]

    failure = failure_of(asyncio.run(run()))
    assert failure.kind is F.DNS_TLS
    assert said in failure.message


def test_a_server_that_wants_a_certificate_gets_ours_and_refuses_whoever_has_none(authority: Authority) -> None:
    served = authority.signs("server").served(clients_of=authority.file)
    client = authority.signs("client", key_password=PASSWORD)
    tls = {"ca": str(authority.file)}
    shown = {"certificate": str(client.certificate), "key": str(client.key), "key_password": PASSWORD}

    async def run() -> Sample:
        async with FakeServer(GOOD, tls=served) as server:
            return (await ask(server.url, tls=tls | shown))[0]

    known = asyncio.run(run())
    assert (known.answer, known.failure) == ("Paris", None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        doorman = Thread(target=_refuse_one, args=(listener, served))
        doorman.start()
        (unknown,) = asyncio.run(ask(f"https://127.0.0.1:{listener.getsockname()[1]}", tls=tls))
        doorman.join()
    assert failure_of(unknown).kind is F.DNS_TLS
    assert "certificate required" in failure_of(unknown).message


def _refuse_one(listener: socket.socket, served: ssl.SSLContext) -> None:
    """Refuse one connection as servers do, by an alert: asyncio's hangs up without one."""
    accepted, _ = listener.accept()
    with accepted, suppress(ssl.SSLError), served.wrap_socket(accepted, server_side=True):
        pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ca": "missing.pem"}, "tls.ca cannot be read: No such file"),
        ({"ca": "junk.pem"}, "tls.ca holds no certificate"),
        ({"certificate": "missing.pem"}, "tls.certificate cannot be read"),
        ({"certificate": "junk.pem"}, "tls.certificate holds no certificate"),
        ({"certificate": "client.pem"}, "tls.certificate holds no key"),
        ({"certificate": "client.pem", "key": "missing.key"}, "tls.key cannot be read"),
        ({"certificate": "client.pem", "key": "junk.pem"}, "tls.key holds no key in PEM form"),
        ({"certificate": "client.pem", "key": "other.key"}, "the key in tls.key does not belong to tls.certificate"),
        ({"certificate": "client.pem", "key": "locked.locked"}, "needs tls.key_password"),
        ({"certificate": "client.pem", "key": "locked.locked", "key_password": "no"}, "tls.key_password does not open"),
    ],
)
def test_a_certificate_file_that_cannot_be_used_is_told_by_its_key_and_nothing_is_sent(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    authority = Authority(tmp_path)
    for name, password in (("client", None), ("other", None), ("locked", PASSWORD)):
        authority.signs(name, key_password=password)
    (tmp_path / "junk.pem").write_text("-----BEGIN SECRET-----\nplanted-content\n-----END SECRET-----\n")
    tls = {key: value if key == "key_password" else str(tmp_path / value) for key, value in change.items()}

    async def run() -> tuple[Sample, int]:
        async with FakeServer(GOOD) as server:
            return (await ask(server.url.replace("http:", "https:"), tls=tls))[0], server.connections

    sample, connections = asyncio.run(run())
    failure = failure_of(sample)
    assert failure.kind is F.DNS_TLS
    assert said in failure.message
    assert "planted" not in failure.message
    assert str(tmp_path) not in failure.message
    assert connections == 0


def test_endpoints_with_other_certificates_share_no_connection(authority: Authority) -> None:
    client = authority.signs("one")
    with_ours = {"certificate": str(client.certificate), "key": str(client.key)}

    async def run() -> int:
        async with FakeServer(GOOD, tls=authority.signs("server").served()) as server:
            clock = SystemClock()
            async with Transport(clock=clock) as transport:
                for tls in ({}, with_ours, {}):
                    suite = suite_for(server.url, tls={"ca": str(authority.file), **tls})
                    await fire_all(
                        transport=transport,
                        clock=clock,
                        suite=suite,
                        endpoint_name="prod",
                        run_id="r",
                        probes=[(suite.probes[0], 1)],
                    )
            return server.connections

    assert asyncio.run(run()) == 2


def test_a_server_that_hangs_up_in_the_handshake_is_a_cut_connection() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()
        await writer.wait_closed()

    async def run() -> Sample:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            return (await ask(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"))[0]

    assert failure_of(asyncio.run(run())).kind is F.CONNECTION


# ------------------------------------------------------------------------------------------------ proxies
SECRET = "s3cret-of-proxy"


def test_a_plain_request_is_forwarded_by_the_proxy_with_its_password() -> None:
    async def run() -> tuple[Sample, list[str]]:
        async with FakeServer(GOOD) as server, FakeProxy() as proxy:
            (sample,) = await ask(server.url, proxy=f"http://me:{SECRET}@{proxy.address}")
            return sample, proxy.heads

    sample, heads = asyncio.run(run())
    assert sample.answer == "Paris"
    assert heads[0].startswith("POST http://127.0.0.1:")
    assert "Proxy-Authorization: Basic bWU6czNjcmV0LW9mLXByb3h5" in heads[0]
    assert sample.timing.reused is False


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_tls_request_is_tunnelled_and_the_way_through_the_proxy_is_connecting(
    authority: Authority, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    served = authority.signs("server").served()
    proxy = FakeProxy(delay_s=0.1, tls=served if scheme == "https" else None)

    async def run() -> tuple[Sample, ...]:
        async with FakeServer(GOOD, tls=served) as server, proxy:
            tls = {"ca": str(authority.file)}
            return await ask(server.url, samples=2, tls=tls, proxy=f"{scheme}://me:{SECRET}@{proxy.address}")

    first, second = asyncio.run(run())
    assert (first.answer, second.answer) == ("Paris", "Paris")
    assert len(proxy.heads) == 1
    assert proxy.heads[0].startswith("CONNECT 127.0.0.1:")
    assert "authorization: bearer" not in proxy.heads[0].lower()
    timing = first.timing
    assert timing.connect_s is not None
    assert timing.connect_s >= 0.1
    assert timing.first_token_s is not None
    assert timing.first_token_s < 0.1
    assert timing.client_wait_s is not None
    assert timing.client_wait_s < 0.1
    assert (second.timing.reused, second.timing.connect_s) == (True, None)


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", F.AUTH, "407"),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", F.CONNECTION, "502"),
        (b"", F.CONNECTION, "disconnected"),
    ],
)
def test_a_proxy_that_does_not_connect_us_is_said_to_and_shows_no_password(
    refusal: bytes, kind: FailureClass, said: str
) -> None:
    async def run() -> Sample:
        async with FakeProxy(refusal=refusal) as proxy:
            return (await ask("https://endpoint.example.com", proxy=f"http://me:{SECRET}@{proxy.address}"))[0]

    sample = asyncio.run(run())
    failure = failure_of(sample)
    assert failure.kind is kind
    assert said in failure.message
    assert SECRET not in repr(sample)


def test_a_proxy_that_says_nothing_is_a_missed_connection() -> None:
    async def run() -> Sample:
        async with FakeProxy(delay_s=9) as proxy:
            limits = {"connect": 0.15, "first_token": 2, "total": 4}
            url = "https://127.0.0.1:9"
            return (await ask(url, proxy=f"http://{proxy.address}", timeout=limits))[0]

    assert failure_of(asyncio.run(run())).kind is F.TIMEOUT_CONNECT


# ------------------------------------------------------------------------------------------------ HTTP/2
SSE = {"content-type": "text/event-stream"}


def http2(
    authority: Authority, steps: list[Http2Step], *, headers: dict[str, str] | None = SSE, **fields: Any
) -> tuple[tuple[Sample, ...], FakeHttp2Server]:
    served = authority.signs("http2").served(protocols=("h2",))

    async def run() -> tuple[tuple[Sample, ...], FakeHttp2Server]:
        async with FakeHttp2Server(served, steps, headers=headers) as server:
            return await ask(server.url, http2=True, tls={"ca": str(authority.file)}, **fields), server

    return asyncio.run(run())


def test_http2_carries_several_requests_on_one_connection_and_times_each(authority: Authority) -> None:
    said = list(chat_stream("Par", "is"))
    steps: list[Http2Step] = [said[0], 0.1, said[1], 0.15, *said[2:]]
    samples, server = http2(authority, steps, samples=4, concurrency=4)
    assert [sample.answer for sample in samples] == ["Paris"] * 4
    assert (server.connections, server.requests) == (1, 4)
    for sample in samples:
        assert sample.timing.first_token_s == pytest.approx(0.1, abs=0.06)
        assert sample.timing.total_s == pytest.approx(0.15, abs=0.06)
        assert sample.timing.first_byte_s is not None
        assert sample.timing.first_byte_s < 0.09
        # one request reads for others, so nobody can say when whose bytes came
        assert sample.timing.stamped is False
    assert sorted(sample.timing.reused is True for sample in samples) == [False, True, True, True]


def test_a_server_without_http2_is_asked_by_http1(authority: Authority) -> None:
    async def run() -> tuple[Sample, ...]:
        async with FakeServer(GOOD, tls=authority.signs("old").served()) as server:
            return await ask(server.url, http2=True, tls={"ca": str(authority.file)})

    assert asyncio.run(run())[0].answer == "Paris"


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([Cut()], F.STREAM_TRUNCATED),
        ([chunk({"content": "Pa"}), Cut()], F.STREAM_TRUNCATED),
        ([chunk({"content": "Pa"}), GoAway()], F.STREAM_TRUNCATED),
        ([chunk({"content": "Pa"}), Garbage()], F.STREAM_TRUNCATED),
    ],
)
def test_a_stream_that_http2_cuts_is_no_answer(
    authority: Authority, steps: list[Http2Step], kind: FailureClass
) -> None:
    samples, _ = http2(authority, steps)
    assert failure_of(samples[0]).kind is kind


@pytest.mark.parametrize(("step", "kind"), [(Cut(), F.CONNECTION), (GoAway(), F.CONNECTION), (Garbage(), F.PROTOCOL)])
def test_a_whole_reply_that_http2_cuts_has_its_class(authority: Authority, step: Http2Step, kind: FailureClass) -> None:
    samples, _ = http2(authority, [b'{"cho', step], headers={"content-type": "application/json"}, stream=False)
    assert failure_of(samples[0]).kind is kind


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("step", "kind"), [(Cut(), F.CONNECTION), (GoAway(), F.CONNECTION), (Garbage(), F.PROTOCOL)])
def test_http2_that_breaks_before_the_headers_has_its_class(
    authority: Authority, step: Http2Step, kind: FailureClass, stream: bool
) -> None:
    samples, _ = http2(authority, [step], headers=None, stream=stream)
    assert failure_of(samples[0]).kind is kind


@pytest.mark.parametrize("headers", [None, SSE])
def test_silence_over_http2_is_a_missed_first_token(authority: Authority, headers: dict[str, str] | None) -> None:
    limits = {"connect": 2, "first_token": 0.2, "total": 4}
    (sample,), _ = http2(authority, [9.0], headers=headers, timeout=limits)
    assert failure_of(sample).kind is F.TIMEOUT_FIRST_TOKEN
    assert sample.attempts[0].total_s < 2


# ------------------------------------------------------------------------------------------------ tokens
def test_what_is_posted_for_a_token_takes_the_same_way(authority: Authority) -> None:
    async def run() -> tuple[PlainReply | Failure, PlainReply | Failure, PlainReply | Failure, list[str]]:
        served = authority.signs("issuer").served()
        async with FakeServer(whole(chat_body()), [Hang()], tls=served) as server, FakeProxy() as proxy:
            fields = {"tls": {"ca": str(authority.file)}, "proxy": f"http://{proxy.address}"}
            ours, bare = (suite_for(server.url, **with_).endpoints["prod"] for with_ in (fields, {}))
            async with Transport(clock=SystemClock()) as transport:
                replies = [
                    await transport.post(
                        endpoint=endpoint, url=server.url, headers={"x-a": "b"}, body=b"a=b", timeout_s=0.5
                    )
                    for endpoint in (ours, ours, bare)
                ]
            return replies[0], replies[1], replies[2], proxy.heads

    token, silence, untrusted, heads = asyncio.run(run())
    assert isinstance(token, PlainReply)
    assert (token.status, token.headers["content-type"]) == (200, "application/json")
    assert b"Paris" in token.body
    assert isinstance(silence, Failure)
    assert silence.kind is F.TIMEOUT_TOTAL
    assert isinstance(untrusted, Failure)
    assert untrusted.kind is F.DNS_TLS
    assert len(heads) == 1

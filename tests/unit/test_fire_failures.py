"""Each failure class, reached by a real reply, a real silence or a real cut on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from probes.clock import SystemClock
from probes.failure import Failure, FailureClass
from probes.fire import fire, fire_all
from probes.intake import MOST_BYTES
from probes.sample import Sample
from probes.suite import Endpoint, Probe
from probes.transport import Transport
from tests.fakes.chat import chat_body, chat_stream, chunk
from tests.fakes.firing import suite_for
from tests.fakes.http_server import (
    STREAM_HEADERS,
    End,
    FakeServer,
    Hang,
    Pause,
    Reset,
    Step,
    Steps,
    event,
    head,
    piece,
    stream,
    whole,
)

KEY = "sk-live-0123456789abcdef"
F = FailureClass


async def ask(url: str, **fields: Any) -> Sample:
    target = {"base_url": url, "model": "m", "api_key": KEY, "retries": 0, **fields}
    clock = SystemClock()
    async with Transport(clock=clock) as transport:
        return await fire(
            transport=transport,
            clock=clock,
            endpoint_name="prod",
            endpoint=Endpoint.model_validate(target),
            suite_name="s",
            probe=Probe.model_validate({"id": "p", "prompt": "x"}),
            index=0,
            run_id="r",
        )


def asked(*steps: Step, **fields: Any) -> Sample:
    async def run() -> Sample:
        async with FakeServer(list(steps)) as server:
            return await ask(server.url, **fields)

    return asyncio.run(run())


def failure_of(sample: Sample) -> Failure:
    assert sample.failure is not None
    assert sample.answer is None
    assert sample.failure.message
    assert sample.attempts[-1].failure == sample.failure
    return sample.failure


BEGINNING = [
    head(200, STREAM_HEADERS),
    piece(chunk({"role": "assistant", "content": ""})),
    piece(chunk({"content": "Pa"})),
]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (whole({"error": {"message": "x"}}, 401), F.AUTH),
        (whole({"error": {"message": "x"}}, 402), F.BILLING),
        (whole({"error": {"message": "x"}}, 403), F.PERMISSION),
        (whole({"error": {"message": "x"}}, 404), F.NOT_FOUND),
        (whole({"error": {"message": "x", "code": "context_length_exceeded"}}, 400), F.CONTEXT_LENGTH),
        (whole({"error": {"message": "x"}}, 400), F.BAD_REQUEST),
        (whole({"error": {"message": "x", "code": "content_filter"}}, 400), F.CONTENT_FILTER),
        (whole({"error": {"message": "x"}}, 429), F.RATE_LIMIT_SHORT),
        (whole({"error": {"message": "x", "type": "insufficient_quota"}}, 429), F.QUOTA_LONG),
        (whole({"error": {"message": "x", "code": "slow_down"}}, 503), F.OVERLOADED),
        (whole(b"<h1>Bad Gateway</h1>", 502, kind="text/html"), F.SERVER),
        (whole({"error": {"message": "x"}}, 408), F.TIMEOUT_TOTAL),
        (whole(b"", 301, {"location": "https://elsewhere.example.com/"}), F.PROTOCOL),
        (whole(b"<h1>It works!</h1>", 200, kind="text/html"), F.PROTOCOL),
        (whole({"error": {"message": "x", "code": 502}}, 200), F.SERVER),
        (stream([chunk({"content": "a"}), event({"error": {"message": "x"}})]), F.SERVER),
        (stream([event("{broken")]), F.PROTOCOL),
        (stream([b"data: \xff\xfe\n\n"]), F.PROTOCOL),
        (stream([chunk({"content": "a"})]), F.STREAM_TRUNCATED),
        (stream([]), F.STREAM_TRUNCATED),
        ([*BEGINNING, End()], F.STREAM_TRUNCATED),
        ([*BEGINNING, Reset()], F.STREAM_TRUNCATED),
        ([*BEGINNING, b"zz\r\n not a chunk"], F.STREAM_TRUNCATED),
        ([End()], F.CONNECTION),
        ([Reset()], F.CONNECTION),
        ([b"HTTP/1.1 200 OK\r\ncontent-le", End()], F.CONNECTION),
        ([head(200, {"content-type": "application/json", "content-length": "99"}) + b'{"cho', End()], F.CONNECTION),
        ([head(200, {"content-type": "application/json", "content-length": "99"}) + b'{"cho', Reset()], F.CONNECTION),
        ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", End()], F.PROTOCOL),
        ([head(200, {"content-type": "application/json"}) + b'{"cho', End()], F.PROTOCOL),
        ([b"HTTP/1.1 200 OK\r\ncontent-type: text/ev", Reset()], F.CONNECTION),
        ([head(200, {**STREAM_HEADERS, "content-type": "application/json"}) + b"zz\r\n{}"], F.PROTOCOL),
        ([head(200, {"content-type": "application/json", "content-length": "2, 3"}) + b"{}"], F.PROTOCOL),
        ([*[b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 3, Reset()], F.CONNECTION),
        (whole(b'{"choices": "\xff\xfe"}'), F.PROTOCOL),
        (whole(b""), F.PROTOCOL),
        ([head(101, {"upgrade": "websocket", "connection": "upgrade"}), End()], F.PROTOCOL),
        ([head(200, {"x-endless": "y" * 200_000})], F.PROTOCOL),
    ],
)
def test_each_reply_has_its_class(reply: Steps, kind: FailureClass) -> None:
    assert failure_of(asked(*reply)).kind is kind


@pytest.mark.parametrize("cut", [End(), Reset()])
@pytest.mark.parametrize("streamed", [True, False])
def test_a_connection_that_is_cut_at_any_byte_is_a_failure_and_never_an_answer(cut: Step, streamed: bool) -> None:
    reply = stream(chat_stream("Par", "is")) if streamed else whole(chat_body())
    raw = b"".join(step for step in reply if isinstance(step, bytes))
    # of a stream, what follows the finish reason may be missing
    needed = raw.index(b'"finish_reason": "stop"') if streamed else len(raw)
    places = range(0, needed, 37)

    async def run() -> list[Sample]:
        cuts: list[Steps] = [[raw[:place], cut] if place else [cut] for place in places]
        async with FakeServer(*cuts) as server:
            return [await ask(server.url, stream=streamed) for _ in cuts]

    samples = asyncio.run(run())
    kinds = [failure_of(sample).kind for sample in samples]
    assert len(kinds) > 5
    assert set(kinds) <= {F.CONNECTION, F.STREAM_TRUNCATED}


def test_replies_before_the_reply_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    sample = asked(early, *whole(chat_body()))
    assert (sample.answer, sample.failure) == ("Paris", None)


def test_a_server_that_never_stops_with_early_replies_is_left_at_the_time_limit() -> None:
    endless: list[Step] = [b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n" * 50, Pause(0.05)] * 60
    sample = asked(*endless, Hang(), timeout=limits(first_token=0.3))
    assert failure_of(sample).kind is F.TIMEOUT_FIRST_TOKEN
    assert sample.attempts[0].total_s < 1


def test_a_reply_of_http_1_0_that_ends_with_its_connection_is_an_answer() -> None:
    body = json.dumps(chat_body()).encode()
    sample = asked(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + body, End())
    assert (sample.answer, sample.failure) == ("Paris", None)


def test_a_connection_the_server_has_closed_meanwhile_is_not_used_again() -> None:
    async def run() -> tuple[list[str | None], int]:
        async with FakeServer([*whole(chat_body()), End()]) as server:
            suite = suite_for(server.url, retries=0)
            clock = SystemClock()
            answers = []
            async with Transport(clock=clock) as transport:
                for _ in range(2):
                    (sample,) = await fire_all(
                        transport=transport,
                        clock=clock,
                        suite=suite,
                        endpoint_name="prod",
                        run_id="r",
                        probes=[(suite.probes[0], 1)],
                    )
                    answers.append(sample.answer)
                    await server.hung_up()
                    await asyncio.sleep(0.05)
            return answers, server.connections

    assert asyncio.run(run()) == (["Paris", "Paris"], 2)


def test_headers_without_end_are_not_read_to_memory() -> None:
    failure = failure_of(asked(b"HTTP/1.1 200 OK\r\n", *[b"x-more: " + b"y" * 60_000 + b"\r\n"] * 20, Hang()))
    assert failure.kind is F.PROTOCOL


def test_a_compressed_reply_that_nobody_asked_for_is_a_protocol_failure() -> None:
    packed = gzip.compress(b"{}")
    failure = failure_of(asked(*whole(packed, headers={"content-encoding": "gzip"})))
    assert failure.kind is F.PROTOCOL
    assert "gzip" in failure.message


def test_a_redirect_is_not_followed() -> None:
    async def run() -> tuple[Sample, int]:
        async with FakeServer(whole(chat_body())) as other:
            moved = whole(b"", 307, {"location": f"{other.url}/chat/completions"})
            async with FakeServer(moved) as server:
                return await ask(server.url), len(other.requests)

    sample, followed = asyncio.run(run())
    assert failure_of(sample).kind is F.PROTOCOL
    assert followed == 0


# ------------------------------------------------------------------------------------------------ sizes
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_reply_without_end_is_a_protocol_failure_and_is_not_read_to_memory(kind: str) -> None:
    headers = {"content-type": kind, "content-length": str(MOST_BYTES * 4)}
    failure = failure_of(asked(head(200, headers), *[b"x" * 2**20] * 10, Hang()))
    assert failure.kind is F.PROTOCOL
    assert "longer than 8 MiB" in failure.message


def test_a_huge_error_body_is_read_only_at_its_beginning() -> None:
    sample = asked(head(500, {"content-length": str(MOST_BYTES)}), b"y" * 2**17, Hang())
    failure = failure_of(sample)
    assert failure.kind is F.SERVER
    assert len(failure.message) == 300
    assert sample.timing.first_byte_s is not None
    assert sample.timing.total_s is None, "nobody saw its end"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ([head(200, {"content-type": "application/json", "content-length": "50"}), b"{", End()], F.CONNECTION),
        ([head(200, {"content-type": "application/json", "content-length": "50"}), b"{", Reset()], F.CONNECTION),
        ([head(200, {"content-type": "application/json", "content-length": "50"}), b"{", Hang()], F.TIMEOUT_TOTAL),
        ([*BEGINNING, Hang()], F.TIMEOUT_TOTAL),
        ([*BEGINNING, Reset()], F.STREAM_TRUNCATED),
        ([head(500, {"content-length": "50"}), b"{", End()], F.CONNECTION),
    ],
)
def test_a_reply_that_was_lost_on_the_way_keeps_its_status(reply: list[Step], kind: FailureClass) -> None:
    failure = failure_of(asked(*reply, timeout=limits(first_token=0.3, total=0.4)))
    assert (failure.kind, failure.status) == (kind, 500 if b"500" in bytes(reply[0]) else 200)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ([b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"], "a header line of the reply is malformed"),
        ([b"SSH-2.0-OpenSSH_9\r\n\r\n"], "the reply does not begin with a status line of HTTP/1.1"),
        ([b"HTTP/1.1 200 OK\r\n", *[b"x: " + b"y" * 60_000 + b"\r\n"] * 9], "the reply's headers do not end"),
        (
            [b"HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
            "the reply's body is not cut into chunks as it says",
        ),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"], "the reply states a length that is no number"),
    ],
)
def test_a_malformed_reply_is_told_in_plain_words(reply: list[Step], said: str) -> None:
    failure = failure_of(asked(*reply, Hang(), timeout=limits(total=1)))
    assert failure.kind is F.PROTOCOL
    assert failure.message.startswith(said)
    assert "bytearray" not in failure.message


def test_a_dead_proxy_is_named_without_its_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dead = f"http://me:pass-0123456789@127.0.0.1:{port}"
    for url in ("http://gateway.example.com/v1", "https://gateway.example.com/v1"):
        failure = failure_of(asyncio.run(ask(url, proxy=dead)))
        assert failure.kind is F.CONNECTION
        assert failure.message.startswith(f"the proxy 127.0.0.1:{port} could not be reached: ")
        assert "pass-0123456789" not in failure.message


def test_a_proxy_that_says_nothing_is_named() -> None:
    async def run() -> tuple[Sample, str]:
        async with FakeServer([Hang()]) as proxy:
            address = proxy.url.split("//")[1].split("/")[0]
            sample = await ask("https://gateway.example.com/v1", proxy=f"http://{address}", timeout=limits(connect=0.2))
            return sample, address

    sample, address = asyncio.run(run())
    failure = failure_of(sample)
    assert (failure.kind, failure.message) == (
        F.TIMEOUT_CONNECT,
        f"the proxy {address} said nothing in time: no connection within 200ms",
    )


def test_a_number_without_end_is_not_called_bad_json() -> None:
    failure = failure_of(asked(*whole(b'{"choices": [], "created": ' + b"9" * 10_000 + b"}")))
    assert failure.kind is F.PROTOCOL
    assert failure.message == "the reply has a whole number of more than 4300 digits, which is not read"


# ------------------------------------------------------------------------------------------------ time limits
def limits(connect: float = 2, first_token: float = 2, total: float = 4) -> dict[str, float]:
    return {"connect": connect, "first_token": first_token, "total": total}


def test_silence_before_the_headers_is_a_missed_first_token() -> None:
    failure = failure_of(asked(Hang(), timeout=limits(first_token=0.1)))
    assert (failure.kind, failure.message) == (F.TIMEOUT_FIRST_TOKEN, "no first token within 100ms")


def test_headers_and_a_role_are_no_first_token() -> None:
    failure = failure_of(asked(*BEGINNING[:2], Hang(), timeout=limits(first_token=0.1)))
    assert failure.kind is F.TIMEOUT_FIRST_TOKEN


def test_headers_are_enough_where_nothing_is_streamed() -> None:
    late: list[Step] = [head(200, {"content-type": "application/json", "content-length": "5"}), Pause(0.25), b"{}   "]
    failure = failure_of(asked(*late, stream=False, timeout=limits(first_token=0.15)))
    assert failure.kind is F.PROTOCOL


def test_a_stream_that_falls_silent_after_its_first_token_misses_the_total() -> None:
    failure = failure_of(asked(*BEGINNING, Hang(), timeout=limits(first_token=0.1, total=0.25)))
    assert (failure.kind, failure.message) == (F.TIMEOUT_TOTAL, "no complete answer within 250ms")


def test_the_total_holds_before_the_first_token_too() -> None:
    failure = failure_of(asked(Hang(), timeout=limits(connect=9, first_token=9, total=0.1)))
    assert (failure.kind, failure.message) == (F.TIMEOUT_TOTAL, "no complete answer within 100ms")


@pytest.mark.parametrize("drip", [piece(b": still here\n\n"), piece(chunk({"content": "a"}))])
def test_no_server_drips_its_way_past_the_total(drip: bytes) -> None:
    drips = [step for number in range(100) for step in (Pause(0.02 * number), drip)]
    sample = asked(*BEGINNING, *drips, timeout=limits(total=0.3))
    assert failure_of(sample).kind is F.TIMEOUT_TOTAL
    assert 0.25 <= sample.attempts[0].total_s <= 1.0


def test_headers_dripped_one_byte_at_a_time_do_not_escape_either() -> None:
    drips = [step for number in range(100) for step in (Pause(0.02 * number), b"x")]
    failure = failure_of(asked(b"HTTP/1.1 200 OK\r\nx: ", *drips, timeout=limits(first_token=0.2)))
    assert failure.kind is F.TIMEOUT_FIRST_TOKEN


def test_a_handshake_that_is_never_answered_is_a_missed_connection() -> None:
    async def run() -> Sample:
        async with FakeServer([Hang()]) as server:
            return await ask(server.url.replace("http:", "https:"), timeout=limits(connect=0.15))

    failure = failure_of(asyncio.run(run()))
    assert failure.kind is F.TIMEOUT_CONNECT
    assert failure.message == (
        "TCP connected; the TLS handshake did not finish within 150ms; is this a plain http:// port?"
    )


def test_a_handshake_that_was_given_up_leaves_no_socket_behind() -> None:
    async def run() -> int:
        async with FakeServer([Hang()]) as server:
            await ask(server.url.replace("http:", "https:"), timeout=limits(connect=0.1))
            async with asyncio.timeout(2):
                await server.hung_up()
            return server.connections

    assert asyncio.run(run()) == 1


def test_a_port_that_takes_no_more_connections_is_a_missed_connection() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        sample = asyncio.run(ask(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=limits(connect=0.2)))
    assert failure_of(sample).kind is F.TIMEOUT_CONNECT
    assert sample.timing.client_wait_s is None


# ------------------------------------------------------------------------------------------------ no connection
def test_a_closed_port_is_a_refused_connection() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert failure_of(asyncio.run(ask(f"http://127.0.0.1:{port}"))).kind is F.CONNECTION


def test_a_name_that_does_not_resolve_is_a_name_trouble() -> None:
    assert failure_of(asyncio.run(ask("http://no-such-host.invalid/v1"))).kind is F.DNS_TLS


def test_a_server_that_speaks_no_tls_is_a_tls_trouble() -> None:
    async def run() -> Sample:
        async with FakeServer([]) as server, asyncio.timeout(5):
            plain = await asyncio.start_server(_shout, "127.0.0.1", 0)
            async with plain:
                return await ask(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}", headers={"x": server.url})

    assert failure_of(asyncio.run(run())).kind is F.DNS_TLS


async def _shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command to make a certificate")
def test_a_certificate_nobody_vouches_for_is_refused_and_one_we_trust_is_not(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)

    async def run() -> tuple[Sample, Sample]:
        async with FakeServer(stream(chat_stream("Paris")), tls=served) as server:
            refused = await ask(server.url)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("SSL_CERT_FILE", str(certificate))
                return refused, await ask(server.url)

    refused, trusted = asyncio.run(run())
    assert failure_of(refused).kind is F.DNS_TLS
    assert "certificate" in failure_of(refused).message
    assert (trusted.answer, trusted.failure) == ("Paris", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://[bad"},
        {"url": "http://127.0.0.1:99999/v1"},
        {"url": "http://" + "a" * 300 + ".example.com/"},
        {"headers": {"x-note": "two\r\nlines-of-secret"}},
        {"headers": {"x note": "secret-value"}},
        {"api_key": "sk-secret\n"},
        {"headers": {"x-note": "secret\ud800"}},
    ],
)
def test_an_endpoint_that_cannot_be_asked_is_a_failure_that_quotes_no_secret(fields: dict[str, Any]) -> None:
    async def run() -> tuple[Sample, int]:
        async with FakeServer([Hang()]) as server:
            return await ask(**{"url": server.url, **fields}), len(server.requests)

    sample, sent = asyncio.run(run())
    assert sent == 0
    assert failure_of(sample).kind in (F.BAD_REQUEST, F.DNS_TLS)
    assert "secret" not in repr(sample)


# ------------------------------------------------------------------------------------------------ secrets
SECRETS = {"x-gateway-key": "gw-9876543210", "authorization-2": "Basic dXNlcjpwYXNzd29yZA=="}
ECHO = f"I got Bearer {KEY} and gw-9876543210 and dXNlcjpwYXNzd29yZA=="


def _leaks(sample: Sample) -> list[str]:
    shown = f"{sample!r} {sample}"
    return [secret for secret in (KEY, "gw-9876543210", "dXNlcjpwYXNzd29yZA==", KEY[:12]) if secret in shown]


@pytest.mark.parametrize(
    "reply",
    [
        whole({"error": {"message": ECHO}}, 401, {"x-echo": ECHO, "www-authenticate": KEY}),
        whole({"error": {"message": "z" * 270 + ECHO}}, 400),
        whole(ECHO.encode(), 500, kind="text/plain"),
        whole(chat_body(ECHO, refusal=ECHO, tool_calls=[{"id": KEY, "function": {"name": KEY, "arguments": ECHO}}])),
        whole(chat_body("x") | {"model": KEY, "system_fingerprint": KEY, "provider": KEY, "service_tier": KEY}),
        whole(chat_body("x", finish=KEY), headers={"x-litellm-model-id": KEY, "set-cookie": f"key={KEY}"}),
        stream([chunk({"content": "a"}), event({"error": {"message": ECHO}})]),
        whole(b"", 302, {"location": f"https://x.example.com/?key={KEY}"}),
    ],
)
def test_an_endpoint_that_repeats_our_secrets_does_not_get_them_into_the_sample(reply: Steps) -> None:
    sample = asked(*reply, headers=SECRETS)
    assert _leaks(sample) == []


def test_usage_as_it_came_is_cleaned_too() -> None:
    sample = asked(*whole(chat_body("x") | {"usage": {"prompt_tokens": 1, "note": ECHO, KEY: [ECHO]}}))
    assert _leaks(sample) == []
    assert sample.usage.input_tokens == 1


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    lines: list[str] = []
    handler = logging.Handler(level=0)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def test_the_http_client_logs_neither_addresses_nor_headers() -> None:
    async def run() -> Sample:
        async with FakeServer(whole(chat_body(), headers={"x-echo": KEY})) as server:
            return await ask(server.url.replace("http://", f"http://me:{KEY}@") + f"?key={KEY}")

    with everything_logged() as lines:
        sample = asyncio.run(run())
    assert sample.failure is None
    assert not [line for line in lines if KEY in line]
    assert _leaks(sample) == []

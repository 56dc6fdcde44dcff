"""What the daemon's listener lets in, what it says to browsers, and what a slow or greedy client gets of it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from runner.daemon import patience
from runner.daemon.callers import NOT_OURS
from runner.daemon.daemon import Daemon
from runner.daemon.web import bound, listening
from runner.preparing.prepare import prepare
from runner.store import open_store
from tests.fakes.one_daemon import SUITE, a_daemon

TOKEN = "a-token-of-the-settings-0123456789"


def suite_file(folder: Path) -> Path:
    file = folder / "suite.yaml"
    file.write_text(SUITE.format(schedule="{every: 1h}"), encoding="utf-8")
    return file


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with closing(open_store(":memory:")) as store:
        yield a_daemon(
            store, prepare(suite_file(tmp_path), {}, None), settings={"public_url": "https://Probes.example.com/hf"}
        )


async def raw(port: int, request: bytes) -> str:
    """Everything that comes back to these bytes, until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    reply = (await reader.read()).decode("latin-1")
    writer.close()
    return reply


def replies(daemon: Daemon, *requests: bytes) -> list[str]:
    async def ask() -> list[str]:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            return [await raw(listener.getsockname()[1], request) for request in requests]

    return asyncio.run(ask())


def request(target: str, *, host: str = "localhost", method: str = "GET", more: str = "") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n".encode("latin-1")


def statuses(answers: list[str]) -> list[int]:
    return [int(answer.split()[1]) for answer in answers]


# ------------------------------------------------------------------------------------------------ whom it answers
OURS = (
    "127.0.0.1", "127.0.0.1:9464", "127.8.9.10:80", "localhost", "LOCALHOST:9464", "localhost.", "[::1]", "[::1]:9464",
    "probes.example.com", "PROBES.example.com:443",
)  # fmt: skip
NOT_OF_OURS = (
    "evil.example", "evil.example:9464", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0:9464", "10.0.0.1",
    "[::2]", "2130706433", "127.1", "xprobes.example.com", "me@localhost", "localhost:x", "localhost:1:2",
    "[localhost]", "",
)  # fmt: skip


def test_without_a_token_names_of_this_machine_and_of_the_public_url_are_answered(daemon: Daemon) -> None:
    answers = replies(daemon, *(request("/healthz", host=host) for host in OURS))
    assert dict(zip(OURS, statuses(answers), strict=True)) == dict.fromkeys(OURS, 200)


def test_without_a_token_a_page_whose_name_was_bound_to_loopback_reads_nothing(daemon: Daemon) -> None:
    asked = [(host, target) for host in NOT_OF_OURS for target in ("/", "/metrics", "/nowhere")]
    answers = replies(daemon, *(request(target, host=host) for host, target in asked))
    assert dict(zip(asked, statuses(answers), strict=True)) == dict.fromkeys(asked, 403)
    assert all(answer.endswith(f"\r\n\r\n{NOT_OURS}") for answer in answers)


def test_a_request_that_names_no_host_is_not_answered(daemon: Daemon) -> None:
    assert statuses(replies(daemon, b"GET /metrics HTTP/1.0\r\n\r\n", b"GET /metrics HTTP/1.1\r\n\r\n")) == [403, 400]


def test_with_a_token_the_name_is_of_no_matter(tmp_path: Path) -> None:
    with closing(open_store(":memory:")) as store:
        guarded = a_daemon(store, prepare(suite_file(tmp_path), {}, None), settings={"listen_token": TOKEN})
        right = request("/healthz", host="probes.internal", more=f"Authorization: Bearer {TOKEN}\r\n")
        assert statuses(replies(guarded, right, request("/healthz"))) == [200, 401]


def test_the_scheme_of_a_token_has_no_case_and_the_token_has(tmp_path: Path) -> None:
    with closing(open_store(":memory:")) as store:
        guarded = a_daemon(store, prepare(suite_file(tmp_path), {}, None), settings={"listen_token": TOKEN})
        given = (f"bearer {TOKEN}", f"BEARER  {TOKEN}", f"Bearer {TOKEN.upper()}", f"Basic {TOKEN}", f"bearer{TOKEN}")
        asked = (request("/healthz", more=f"Authorization: {one}\r\n") for one in given)
        assert statuses(replies(guarded, *asked)) == [200, 200, 401, 401, 401]


@pytest.mark.parametrize("where", ["header", "headers", "target"])
def test_a_head_of_more_than_16_kib_is_refused_though_it_came_in_one_piece(daemon: Daemon, where: str) -> None:
    def sized(size: int) -> bytes:
        if where == "target":
            return request(f"/healthz?{'x' * size}")
        parts = 1 if where == "header" else 10
        return request("/healthz", more="".join(f"X-{n}: {'x' * (size // parts)}\r\n" for n in range(parts)))

    answers = replies(daemon, sized(20_000), sized(15_000))
    assert statuses(answers) == [400, 200]
    assert "connection: close" in answers[0].lower()


# ------------------------------------------------------------------------------------------------ what browsers hear
def test_every_answer_may_run_nothing_be_framed_nowhere_and_be_kept_by_nobody(daemon: Daemon) -> None:
    answers = replies(daemon, *map(request, ("/", "/metrics", "/nowhere")), request("/", host="evil.example"))
    assert statuses(answers) == [200, 200, 404, 403]
    for answer in answers:
        head = answer.partition("\r\n\r\n")[0].lower().split("\r\n")
        assert {
            "cache-control: no-store",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
        } <= set(head)
        (policy,) = [line for line in head if line.startswith("content-security-policy: ")]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert not [line for line in head if line.startswith(("server:", "access-control-"))]


def test_nothing_is_done_but_reading(daemon: Daemon) -> None:
    methods = ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT")
    asked = [(method, path) for method in methods for path in ("/", "/metrics", "/report/a/b")]
    answers = replies(daemon, *(request(path, method=method) for method, path in asked))
    assert dict(zip(asked, statuses(answers), strict=True)) == dict.fromkeys(asked, 405)


# ------------------------------------------------------------------------------------------------ hostile requests
def test_odd_targets_are_answered_and_reach_no_file(daemon: Daemon) -> None:
    targets = {
        "/report/../../etc/passwd": 404,
        "/report/..%2f..%2f..%2fetc%2fpasswd/x": 404,
        "/report/%2e%2e/%2e%2e": 404,
        "/report/support-bot/%00": 404,
        "/report/%ff%fe/%c0%af": 404,
        "/report/%zz/%": 404,
        "/report/support-bot/production'%20OR%201=1--": 404,
        "//evil.example/": 404,
        "http://evil.example/metrics": 404,
        "/%6detrics": 200,
        "/healthz": 200,
    }
    answers = replies(daemon, *map(request, targets))
    assert dict(zip(targets, statuses(answers), strict=True)) == targets
    assert not any("root:" in answer for answer in answers)


def test_a_line_or_a_head_that_grows_and_grows_is_refused(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    line = b"GET /" + b"a" * 40_000
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 8_000
    with caplog.at_level("DEBUG", logger="uvicorn"):
        assert statuses(replies(daemon, line, head)) == [400, 400]
    assert caplog.records == [], "whoever sends such things fills no log"


# ------------------------------------------------------------------------------------------------ slow and many
def cut_after(daemon: Daemon, *sent: bytes, every_s: float) -> float:
    """Seconds until the listener cut a client that sends these bytes one after the other."""

    async def ask() -> float:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            began = time.monotonic()
            end = asyncio.create_task(reader.read())
            for part in sent:
                writer.write(part)
                await asyncio.wait({end}, timeout=every_s)
                if end.done():
                    break
            await asyncio.wait({end}, timeout=5)
            assert isinstance(end.exception(), ConnectionError | None)
            writer.close()
            return time.monotonic() - began

    return asyncio.run(ask())


def test_a_client_that_never_ends_its_question_is_cut(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "REQUEST_S", 0.4)
    drops = [b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n", *(b"X-%d: a\r\n" % number for number in range(100))]
    assert 0.3 < cut_after(daemon, *drops, every_s=0.05) < 2
    assert 0.3 < cut_after(daemon, b"", every_s=0.05) < 2


def test_a_second_question_on_a_connection_is_cut_as_the_first(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "REQUEST_S", 0.4)
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    drops = [b"GET / HT", *(b"T" for _ in range(100))]
    assert 0.3 < cut_after(daemon, whole, *drops, every_s=0.1) < 2


def test_a_body_that_does_not_end_is_cut(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "REQUEST_S", 0.4)
    begun = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    assert 0.0 < cut_after(daemon, begun, *(b"x" for _ in range(100)), every_s=0.05) < 2


def test_a_client_that_does_not_read_its_answer_is_cut(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWER_S", 0.4)
    monkeypatch.setattr(daemon.metrics, "exposition", lambda _accept: (b"x" * 30_000_000, "text/plain"))

    async def ask() -> int:
        listener = bound("127.0.0.1", 0)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with listening(daemon, listener):
            client.connect(listener.getsockname())
            client.sendall(request("/metrics"))
            await asyncio.sleep(1)
            client.settimeout(0)
            read = 0
            with suppress(ConnectionError), closing(client):
                while got := await asyncio.get_running_loop().sock_recv(client, 1_000_000):
                    read += len(got)
            return read

    assert 0 < asyncio.run(asyncio.wait_for(ask(), 10)) < 30_000_000


def test_one_client_more_than_is_borne_takes_the_place_of_the_one_that_said_nothing(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_CLIENTS", 3)

    async def crowd() -> tuple[bytes, str]:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            silent = [await asyncio.open_connection(*listener.getsockname()) for _ in range(3)]
            answer = await raw(listener.getsockname()[1], request("/healthz"))
            first = await asyncio.wait_for(silent[0][0].read(), 2)
            for _, writer in silent:
                writer.close()
            return first, answer

    first, answer = asyncio.run(crowd())
    assert first == b""
    assert statuses([answer]) == [200]

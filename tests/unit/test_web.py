"""What the daemon answers over HTTP, and that no client keeps it from stopping."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from probes.errors import HoldfastError, StoreError
from runner.daemon import web
from runner.daemon.daemon import Daemon
from runner.daemon.web import bound, listening, origin
from runner.preparing.prepare import prepare
from runner.store import open_store
from tests.fakes.one_daemon import SUITE, a_daemon
from tests.fakes.stored import a_silence, alert, numbered, written
from tests.fakes.web import get

Asking = Callable[[str], Awaitable[tuple[int, str]]]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.format(schedule="{every: 1h}"), encoding="utf-8")
    with closing(open_store(":memory:")) as store:
        yield a_daemon(store, prepare(file, {}, None))


def asked(daemon: Daemon, *paths: str, header: str = "") -> list[tuple[int, str]]:
    """What the daemon answers to each path."""

    async def ask() -> list[tuple[int, str]]:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            return [await get(listener.getsockname()[1], path, header) for path in paths]

    return asyncio.run(ask())


# ------------------------------------------------------------------------------------------------ answers
PATHS = ("/", "/metrics", "/healthz", "/readyz", "/report/bot/a", "/nowhere", "/docs", "//", "/report/..%2f..")
TOKEN = "a-token-of-the-settings-0123456789"


@pytest.mark.parametrize(
    "header", ["", "Authorization: Bearer wrong\r\n", f"Authorization: {TOKEN}\r\n", "Authorization: Bearer \r\n"]
)
def test_no_path_answers_without_the_token_of_the_settings(tmp_path: Path, header: str) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.format(schedule="{every: 1h}"), encoding="utf-8")
    with closing(open_store(":memory:")) as store:
        guarded = a_daemon(store, prepare(file, {}, None), settings={"listen_token": TOKEN})
        assert asked(guarded, *PATHS, header=header) == [(401, "a token is needed")] * len(PATHS)
        right = f"Authorization: Bearer {TOKEN}\r\n"
        assert [status for status, _ in asked(guarded, "/healthz", "/nowhere", header=right)] == [200, 404]


def test_healthz_lists_every_trouble_and_is_503_while_there_is_one(daemon: Daemon) -> None:
    assert asked(daemon, "/healthz") == [(200, '{"status":"ok","reasons":[],"notes":[]}')]
    daemon.troubles.tell("outbox", "the disk is full")
    daemon.troubles.tell("support-bot at production", "a bug in holdfast (KeyError)")
    ((status, body),) = asked(daemon, "/healthz")
    assert status == 503
    assert json.loads(body)["reasons"] == [
        "outbox: the disk is full",
        "support-bot at production: a bug in holdfast (KeyError)",
    ]


def test_a_store_that_cannot_be_read_is_told_and_breaks_no_page(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(daemon.here.store, "runs", refuse)
    replies = asked(daemon, "/", "/report/support-bot/production")
    assert replies == [(503, "the disk is full")] * 2


def test_what_was_spent_today_is_added_up_when_the_metrics_are_asked_for(daemon: Daemon) -> None:
    ((status, text),) = asked(daemon, "/metrics")
    assert status == 200
    assert 'holdfast_spent_today_usd{suite=""} 0.0' in text


def test_pages_that_are_not_there_are_404(daemon: Daemon) -> None:
    assert [status for status, _ in asked(daemon, "/report/support-bot/nowhere", "/nothing")] == [404, 404]


# ------------------------------------------------------------------------------------------------ where it listens
def test_a_host_that_does_not_resolve_is_told_as_that() -> None:
    with pytest.raises(HoldfastError, match=r"nowhere\.invalid:9464 cannot be used: .*(not known|resolution)") as told:
        bound("nowhere.invalid", 9464)
    assert "another daemon" not in str(told.value)


def test_an_address_in_use_asks_for_another_daemon() -> None:
    with closing(bound("127.0.0.1", 0)) as first, pytest.raises(HoldfastError, match="in use; is another daemon"):
        bound("127.0.0.1", first.getsockname()[1])


def test_links_use_the_port_that_was_bound() -> None:
    with closing(bound("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert port != 0
        assert origin(listener, "127.0.0.1") == f"http://127.0.0.1:{port}"
        assert origin(listener, "::1") == f"http://[::1]:{port}"


# ------------------------------------------------------------------------------------------------ stopping
@pytest.mark.parametrize(("hurried", "at_most_s"), [(False, 4.5), (True, 1.0)])
def test_a_client_that_does_not_read_does_not_keep_the_daemon_from_stopping(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, hurried: bool, at_most_s: float
) -> None:
    monkeypatch.setattr(daemon.metrics, "exposition", lambda _accept: (b"x" * 30_000_000, "text/plain"))

    async def stop_with_a_slow_client() -> float:
        listener = bound("127.0.0.1", 0)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with listening(daemon, listener):
            client.connect(listener.getsockname())
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await asyncio.sleep(0.3)
            if hurried:
                daemon.hurry()
            began = time.monotonic()
        client.close()
        return time.monotonic() - began

    assert asyncio.run(stop_with_a_slow_client()) < at_most_s


def test_a_client_that_reads_on_gets_its_whole_page_while_the_daemon_stops(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slowly(_answer: Callable[[], Response]) -> Response:
        begun.set()
        await asyncio.sleep(0.3)
        return Response("the whole page")

    monkeypatch.setattr(web, "_from_store", slowly)

    async def stop_in_the_middle() -> tuple[int, str]:
        listener = bound("127.0.0.1", 0)
        async with listening(daemon, listener):
            asking = asyncio.create_task(get(listener.getsockname()[1], "/"))
            await begun.wait()
        return await asking

    assert asyncio.run(stop_in_the_middle()) == (200, "the whole page")


def test_the_list_of_suites_shows_no_health_while_the_newest_run_could_not_be_stored(daemon: Daemon) -> None:
    daemon.here.store.save_run(written(replace(numbered(1), suite="support-bot", endpoint="production")))
    ((_, before),) = asked(daemon, "/")
    daemon.troubles.tell("support-bot at production", "the disk is full")
    (_, during), (status, ready) = asked(daemon, "/", "/readyz")
    assert "unknown" in during.partition("<body>")[2].lower()
    assert "unknown" not in before.partition("<body>")[2].lower()
    assert (status, "the disk is full" in ready) == (503, True)


def test_the_list_of_suites_shows_what_is_open_and_why_nobody_is_told(daemon: Daemon) -> None:
    now = daemon.here.clock.now()
    drift = alert(opened_at=now)
    contract = alert(key="support-bot/production/contract", kind="contract", incident_id="i-2", opened_at=now)
    daemon.here.store.save_alerts("support-bot", "production", [drift, contract], [], at=now)
    quiet_until = now + timedelta(hours=2)
    daemon.here.store.save_silence(
        a_silence(target="*/*/contract", reason="<b>deploy</b>", created_at=now, expires_at=quiet_until)
    )
    ((status, page),) = asked(daemon, "/")
    assert status == 200 and "page: drift" in page
    assert "page: contract" in page and "silenced by" in page and "&lt;b&gt;deploy&lt;/b&gt;" in page

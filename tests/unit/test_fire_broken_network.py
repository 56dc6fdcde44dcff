"""Networks that break on purpose, at every layer: each ends as one classified sample, in its time and in bounds."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from probes.clock import SystemClock
from probes.failure import FailureClass
from probes.fire import fire
from probes.sample import Sample
from probes.suite import Endpoint, Probe
from probes.transport import Transport
from tests.fakes.certificates import HAVE_OPENSSL, WHY_NOT, Authority
from tests.fakes.chat import DONE, chat_body, chat_stream
from tests.fakes.http_server import End, FakeServer, Hang, Reset, Step, Steps, head, stream, whole

F = FailureClass
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
TIMEOUT = {"connect": 2, "first_token": 3, "total": 5}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if not HAVE_OPENSSL:
        pytest.skip(WHY_NOT)
    return Authority(tmp_path_factory.mktemp("authority"))


async def ask(url: str, transport: Transport | None = None, **fields: Any) -> Sample:
    if transport is None:
        async with Transport(clock=SystemClock()) as own:
            return await ask(url, own, **fields)
    target = {"base_url": url, "model": "m", "api_key": "k", "retries": 0, "timeout": TIMEOUT, **fields}
    return await fire(
        transport=transport,
        clock=SystemClock(),
        endpoint_name="prod",
        endpoint=Endpoint.model_validate(target),
        suite_name="s",
        probe=Probe.model_validate({"id": "p", "prompt": "x"}),
        index=0,
        run_id="r",
    )


def kind_of(sample: Sample) -> FailureClass:
    assert sample.failure is not None
    assert sample.answer is None
    return sample.failure.kind


@asynccontextmanager
async def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """The port of a server that treats each connection so, and then drops it."""
    under_way: set[asyncio.Task[None] | None] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])
        tasks = [task for task in under_way if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


# ------------------------------------------------------------------------------------------------ TLS
def first_flight(served: ssl.SSLContext, hello: bytes) -> bytes:
    """What a server says to the first bytes of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = served.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("place", [0, 1, 5, 60, 130, 700, -1])
@pytest.mark.parametrize("reset", [True, False])
def test_a_tls_handshake_that_is_cut_at_any_byte_is_a_cut_connection(
    authority: Authority, place: int, reset: bool
) -> None:
    served = authority.signs("cut").served()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first_flight(served, await reader.read(65536))[:place])
        await writer.drain()
        if not reset:
            writer.write_eof()
            await reader.read()

    async def run() -> Sample:
        async with serving(cut) as port:
            return await ask(f"https://127.0.0.1:{port}", tls={"ca": str(authority.file)})

    sample = asyncio.run(run())
    assert kind_of(sample) in (F.CONNECTION, F.DNS_TLS)
    assert sample.timing.first_byte_s is None


@pytest.mark.parametrize("cut", [End(), Reset()])
@pytest.mark.parametrize("streamed", [True, False])
def test_a_reply_over_tls_that_is_cut_at_any_byte_is_never_an_answer(
    authority: Authority, cut: Step, streamed: bool
) -> None:
    reply = stream(chat_stream("Par", "is")) if streamed else whole(chat_body())
    raw = b"".join(step for step in reply if isinstance(step, bytes))
    needed = raw.index(b'"finish_reason": "stop"') if streamed else len(raw)
    cuts: list[Steps] = [[raw[:place], cut] if place else [cut] for place in range(0, needed, 97)]

    async def run() -> list[Sample]:
        async with FakeServer(*cuts, tls=authority.signs("cut").served()) as server:
            return [await ask(server.url, stream=streamed, tls={"ca": str(authority.file)}) for _ in cuts]

    kinds = [kind_of(sample) for sample in asyncio.run(run())]
    assert len(kinds) > 3
    assert set(kinds) <= {F.CONNECTION, F.STREAM_TRUNCATED}


# ------------------------------------------------------------------------------------------------ half-closed
def said_of(steps: Steps) -> bytes:
    return b"".join(step for step in steps if isinstance(step, bytes))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", F.CONNECTION),
        (head(200, {"content-type": "application/json", "content-length": "99"}) + b'{"cho', F.CONNECTION),
        (said_of(stream(chat_stream("Par", "is")))[:400], F.STREAM_TRUNCATED),
        (said_of(whole(chat_body())), None),
        (said_of(stream([*chat_stream("Par", "is"), DONE])), None),
    ],
)
def test_a_server_that_half_closes_is_not_waited_for(said: bytes, kind: FailureClass | None) -> None:
    async def say_no_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.write_eof()
        await asyncio.sleep(9)

    async def run() -> Sample:
        async with serving(say_no_more) as port:
            return await ask(f"http://127.0.0.1:{port}")

    began = time.perf_counter()
    sample = asyncio.run(run())
    assert (sample.failure and sample.failure.kind) == kind
    assert (sample.answer == "Paris") is (kind is None)
    assert time.perf_counter() - began < 2


# ------------------------------------------------------------------------------------------------ addresses
def families_of_localhost() -> set[socket.AddressFamily]:
    return {entry[0] for entry in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_name_of_both_families_is_reached_by_whichever_answers(family: socket.AddressFamily) -> None:
    if families_of_localhost() != {socket.AF_INET, socket.AF_INET6}:
        pytest.skip("localhost has addresses of one family here")

    async def run() -> Sample:
        async with FakeServer(whole(chat_body()), family=family) as server:
            return await ask(f"http://localhost:{server.port}", stream=False)

    sample = asyncio.run(run())
    assert sample.answer == "Paris"
    assert sample.timing.dns_s is not None


def test_an_address_of_the_newer_kind_is_asked_as_it_stands() -> None:
    with socket.socket(socket.AF_INET6) as free:
        try:
            free.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")

    async def run() -> Sample:
        async with FakeServer(whole(chat_body()), family=socket.AF_INET6) as server:
            return await ask(f"http://[::1]:{server.port}", stream=False)

    assert asyncio.run(run()).answer == "Paris"


# ------------------------------------------------------------------------------------------------ bounds
class Gigabyte:
    """A server in a thread whose one reply is a gigabyte, sent as fast as it is taken."""

    SIZE = 2**30

    def __init__(self, listener: socket.socket, status: int, kind: str) -> None:
        self._listener, self._head = listener, head(status, {"content-type": kind, "content-length": str(self.SIZE)})
        self.sent = 0

    def serve(self) -> None:
        accepted, _ = self._listener.accept()
        block = b"x" * 2**20
        with accepted, suppress(ConnectionError):
            accepted.recv(65536)
            accepted.sendall(self._head)
            while self.sent < self.SIZE:
                self.sent += accepted.send(block)


@contextmanager
def gigabyte(status: int, kind: str) -> Iterator[tuple[str, Gigabyte]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Gigabyte(listener, status, kind)
        thread = Thread(target=server.serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        thread.join()


def peak_bytes() -> int:
    """Most memory this process held since ``clear_refs`` was written."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@LINUX
@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (200, "application/json", F.PROTOCOL),
        (200, "text/event-stream", F.PROTOCOL),
        (500, "text/html", F.SERVER),
    ],
)
def test_a_reply_of_a_gigabyte_costs_megabytes(status: int, kind: str, said: FailureClass) -> None:
    with gigabyte(status, kind) as (url, server):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = peak_bytes()
        sample = asyncio.run(ask(url, timeout={"connect": 5, "first_token": 20, "total": 20}))
    assert kind_of(sample) is said
    assert peak_bytes() - before < 64 * 2**20
    assert server.sent < 64 * 2**20


@LINUX
def test_five_hundred_failing_samples_leave_no_file_open(authority: Authority) -> None:
    broken: list[Steps] = [
        [End()],
        [Reset()],
        [b"no HTTP\r\n\r\n"],
        [head(200, {"content-length": "99"}), Reset()],
        whole({"error": {"message": "x"}}, 500),
        [Hang()],
    ]

    async def run() -> tuple[list[Sample], int, int]:
        before = files_open()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with FakeServer(*broken * 100) as plain, FakeServer([Reset()], tls=authority.signs("x").served()) as tls:
            limits = {"connect": 0.1, "first_token": 0.05, "total": 2}
            samples: list[Sample] = []
            async with Transport(clock=SystemClock()) as transport:
                urls = [plain.url, plain.url, tls.url, plain.url.replace("http:", "https:"), closed]
                for _ in range(20):
                    samples += await asyncio.gather(*(ask(url, transport, timeout=limits) for url in urls * 5))
        # the servers are gone too, so what is open now is ours
        return samples, before, files_open()

    samples, before, after = asyncio.run(run())
    assert len(samples) == 500
    assert len({kind_of(sample) for sample in samples}) >= 4
    assert after <= before


def files_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))

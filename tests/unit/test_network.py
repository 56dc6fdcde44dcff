"""The sockets below the HTTP client: true instants however busy the loop is, bounded memory, the first address that
answers."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from threading import Event, Thread

import pytest

from probes.clock import SystemClock
from probes.fire import fire_all
from probes.network.arrival import SO_TIMESTAMPNS, age_of
from probes.network.backend import Network, _first_to_answer
from probes.network.raw_socket import MOST_UNREAD_BYTES, READ_BYTES, RawSocket
from probes.network.readers import Readers
from probes.network.timeline import CURRENT
from probes.sample import Sample
from probes.stopwatch import Stopwatch
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.chat import DONE, chunk, last_usage
from tests.fakes.clock import FakeClock
from tests.fakes.firing import fire_suite, fired, suite_for
from tests.fakes.http_server import LAST_CHUNK, STREAM_HEADERS, FakeServer, Step, head, piece, whole

HAIR_S = 0.002
"""Between a kernel's stamp and the instants before and after the call that sent the bytes."""
STAMPED = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux stamps what comes in")


# ------------------------------------------------------------------------------------------------ instants
def stamp(at_ns: int, kind: int = SO_TIMESTAMPNS) -> tuple[int, int, bytes]:
    return socket.SOL_SOCKET, kind, struct.pack("@ll", at_ns // 10**9, at_ns % 10**9)


def test_a_stamp_tells_how_long_ago_bytes_came() -> None:
    assert age_of([stamp(time.time_ns() - 20_000_000)]) == pytest.approx(0.020, abs=0.015)


@pytest.mark.parametrize(
    "ancillary",
    [
        [],
        [stamp(time.time_ns() + 10**15)],
        [stamp(time.time_ns() - 10**11)],
        [stamp(0, kind=29)],
        [(socket.SOL_SOCKET, SO_TIMESTAMPNS, b"short")],
    ],
)
def test_without_a_stamp_to_believe_bytes_came_when_they_were_read(ancillary: list[tuple[int, int, bytes]]) -> None:
    assert age_of(ancillary) == 0.0


def test_nothing_arrives_before_it_was_sent_nor_before_what_came_earlier() -> None:
    clock = FakeClock()
    watch = Stopwatch(clock)
    watch.sending()
    clock.advance(1)
    watch.arrived(5.0, stamped=True)
    assert watch.arrival == watch.sent
    watch.arrived(0.25, stamped=True)
    earlier = watch.arrival
    watch.arrived(0.75, stamped=True)
    assert watch.arrival == earlier


class Threaded:
    """A server in a thread: one request, a token after each pause (seconds), and the end right after the last one.

    It notes when it had read the request and, for each piece, the instants before and after it was sent: the truth
    that a sample has to agree with, whatever the load of the machine.
    """

    def __init__(self, listener: socket.socket, pauses: list[float]) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._listener = listener
        self._pauses = pauses
        self.read_at = 0.0
        self.read = Event()
        self.sent: list[tuple[float, float]] = []

    def serve(self) -> None:
        accepted, _ = self._listener.accept()
        with accepted:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.recv(65536)
            self.read_at = time.perf_counter()
            self.read.set()
            accepted.sendall(head(200, STREAM_HEADERS))
            for number, pause in enumerate(self._pauses):
                time.sleep(pause)
                self._say(accepted, piece(chunk({"content": f"t{number} "})))
            self._say(accepted, piece(chunk({}, "stop")) + piece(last_usage()) + piece(DONE) + LAST_CHUNK)
            accepted.recv(1)

    def _say(self, accepted: socket.socket, data: bytes) -> None:
        before = time.perf_counter()
        accepted.sendall(data)
        self.sent.append((before, time.perf_counter()))

    def could_be(self, measured_s: float | None, piece: int, *, asked_at: float) -> bool:
        """True where that piece can have arrived so long after the request left: after ``asked_at``, and before the
        server had read it."""
        before, after = self.sent[piece]
        return measured_s is not None and before - self.read_at - HAIR_S <= measured_s <= after - asked_at + HAIR_S


@contextmanager
def threaded_server(pauses: list[float]) -> Iterator[Threaded]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Threaded(listener, pauses)
        thread = Thread(target=server.serve)
        thread.start()
        yield server
        thread.join()


@STAMPED
def test_times_are_true_though_the_loop_is_busy_when_bytes_come() -> None:
    async def busy(server: Threaded) -> tuple[Sample, float, float]:
        asked_at = time.perf_counter()
        asking = asyncio.create_task(fire_suite(suite_for(server.url)))
        await asyncio.to_thread(server.read.wait, 5)
        # from before the first token until long after the last one
        time.sleep(0.6)  # noqa: ASYNC251 - the point of this test
        woken_at = time.perf_counter()
        return (await asking)[0], asked_at, woken_at

    with threaded_server([0.15]) as server:
        sample, asked_at, woken_at = asyncio.run(busy(server))
    assert sample.answer == "t0 "
    assert server.could_be(sample.timing.first_token_s, 0, asked_at=asked_at)
    assert server.could_be(sample.timing.total_s, 1, asked_at=asked_at)
    # by the time anybody could read them they were old
    assert woken_at - server.sent[1][1] > 0.1
    assert sample.timing.stamped is True


@STAMPED
@pytest.mark.timing
def test_tokens_that_come_apart_while_other_requests_keep_the_loop_busy_stay_apart() -> None:
    async def crowded(server: Threaded) -> tuple[Sample, float]:
        clock = SystemClock()
        async with FakeServer(whole(b"{}")) as other, Transport(clock=clock) as transport:

            async def fire(suite: Suite, work_s: float) -> tuple[Sample, ...]:
                return await fire_all(
                    transport=transport,
                    clock=clock,
                    suite=suite,
                    endpoint_name="prod",
                    run_id="r",
                    probes=[(probe, 1) for probe in suite.probes],
                    on_sample=lambda _: time.sleep(work_s),
                )

            asked_at = time.perf_counter()
            asking = asyncio.create_task(fire(suite_for(server.url), 0))
            await asyncio.to_thread(server.read.wait, 5)
            # these are done within one turn of the loop, which takes a third of a second
            await fire(suite_for(other.url, prompts=40, concurrency=40, retries=0), 0.008)
            return (await asking)[0], asked_at

    with threaded_server([0.1, 0.1, 0.1]) as server:
        sample, asked_at = asyncio.run(crowded(server))
    assert server.could_be(sample.timing.first_token_s, 0, asked_at=asked_at)
    told = server.sent[:3]
    least = max(later[0] - earlier[1] for earlier, later in pairwise(told))
    most = max(later[1] - earlier[0] for earlier, later in pairwise(told))
    assert least - HAIR_S <= (sample.timing.longest_gap_s or 0.0) <= most + HAIR_S


def test_a_name_is_looked_up_and_timed_and_an_address_is_not() -> None:
    async def run() -> tuple[Sample, Sample]:
        good: list[Step] = whole(b"{}")
        async with FakeServer(good) as server:
            named = server.url.replace("127.0.0.1", "localhost")
            return (await fire_suite(suite_for(named)))[0], (await fire_suite(suite_for(server.url)))[0]

    named, numbered = asyncio.run(run())
    assert named.timing.dns_s is not None
    assert named.timing.connect_s is not None
    assert 0 < named.timing.dns_s <= named.timing.connect_s
    assert (numbered.timing.dns_s, numbered.timing.tls_s) == (None, None)


# ------------------------------------------------------------------------------------------------ bytes
def test_a_reply_that_comes_before_the_request_has_left_is_read_at_once() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"".join(step for step in whole({"error": {"message": "too large"}}, 413) if isinstance(step, bytes))
        )
        # the body is never read
        try:
            await asyncio.sleep(3)
        finally:
            writer.transport.abort()

    async def run() -> Sample:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=1024)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            suite = suite_for(url, retries=0, params={"big": "x" * 20_000_000})
            return (await fire_suite(suite))[0]

    began = time.perf_counter()
    sample = asyncio.run(run())
    assert sample.failure is not None
    assert sample.failure.status == 413
    assert time.perf_counter() - began < 2


def test_a_body_larger_than_a_socket_takes_arrives_whole() -> None:
    (sample,), server = fired(whole(b"{}"), params={"big": "x" * 5_000_000})
    assert sample.failure is not None
    assert len(server.requests[0].json["big"]) == 5_000_000


@pytest.mark.parametrize("unsent", [0, 20_000_000])
def test_what_nobody_reads_is_left_with_the_sender_even_while_our_bytes_are_still_leaving(unsent: int) -> None:
    async def run() -> tuple[int, int]:
        readers = Readers()
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        theirs.settimeout(0)
        raw = RawSocket(ours, readers)
        raw.send(b"y" * unsent)
        sent = 0
        for _ in range(50):
            try:
                while True:
                    sent += theirs.send(b"x" * 65536)
            except BlockingIOError:
                await asyncio.sleep(0.001)
        held, received = raw._unread_bytes, 0
        async with asyncio.timeout(5):
            while received < sent:
                received += len((await raw.receive())[0])
        raw.close()
        theirs.close()
        readers.close()
        return held, received - sent

    held, missing = asyncio.run(run())
    assert MOST_UNREAD_BYTES <= held <= MOST_UNREAD_BYTES + READ_BYTES
    assert missing == 0


def test_waiting_for_bytes_ends_when_the_socket_is_closed_here() -> None:
    async def run() -> None:
        readers = Readers()
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        raw = RawSocket(ours, readers)
        waiting = asyncio.create_task(raw.receive())
        await asyncio.sleep(0)
        raw.close()
        raw.close()
        readers.close()
        theirs.close()
        with pytest.raises(ConnectionAbortedError):
            await waiting

    asyncio.run(run())


# ------------------------------------------------------------------------------------------------ addresses
@contextmanager
def deaf() -> Iterator[tuple[str, int]]:
    """An address that takes no more connections and refuses none."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()


def closed() -> tuple[str, int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name: tuple[str, int] = free.getsockname()
    return name


def test_the_first_address_that_answers_is_taken() -> None:
    async def run(*others: tuple[str, int]) -> tuple[bool, float]:
        async with FakeServer([]) as server:
            good = ("127.0.0.1", server.port)
            began = time.perf_counter()
            sock = await _first_to_answer([(socket.AF_INET, address) for address in (*others, good, good)])
            with sock:
                return sock.getpeername() == good, time.perf_counter() - began

    with deaf() as silent:
        for others in ((closed(),), (silent,), (closed(), silent)):
            right, took_s = asyncio.run(run(*others))
            assert right
            assert took_s < 1


def test_an_address_of_the_other_family_is_taken_where_the_first_refuses() -> None:
    async def run() -> tuple[str, int]:
        async with FakeServer([]) as server:
            newer = (socket.AF_INET6, ("::1", server.port, 0, 0))
            sock = await _first_to_answer([newer, (socket.AF_INET, ("127.0.0.1", server.port))])
            with sock:
                name: tuple[str, int] = sock.getpeername()
                return name

    assert asyncio.run(run())[0] == "127.0.0.1"


def test_where_no_address_answers_the_last_error_is_told() -> None:
    async def run() -> None:
        await _first_to_answer([(socket.AF_INET, closed()), (socket.AF_INET, closed())])

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(run())


def test_giving_up_on_connecting_leaves_nothing_open() -> None:
    async def run(silent: tuple[str, int]) -> None:
        async with asyncio.timeout(0.4):
            await _first_to_answer([(socket.AF_INET, silent), (socket.AF_INET, silent)])

    with deaf() as silent, pytest.raises(TimeoutError):
        asyncio.run(run(silent))


def test_nobody_is_told_of_what_no_request_asked_for() -> None:
    async def run() -> tuple[bytes, Stopwatch]:
        watch = Stopwatch(FakeClock())
        readers = Readers()
        async with FakeServer(whole(b"{}")) as server:
            token = CURRENT.set(watch)
            # as on the way to a proxy, over which TLS is still to come
            stream = await Network(readers, layers=1).connect_tcp("127.0.0.1", server.port)
            await stream.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            said = await stream.read(100)
            CURRENT.reset(token)
            await stream.aclose()
            readers.close()
            return said, watch

    said, watch = asyncio.run(run())
    assert said.startswith(b"HTTP/1.1 200")
    assert watch.sent is None
    assert watch.timing().connect_s is not None

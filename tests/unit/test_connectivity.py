"""A lost network of our own is told apart from an endpoint that is gone, and never excuses the only provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from probes.failure import FailureClass
from probes.sample import Sample
from runner.asking.connectivity import (
    FRESH_S,
    PROOF_S,
    REACHED_EVERY_S,
    STEADY_S,
    UNREACHED_EVERY_S,
    OwnNetwork,
    domain,
    itself,
    public,
    witnesses,
    wordless,
)
from runner.asking.knocking import answered, reaches
from runner.asking.words import LATELY_S, heard
from runner.preparing.orders import RunOrder
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer
from tests.fakes.records import a_failed_sample, a_sample
from tests.fakes.spending import a_suite, an_order

GONE = [a_failed_sample(FailureClass.DNS_TLS, "name not known", index=number) for number in range(3)]
ANSWERED = [a_sample(index=number) for number in range(3)]
BUSY = [a_failed_sample(FailureClass.SERVER, "HTTP 503", index=number, status=503) for number in range(3)]


@dataclass
class Roads:
    """Which hosts a TCP connection reaches, and who was asked."""

    open_to: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> bool:
        self.asked.append(host)
        return host in self.open_to


@pytest.fixture
def order(tmp_path: Path) -> Callable[[str, str], RunOrder]:
    def made(url: str, name: str) -> RunOrder:
        return an_order(a_suite(tmp_path, url, name=name, probes=1))

    return made


def guard(roads: Roads, *orders: RunOrder, targets: tuple[str, ...] = (), clock: FakeClock | None = None) -> OwnNetwork:
    suites = [one.prepared.suite for one in orders]
    return OwnNetwork(clock=clock or FakeClock(), targets=targets, suites=lambda: suites, reaching=roads)


def lost(one: OwnNetwork, order: RunOrder, samples: Sequence[Sample]) -> str:
    return asyncio.run(one.lost(order, samples))


Orders = Callable[[str, str], RunOrder]


# ------------------------------------------------------------------------------------------------ inferred
def test_where_no_other_domain_is_reached_either_it_is_our_own_network(order: Orders) -> None:
    roads, ours = Roads(), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, order("https://api.two.example:8443/v1", "b"))
    assert roads.asked == []
    assert lost(own, ours, GONE) == "no connection to api.two.example:8443 either"
    assert own.down


def test_where_another_domain_is_reached_it_is_the_endpoint(order: Orders) -> None:
    roads, ours = Roads({"api.two.example"}), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, order("https://api.two.example/v1", "b"))
    assert lost(own, ours, GONE) == "" and own.down == ""
    assert roads.asked == ["api.two.example"]


def test_an_outage_of_the_only_provider_is_never_excused(order: Orders) -> None:
    ours = order("https://eu.one.example/v1", "a")
    others = [order("https://us.one.example/v1", "b"), order("http://127.0.0.1:9/v1", "c"), order("http://gw/v1", "d")]
    roads = Roads()
    assert witnesses(ours, [one.prepared.suite for one in others]) == ()
    assert lost(guard(roads, ours, *others), ours, GONE) == "" and roads.asked == []


def test_an_answer_or_an_error_of_the_endpoint_asks_nobody(order: Orders) -> None:
    roads, ours = Roads(), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, order("https://api.two.example/v1", "b"))
    assert [lost(own, ours, samples) for samples in (ANSWERED, BUSY, [])] == ["", "", ""]
    assert roads.asked == []


# ------------------------------------------------------------------------------------------------ named targets
def test_named_targets_decide_alone_for_the_only_provider_too(order: Orders) -> None:
    ours = order("https://api.one.example/v1", "a")
    roads = Roads({"192.0.2.7"})
    named = guard(roads, ours, order("https://api.two.example/v1", "b"), targets=("192.0.2.7:53", "[2001:db8::1]:443"))
    assert lost(named, ours, GONE) == "" and roads.asked == ["192.0.2.7", "2001:db8::1"]
    cut = guard(Roads(), ours, targets=("192.0.2.7:53",))
    assert lost(cut, ours, GONE) == "no connection to 192.0.2.7:53 either"


def test_one_look_serves_all_runs_of_a_moment_and_the_next_moment_looks_again(order: Orders) -> None:
    roads, clock, ours = Roads(), FakeClock(), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, targets=("192.0.2.7:53",), clock=clock)

    async def scenario() -> None:
        await asyncio.gather(*(own.lost(ours, GONE) for _ in range(100)))
        assert roads.asked == ["192.0.2.7", "api.one.example"]
        clock.advance(FRESH_S)
        roads.open_to.add("192.0.2.7")
        assert await own.lost(ours, GONE) == ""

    asyncio.run(scenario())


def test_the_network_is_back_when_anybody_answers_or_a_witness_is_reached_and_nothing_is_lost_for_half_a_minute(
    order: Orders,
) -> None:
    roads, clock, ours = Roads({"192.0.2.7"}), FakeClock(), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, targets=("192.0.2.7:53",), clock=clock)

    async def looked(seconds: float) -> str:
        clock.advance(seconds)
        await own.look_again()
        return own.down

    async def looked_away() -> bool:
        roads.open_to.clear()
        clock.advance(FRESH_S)
        return True

    async def scenario() -> None:
        own.begin(told=False)
        assert not await looked(0) and await looked_away() and await own.lost(ours, GONE)
        assert await looked(600.0), "nobody was heard"
        assert await own.lost(ours, BUSY) == "", "an error is a word, too"
        assert await looked(STEADY_S - 1) and await own.lost(ours, GONE), "lost again: the same loss"
        assert await looked(2) and await own.lost(ours, BUSY) == ""
        assert await looked(STEADY_S - 1) and not await looked(1)
        await own.lost(ours, GONE)
        roads.open_to.add("192.0.2.7")
        assert await looked(FRESH_S) and not await looked(STEADY_S)

    asyncio.run(scenario())


# ------------------------------------------------------------------------------------------------ witnesses that speak
def test_an_endpoint_is_blamed_whatever_the_targets_say_while_another_takes_connections_as_it_lately_did(
    order: Orders,
) -> None:
    roads, clock = Roads({"127.0.0.1"}), FakeClock()
    ours, other = order("https://api.one.example/v1", "a"), order("http://127.0.0.1:8001/v1", "b")
    own = guard(roads, ours, other, targets=("192.0.2.7:53",), clock=clock)
    assert lost(own, other, ANSWERED) == ""
    clock.advance(LATELY_S - 1)
    assert lost(own, ours, GONE) == "" and own.down == ""
    assert own.unreached == "192.0.2.7:53", "the target itself is the trouble"
    clock.advance(2)
    assert lost(own, ours, GONE), "nobody was heard for two minutes"


def test_a_network_that_is_lost_right_after_others_answered_is_told_as_lost(order: Orders) -> None:
    ours, other = order("https://api.one.example/v1", "a"), order("https://api.two.example/v1", "b")
    own = guard(Roads(), ours, other, targets=("192.0.2.7:53",))
    early = [replace(one, started_at=one.started_at - timedelta(seconds=30)) for one in ANSWERED]
    assert lost(own, other, early) == "" and lost(own, ours, early) == ""
    assert lost(own, ours, GONE), "nobody takes a connection any more"


def test_a_word_of_another_place_at_the_same_host_while_this_one_was_silent_blames_this_one(order: Orders) -> None:
    ours, other = order("https://api.one.example/v1", "a"), order("https://api.one.example/v1", "b")
    own = guard(Roads(), ours, other, targets=("192.0.2.7:53",))
    assert lost(own, other, ANSWERED) == ""
    assert lost(own, ours, GONE) == ""


def test_targets_that_cannot_be_reached_at_the_start_are_told_until_one_is(order: Orders) -> None:
    roads, clock, ours = Roads(), FakeClock(), order("https://api.one.example/v1", "a")
    own = guard(roads, ours, targets=("192.0.2.7:53", "192.0.2.8:53"), clock=clock)
    asyncio.run(own.look_again())
    assert own.unreached == "192.0.2.7:53, 192.0.2.8:53" and not own.sure
    roads.open_to.add("192.0.2.8")
    clock.advance(UNREACHED_EVERY_S)
    asyncio.run(own.look_again())
    assert own.unreached == "" and own.sure
    clock.advance(3600)
    before = len(roads.asked)
    asyncio.run(own.look_again())
    assert len(roads.asked) == before, "what can be reached is not knocked at for nothing"


@pytest.mark.parametrize("targets", [(), ("192.0.2.7:53",)])
def test_two_providers_that_fail_at_once_are_blamed_where_a_machine_still_answers_at_the_address(
    order: Orders, targets: tuple[str, ...]
) -> None:
    ours, other = order("https://api.one.example/v1", "a"), order("https://api.two.example/v1", "b")
    roads = Roads({"api.one.example"})
    own = guard(roads, ours, other, targets=targets)
    assert lost(own, ours, GONE) == "" and own.down == ""
    assert roads.asked == [targets[0].split(":")[0] if targets else "api.two.example", "api.one.example"]
    roads = Roads()
    assert lost(guard(roads, ours, other, targets=targets), ours, GONE), "nothing came back from anywhere"


def test_an_address_that_says_nothing_of_the_internet_is_not_asked_about_itself(order: Orders) -> None:
    private, proxied = order("http://127.0.0.1:8001/v1", "a"), order("https://api.one.example/v1", "b")
    endpoint = proxied.prepared.suite.endpoints[proxied.endpoint]
    behind = endpoint.model_copy(update={"proxy": "http://proxy.example:3128"})
    suite = proxied.prepared.suite.model_copy(update={"endpoints": {proxied.endpoint: behind}})
    proxied = replace(proxied, prepared=replace(proxied.prepared, suite=suite))
    assert itself(private) == itself(proxied) == ()
    assert itself(order("https://api.one.example:8443/v1", "c")) == (("api.one.example", 8443),)


# ----------------------------------------------------------------------------------------- wrong targets
def test_targets_that_were_never_reached_since_the_start_prove_nothing_and_the_endpoint_is_blamed(
    order: Orders,
) -> None:
    ours, clock = order("http://127.0.0.1:8001/v1", "a"), FakeClock()
    own = guard(Roads(), ours, targets=("192.0.2.7:53",), clock=clock)
    own.begin(told=False)
    assert lost(own, ours, GONE) == "" and own.down == ""
    assert own.unreached == "192.0.2.7:53" and not own.sure, "nobody was heard, so nothing told before is over"


def test_a_target_that_was_reached_is_a_witness_for_a_day_and_looked_at_every_six_hours(order: Orders) -> None:
    roads, clock, ours = Roads({"192.0.2.7"}), FakeClock(), order("http://127.0.0.1:8001/v1", "a")
    own = guard(roads, ours, targets=("192.0.2.7:53",), clock=clock)
    own.begin(told=False)
    for seconds in (0.0, REACHED_EVERY_S):
        clock.advance(seconds)
        asyncio.run(own.look_again())
    assert roads.asked == ["192.0.2.7", "192.0.2.7"]
    roads.open_to.clear()
    clock.advance(PROOF_S - 1)
    assert lost(own, ours, GONE) == "no connection to 192.0.2.7:53 either"
    clock.advance(2)
    assert lost(own, ours, GONE), "a loss that lasts longer than a day is still the same loss"
    gone = guard(roads, ours, targets=("192.0.2.7:53",), clock=clock)
    gone.begin(told=True)
    clock.advance(PROOF_S + 1)
    assert lost(gone, ours, GONE) == "", "it was not reached for a day"


def test_a_target_that_is_the_address_that_failed_is_no_witness_of_itself(order: Orders) -> None:
    ours, roads = order("http://192.0.2.7:8001/v1", "a"), Roads()
    assert lost(guard(roads, ours, targets=("192.0.2.7:8001",)), ours, GONE) == "" and roads.asked == []


# ------------------------------------------------------------------------------------------------ parts
@pytest.mark.parametrize(
    ("address", "error", "there"),
    [
        ("93.184.216.34", ConnectionRefusedError(111, "refused"), True),
        ("2606:2800:220:1::1", ConnectionRefusedError(111, "refused"), True),
        ("127.0.0.1", ConnectionRefusedError(111, "refused"), False),
        ("192.0.2.3", ConnectionRefusedError(111, "refused"), True),
        ("2001:db8::3", ConnectionRefusedError(111, "refused"), True),
        ("::1", ConnectionRefusedError(111, "refused"), False),
        ("93.184.216.34", TimeoutError(), False),
        ("93.184.216.34", OSError(113, "no route to host"), False),
        ("93.184.216.34", OSError(101, "network is unreachable"), False),
        ("93.184.216.34", ConnectionResetError(104, "reset"), False),
    ],
)
def test_a_refusal_by_another_machine_has_come_back_from_there_and_nothing_else_that_fails_has(
    address: str, error: Exception, there: bool
) -> None:
    assert answered(address, error) is there


def test_a_name_with_several_addresses_is_reached_by_the_one_that_answers() -> None:
    async def scenario() -> bool:
        async with FakeServer([]) as server:  # at 127.0.0.1 alone, while localhost may be ::1 first
            return await reaches("localhost", server.port)

    assert asyncio.run(scenario())
    assert not asyncio.run(reaches("nowhere.invalid", 443))
    assert not asyncio.run(reaches("no host\x00", 443))


def test_half_of_what_was_asked_without_a_word_is_enough_and_what_was_held_back_does_not_count() -> None:
    held = a_failed_sample(FailureClass.NOT_ASKED, "", index=9)
    assert wordless([GONE[0], ANSWERED[0]]) and wordless([GONE[0], held, held])
    assert not wordless([GONE[0], *ANSWERED]) and not wordless([held]) and not wordless(BUSY)
    assert heard(BUSY[0]) and not heard(GONE[0])


@pytest.mark.parametrize(
    ("host", "of", "counts"),
    [
        ("api.eu.example.com.", "example.com", True),
        ("192.0.2.7", "192.0.2.7", False),  # set aside for documents: nobody's
        ("1.1.1.1", "1.1.1.1", True),
        ("10.0.0.1", "10.0.0.1", False),
        ("::1", "::1", False),
        ("localhost", "localhost", False),
        ("gateway.internal", "gateway.internal", False),
    ],
)
def test_hosts_are_told_apart_by_domain_and_only_public_ones_are_witnesses(host: str, of: str, counts: bool) -> None:
    assert (domain(host), public(host)) == (of, counts)


def test_a_connection_that_is_accepted_reaches_and_one_that_is_refused_does_not() -> None:
    async def scenario() -> tuple[bool, bool]:
        async with FakeServer([]) as server:
            port, there = server.port, await reaches("127.0.0.1", server.port)
        return there, await reaches("127.0.0.1", port)

    assert asyncio.run(scenario()) == (True, False)

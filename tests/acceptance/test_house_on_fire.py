"""What an on-call person sees in Slack while things break: a whole installation through hours of virtual time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from probes.endpoint import Endpoint
from probes.failure import FailureClass
from runner.daemon.channel_chores import DELIVERY_EVERY_S
from runner.delivery.pacing import PAGE_WAIT_S, RENEWALS
from tests.fakes.house import HOUR_S, House
from tests.fakes.slack import FakeSlack, Trouble

MINUTE_S = 60.0


@pytest.fixture
def house(tmp_path: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house without suites."""
    return House(folder=tmp_path, slack=slack, patch=monkeypatch)


def nothing() -> None:
    """An act that only lets time pass."""


def breaking(house: House, kind: FailureClass | None) -> None:
    """From now on every endpoint fails like this, or none does."""
    house.network.trouble = lambda _endpoint: kind


def test_an_endpoint_down_for_an_hour_is_one_message_with_its_reminders_and_one_end(house: House) -> None:
    house.suite("bot", every="1m", rule="after: 2 of 3, resolve_after: 2, remind_every: 20m")
    house.live(
        (20 * MINUTE_S, lambda: breaking(house, FailureClass.CONNECTION)),
        (HOUR_S, lambda: breaking(house, None)),
        (40 * MINUTE_S, nothing),
    )
    assert list(house.headers()) == ["✅ RESOLVED bot at production: available again after 1h"]
    said_again = [reply.shown for reply in house.slack.replies]
    assert ["for 20m now" in said_again[0], "for 40m now" in said_again[1], len(said_again)] == [True, True, 2]
    told = house.rows("SELECT notice ->> 'key', event FROM outbox ORDER BY id")
    assert [event for _, event in told] == ["opened", "reminder", "reminder", "resolved"]
    assert {key for key, _ in told} == {"bot/production/availability"}, "no drift of what an outage leaves behind"
    runs = house.rows("SELECT count(*) FROM runs")
    assert runs == [(len(house.events("run")),)] and runs[0][0] >= 118, "no run is missing"


def test_a_lost_network_of_our_own_is_one_page_for_all_and_nothing_once_it_is_back(house: House) -> None:
    house.more = 'connectivity: ["192.0.2.1:443"]'
    for number in range(6):
        house.suite(f"s{number}", every="1m", host=f"api.example{number}.com")

    def lost(*, is_lost: bool) -> None:
        house.own_network_works = not is_lost
        breaking(house, FailureClass.DNS_TLS if is_lost else None)

    house.live((150.0, lambda: lost(is_lost=True)), (600.0, lambda: lost(is_lost=False)), (300.0, nothing))
    (header,) = house.headers()
    assert header.startswith("✅ RESOLVED installation at connectivity")
    assert house.rows("SELECT DISTINCT notice ->> 'key', notice ->> 'severity' FROM outbox") == [
        ("installation/connectivity/no-data", "page")
    ]
    assert house.rows("SELECT DISTINCT health FROM runs ORDER BY health") == [("healthy",), ("unknown",)]


def test_an_endpoint_that_is_gone_is_told_as_that_where_no_address_of_connectivity_ever_answered(house: House) -> None:
    house.more = 'connectivity: ["192.0.2.1:443"]'
    house.own_network_works = False
    house.suite("bot", every="1m")
    house.live((1.0, lambda: breaking(house, FailureClass.CONNECTION)), (600.0, nothing))
    told = house.rows("SELECT DISTINCT notice ->> 'key' FROM outbox")
    assert told == [("bot/production/availability",)], "not one page about a network that is there"


def read_only(house: House, *, is_so: bool) -> None:
    """What SQLite says of a disk that went read-only; only the connection that is open can be told so here."""
    store: Any = house.here.store
    store._db._db.execute(f"PRAGMA query_only = {'ON' if is_so else 'OFF'}")


def test_a_store_that_turns_read_only_is_told_once_directly_and_what_broke_meanwhile_is_told_after(
    house: House,
) -> None:
    for number in range(3):
        house.suite(f"s{number}", every="1m")
    during: list[tuple[str, ...]] = []

    def look() -> None:
        during.append(house.daemon.sickness())

    def turn(*, is_so: bool) -> None:
        look()
        read_only(house, is_so=is_so)
        breaking(house, FailureClass.SERVER)

    house.live((150.0, lambda: turn(is_so=True)), (600.0, lambda: turn(is_so=False)), (240.0, look))
    direct, *others = house.headers()
    assert "results cannot be stored" in direct
    assert sorted(others) == [f"🔴 s{n} at production: not available - 1 of 1 sample failed (server)" for n in range(3)]
    before, sick, after = during
    assert before == () and any("may not be written" in line for line in sick), "/healthz was red"
    assert after == (), "and green again"


def test_a_clock_set_back_and_forth_repeats_nothing_and_keeps_the_incident(house: House) -> None:
    house.suite("bot", every="1m", rule="after: 2 of 3, resolve_after: 2")
    house.live(
        (150.0, lambda: breaking(house, FailureClass.SERVER)),
        (300.0, lambda: house.clock.set_by(-HOUR_S / 2)),
        (300.0, lambda: house.clock.set_by(2 * HOUR_S)),
        (300.0, lambda: breaking(house, None)),
        (300.0, nothing),
    )
    assert [header.partition(" after ")[0] for header in house.headers()] == [
        "✅ RESOLVED bot at production: available again",
        "✅ RESOLVED installation at daemon: data again",
    ], "one incident, and that two hours are missing"
    assert house.slack.replies == []
    assert [line["seconds"] for line in house.events("clock_stepped")] == [-HOUR_S / 2, 2 * HOUR_S]
    assert len(house.events("run")) >= 20, "intervals went on in real time"


def test_a_storm_of_reloads_with_broken_versions_in_between_pages_nobody_and_skips_no_run(house: House) -> None:
    files = [house.suite(f"s{number:02}", every="1m") for number in range(12)]

    def rewrite(number: int) -> None:
        for index, file in enumerate(files):
            text = file.read_text(encoding="utf-8").replace("probes: [\n", "probes:\n")
            broken = index == 0 and number % 2
            file.write_text(
                text.replace("probes:\n", "probes: [\n") if broken else text.replace("Australia", "Australia "),
                encoding="utf-8",
            )

    writing = [(0.5, lambda number=number: rewrite(number)) for number in range(1, 81)]
    house.live((90.0, nothing), *writing, (110.0, nothing), watching=True)
    assert list(house.headers()) == []
    assert 1 <= len(house.events("reloaded")) <= 6, "many changes are few reloads"
    assert len(house.events("run")) == 12 * 4, "due times are kept"
    assert house.events("run_not_made") == []


def a_hundred(house: House, name: str) -> None:
    """A hundred suites at two hosts of this name."""
    for number in range(100):
        host = f"{name}-{number % 2}.example.com"
        house.suite(f"{name}-{number:03}", host=host, rule="after: 1 of 1, resolve_after: 1")


def test_a_hundred_suites_failing_at_once_are_one_digest_which_turns_resolved(house: House) -> None:
    a_hundred(house, "bots")  # retries spread the ends of their runs over half a minute: longer than a page waits alone
    breaking(house, FailureClass.SERVER)
    seen_at_first: list[str] = []

    def mended() -> None:
        seen_at_first.extend(house.headers())
        breaking(house, None)

    house.live((400.0, mended), (400.0, nothing))
    assert seen_at_first == ["🔴 100 incidents opened: 100 suites at 2 endpoints"]
    (header,) = house.headers()
    assert header.startswith("✅ RESOLVED 100 incidents resolved") and house.slack.replies == []
    told = house.rows("SELECT min(created_at), max(created_at), min(delivered_at) FROM outbox WHERE event = 'opened'")
    began, ended, delivered = (datetime.fromisoformat(at) for at in told[0])
    assert (ended - began).total_seconds() > PAGE_WAIT_S, "else one wait would have done"
    assert (delivered - began).total_seconds() <= RENEWALS * PAGE_WAIT_S + DELIVERY_EVERY_S


def test_a_second_hundred_that_fails_while_the_first_still_does_is_one_more_digest(house: House) -> None:
    a_hundred(house, "bots")
    a_hundred(house, "tools")

    def named(endpoint: Endpoint) -> str:
        return endpoint.base_url.removeprefix("https://").partition("-")[0]

    def broken(*names: str) -> None:
        house.network.trouble = lambda endpoint: FailureClass.SERVER if named(endpoint) in names else None

    broken("bots")
    house.live((400.0, lambda: broken("bots", "tools")), (700.0, broken), (400.0, nothing))
    first, second = house.headers()
    assert first.startswith("✅ RESOLVED 100 incidents") and second.startswith("✅ RESOLVED 100 incidents")
    waves = house.rows(
        "SELECT count(*), count(DISTINCT digest_id), substr(notice ->> 'suite', 1, 4) AS wave FROM outbox"
        " WHERE event = 'opened' GROUP BY wave"
    )
    assert waves == [(100, 1, "bots"), (100, 1, "tool")]


def test_that_no_daemon_ran_for_hours_is_told_although_there_is_data_again_at_once(house: House) -> None:
    house.suite("bot")
    house.live((30.0, nothing))
    house.clock.set_by(3 * HOUR_S)
    house.live((120.0, nothing))
    assert list(house.headers()) == ["✅ RESOLVED installation at daemon: data again after 15s"]
    assert house.rows("SELECT notice ->> 'headline' LIKE '%no daemon ran for 3h%' FROM outbox ORDER BY id") == [
        (1,),
        (0,),
    ]
    assert house.rows("SELECT DISTINCT state FROM outbox") == [("delivered",)]


def test_a_stop_while_slack_fails_loses_no_alert_and_the_next_daemon_tells_it_once(house: House) -> None:
    house.suite("bot", every="1m", rule="after: 1 of 1, resolve_after: 1")
    house.slack.script(*[Trouble(status=500)] * 50)
    breaking(house, FailureClass.SERVER)
    house.live((30.0, nothing))
    assert house.slack.messages == [] and house.events("stopped")[0]["undelivered"] == 1
    house.slack.heal()
    house.live((360.0, lambda: breaking(house, None)), (90.0, nothing))
    assert len(house.slack.messages) == 1
    assert "RESOLVED" in house.slack.messages[0].header

"""The doctor finds what is wrong with an installation, says what to do, shows no secret and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from probes.endpoint import Endpoint
from probes.errors import Problem, SettingsError, UsageError
from reports.notice import Notifier
from reports.notifiers import NOTIFIERS
from runner.doctor import own_network, stored, trial, written
from runner.doctor.diagnosis import Diagnosis, State, as_json, as_text, exit_code
from runner.doctor.examination import Examination, chosen_notifiers
from runner.doctor.reaching import Reaching
from runner.doctor.way import Way, walked
from runner.settings.settings import LoadedSettings, Settings
from runner.store import open_store
from runner.store.store_lock import only_daemon
from tests.fakes.certificates import HAVE_OPENSSL, WHY_NOT, Authority
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import FakeServer, Hang, head
from tests.fakes.receivers import PASSWORD, ROUTING_KEY, SECRETS, WEBHOOK_SECRET, FakeReceivers
from tests.fakes.slack import CHANNEL, TOKEN, Trouble, rate_limited

SUITE = """\
version: 1
suite: {name}
endpoints:
  production: {{base_url: "{url}", model: {model}, api_key: "${{KEY}}"}}
alerts: [{{notify: slack}}]
probes: [{{id: one, prompt: "Hello?"}}]
"""
ENVIRON = {"KEY": "a-secret-key"}
NOWHERE = "http://127.0.0.1:9/v1"


def of(state: State, area: str = "store") -> Diagnosis:
    return Diagnosis(area=area, subject="x", state=state, told="told", advice="do this")


def states(found: list[Diagnosis], area: str) -> list[tuple[State, str]]:
    return [(diagnosis.state, diagnosis.told) for diagnosis in found if diagnosis.area == area]


def a_suite(folder: Path, *, name: str = "bot", url: str = NOWHERE, model: str = "gpt-4o", file: str = "") -> Path:
    path = folder / (file or f"{name}.yaml")
    path.write_text(SUITE.format(name=name, url=url, model=model), encoding="utf-8")
    return path


def installed(folder: Path, notifiers: Mapping[str, Notifier] | None = None, **settings: Any) -> LoadedSettings:
    return LoadedSettings(settings=Settings.model_validate(settings), folder=folder, notifiers=notifiers or {})


def examined(folder: Path, *files: Path, environ: Mapping[str, str] = ENVIRON, **fields: Any) -> list[Diagnosis]:
    notifiers = fields.pop("notifiers", {"slack": NOTIFIERS["console"]()})
    examination = Examination(
        loaded=installed(folder, notifiers, store=str(folder / "holdfast.db")),
        settings_file=None,
        files=files,
        environ=environ,
        store=None,
        **{"clock": FakeClock(datetime.now(UTC)), **fields},
    )
    return asyncio.run(examination.all())


# ------------------------------------------------------------------------------------------------ the answer
@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([of(State.FINE), of(State.NOTE)], 0),
        ([of(State.UNKNOWN), of(State.FINE)], 3),
        ([of(State.WRONG), of(State.UNKNOWN)], 1),
        ([of(State.WRONG, "suite"), of(State.WRONG)], 2),
        ([of(State.WRONG, "environment")], 2),
        ([of(State.UNKNOWN, "settings")], 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst(found: list[Diagnosis], code: int) -> None:
    assert exit_code(found) == code
    assert json.loads(as_json(found))["exit_code"] == code


def test_text_of_others_cannot_steer_a_terminal() -> None:
    hostile = Diagnosis(area="endpoint", subject="a\x1b[2J", state=State.WRONG, told="b\u202e\n\nc", advice="d\r")
    assert all(c == "\n" or c.isprintable() for c in as_text([hostile]))
    assert as_text([hostile]).count("\n") == 4
    assert "\\u001b" not in as_json([hostile])


# ------------------------------------------------------------------------------------------------ what is written
def test_variables_are_named_and_their_values_are_not_looked_at(tmp_path: Path) -> None:
    path = a_suite(tmp_path)
    assert [d.told for d in written.environment(path, ENVIRON)] == ["1 variable set: KEY"]
    (missing,) = written.environment(path, {})
    (empty,) = written.environment(path, {"KEY": ""})
    assert (missing.told, empty.told) == ("KEY is not set", "KEY is empty")
    assert missing.state is empty.state is State.WRONG and "EnvironmentFile=" in missing.advice


def test_a_suite_that_cannot_be_used_is_told_with_its_place_and_keeps_no_other_from_being_looked_at(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nsuite: broken\nprobs: []\n", encoding="utf-8")
    found = examined(tmp_path, broken, a_suite(tmp_path))
    assert exit_code(found) == 2
    places = [d.subject for d in found if d.area == "suite" and d.state is State.WRONG]
    assert f"{broken}:3:1" in places
    assert (State.FINE, "bot is valid: 1 probe") in states(found, "suite")


def test_what_is_to_be_mended_is_looked_at_again_with_the_command_that_was_run(tmp_path: Path) -> None:
    broken = a_suite(tmp_path, name="broken")
    broken.write_text(broken.read_text(encoding="utf-8").replace('Hello?"', 'Hello?", samples: 0'), encoding="utf-8")
    again = written.command_of([Path("my suites")], Path("etc/holdfast.yaml"), "kept.db")
    assert again == "holdfast doctor 'my suites' --config etc/holdfast.yaml --store kept.db"
    found = examined(tmp_path, broken, again=again)
    advice = [d.advice for d in found if d.area == "suite" and "then run" in d.advice]
    assert advice and all(each.endswith(f"then run: {again}") for each in advice)
    assert written.command_of([], None, "postgresql://oncall:planted-4711@db.example.com/x") == "holdfast doctor"


def test_a_notifier_that_only_escalation_names_is_named(tmp_path: Path) -> None:
    path = a_suite(tmp_path)
    rule = "alerts: [{notify: slack, escalate: {after: 30m, notify: boss}}]"
    path.write_text(path.read_text(encoding="utf-8").replace("alerts: [{notify: slack}]", rule), encoding="utf-8")
    ready, _ = written.suites([path], ENVIRON, None)
    (found,) = written.notifiers({"boss": NOTIFIERS["console"]()}, ready)
    assert found.state is State.FINE


def test_two_suites_of_one_name_are_wrong(tmp_path: Path) -> None:
    ready, found = written.suites([a_suite(tmp_path), a_suite(tmp_path, file="z.yaml")], ENVIRON, None)
    assert len(ready) == 2 and [d.state for d in found] == [State.FINE, State.WRONG]


@pytest.mark.parametrize(("model", "state"), [("gpt-4o", State.FINE), ("our-own-model", State.NOTE)])
def test_a_price_nobody_knows_is_a_note(tmp_path: Path, model: str, state: State) -> None:
    ready, _ = written.suites([a_suite(tmp_path, model=model)], ENVIRON, None)
    assert [d.state for d in written.prices(ready)] == [state]


def test_a_notifier_no_suite_names_is_a_note(tmp_path: Path) -> None:
    ready, _ = written.suites([a_suite(tmp_path)], ENVIRON, None)
    known = {"slack": NOTIFIERS["console"](), "spare": NOTIFIERS["console"]()}
    assert [(d.subject, d.state) for d in written.notifiers(known, ready)] == [
        ("slack", State.FINE),
        ("spare", State.NOTE),
    ]
    assert [d.state for d in written.notifiers({}, ready)] == [State.NOTE]


# ------------------------------------------------------------------------------------------------ the store
def looked_at(folder: Path, path: Path) -> list[Diagnosis]:
    return list(stored.store(None, installed(folder, store=str(path))))


def test_a_store_that_opens_and_has_room_is_fine_and_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "holdfast.db"
    assert looked_at(tmp_path, path)[0].state is State.NOTE
    assert not path.parent.exists()
    path.parent.mkdir()
    open_store(str(path)).close()
    first, disk, daemon = looked_at(tmp_path, path)
    assert (first.state, disk.state, daemon.state) == (State.FINE, State.FINE, State.NOTE)
    assert first.told.startswith("opens and can be written") and "GB free" in disk.told


def test_a_store_that_is_no_database_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    path.write_bytes(b"this is a text, and has been one for longer than a page of SQLite" * 100)
    found = looked_at(tmp_path, path)[0]
    assert found.state is State.WRONG
    assert found.advice.startswith("name another file as the store")


def test_an_address_of_no_store_we_know_is_wrong(tmp_path: Path) -> None:
    (found,) = stored.store("mysql://user:secret-part@db/holdfast", installed(tmp_path))
    assert found.state is State.WRONG and "secret-part" not in as_json([found])


def test_a_disk_that_is_nearly_full_is_wrong(tmp_path: Path) -> None:
    (found,) = stored.room(tmp_path / "holdfast.db", least_bytes=2**62)
    assert found.state is State.WRONG and "make room" in found.advice


def test_the_daemon_that_serves_a_store_is_named_and_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.db"
    open_store(str(path)).close()
    with only_daemon(path):
        assert "a daemon runs with it (pid" in looked_at(tmp_path, path)[-1].told
    assert looked_at(tmp_path, path)[-1].told == "no daemon runs with it now"
    with only_daemon(path):
        assert looked_at(tmp_path, path)[-1].state is State.FINE


# ------------------------------------------------------------------------------------------------ the way
def answer(status: int = 404, **headers: str) -> bytes:
    return head(status, {"content-length": "0", **headers})


async def way_to(server: FakeServer, clock: FakeClock | None = None, **fields: Any) -> Way:
    async with server:
        endpoint = Endpoint.model_validate({"base_url": server.url, "model": "x", **fields})
        return await walked("bot/production", endpoint, clock or FakeClock(datetime.now(UTC)))


def way(*steps: Any, **fields: Any) -> list[tuple[State, str]]:
    found = asyncio.run(way_to(FakeServer(list(steps)), **fields)).found
    assert all(d.advice for d in found if d.state in (State.WRONG, State.UNKNOWN))
    return [(d.state, d.told) for d in found]


def test_whatever_answers_is_reached_and_no_credentials_are_sent() -> None:
    server = FakeServer([answer(401)])
    found = asyncio.run(way_to(server, api_key="a-secret-key")).found
    assert [d.state for d in found] == [State.FINE, State.FINE]
    assert found[1].told == "answers HTTP 401 to a request without credentials"
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/v1") and "authorization" not in request.headers


def test_a_key_in_the_address_is_neither_sent_nor_shown() -> None:
    async def asked() -> tuple[Way, str]:
        async with FakeServer([answer()]) as server:
            endpoint = Endpoint.model_validate({"base_url": f"{server.url}?key=secret-part", "model": "x"})
            return await walked("bot/production", endpoint, FakeClock()), server.requests[0].target

    found, target = asyncio.run(asked())
    assert target == "/v1" and "secret-part" not in as_json(found.found)


def test_a_gateway_without_anything_behind_it_is_wrong() -> None:
    assert way(answer(503))[-1] == (State.WRONG, "answers HTTP 503 to a request without credentials")


def test_what_speaks_something_else_or_nothing_is_wrong() -> None:
    assert way(b"220 mail.example.com ESMTP\r\n\r\n")[-1] == (State.WRONG, "connected, but what came is no HTTP answer")
    limits = {"connect": "1s", "first_token": "100ms", "total": "1s"}
    assert way(Hang(), timeout=limits)[-1] == (State.WRONG, "connected, but no answer within 0.1 s")


def test_a_host_that_is_none_and_a_port_nobody_listens_on_are_told_apart() -> None:
    def lost(url: str) -> str:
        endpoint = Endpoint.model_validate({"base_url": url, "model": "x"})
        (found,) = asyncio.run(walked("bot/production", endpoint, FakeClock())).found
        assert found.state is State.WRONG and found.advice
        return found.told

    assert lost("http://nobody.invalid/v1") == "nobody.invalid does not resolve"
    assert lost(NOWHERE).startswith("no connection to 127.0.0.1:9: ")


@pytest.mark.parametrize(
    ("seconds", "state"), [(5, State.FINE), (-5, State.FINE), (300, State.WRONG), (-90, State.WRONG)]
)
def test_a_clock_that_is_off_is_wrong_and_says_which_way(tmp_path: Path, seconds: int, state: State) -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    theirs = format_datetime(now + timedelta(seconds=seconds), usegmt=True)

    async def clocks() -> list[Diagnosis]:
        async with FakeServer([answer(date=theirs)]) as server:
            path = a_suite(tmp_path, url=server.url)
            ready, _ = await asyncio.to_thread(written.suites, [path], ENVIRON, None)
            return await Reaching(suites=ready, clock=FakeClock(now)).ways()

    ((found, told),) = states(asyncio.run(clocks()), "clock")
    assert found is state
    assert state is State.FINE or ("behind" if seconds > 0 else "ahead of") in told


@pytest.mark.skipif(not HAVE_OPENSSL, reason=WHY_NOT)
def test_a_certificate_is_told_with_its_end_and_is_wrong_when_that_is_near_past_or_not_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def secured(days: int, *, trusted: bool = True) -> tuple[State, str]:
        served = authority.signs(f"for-{days}-{trusted}", days=days).served()
        tls = {"tls": {"ca": str(authority.file)}} if trusted else {}
        found = asyncio.run(way_to(FakeServer([answer()], tls=served), **tls)).found
        return next((d.state, d.told) for d in found if "certificate" in d.told)

    assert secured(90)[0] is State.FINE and ", in 8" in secured(90)[1]
    assert secured(5)[0] is State.WRONG and ", in 4 days" in secured(5)[1]
    assert secured(-1) == (State.WRONG, "its certificate is not trusted: certificate has expired")
    assert secured(90, trusted=False)[0] is State.WRONG


def test_a_plain_port_asked_for_tls_is_wrong() -> None:
    async def asked() -> Way:
        async with FakeServer([answer()]) as server:
            endpoint = Endpoint.model_validate(
                {"base_url": server.url.replace("http", "https"), "timeout": {"connect": "1s"}}
            )
            return await walked("bot/production", endpoint, FakeClock())

    (found,) = asyncio.run(asked()).found
    assert found.state is State.WRONG


def test_behind_a_proxy_only_the_proxy_is_reached_and_its_password_is_not_shown() -> None:
    async def asked() -> Way:
        async with FakeServer([answer()]) as server:
            proxy = f"http://me:secret-part@127.0.0.1:{server.port}"
            endpoint = Endpoint.model_validate({"base_url": "https://nobody.invalid/v1", "proxy": proxy})
            return await walked("bot/production", endpoint, FakeClock())

    found = asyncio.run(asked()).found
    assert [d.state for d in found] == [State.FINE, State.NOTE] and "secret-part" not in as_json(found)


def test_an_address_two_suites_share_is_walked_to_once(tmp_path: Path) -> None:
    found = examined(tmp_path, a_suite(tmp_path, name="one"), a_suite(tmp_path, name="two"))
    assert len(states(found, "endpoint")) == 1 and exit_code(found) == 1


# ------------------------------------------------------------------------------------------------ test messages
def channels(fake: FakeReceivers) -> dict[str, Notifier]:
    """One notifier of every type that goes over a network."""
    return {
        "alertmanager": NOTIFIERS["alertmanager"](url=fake.alertmanager_url, username="me", password=PASSWORD),
        "apprise": NOTIFIERS["apprise"](urls=[fake.apprise_url]),
        "pagerduty": NOTIFIERS["pagerduty"](routing_key=ROUTING_KEY, url=fake.pagerduty_url),
        "slack": NOTIFIERS["slack"](bot_token=TOKEN, channel=CHANNEL, base_url=fake.base_url),
        "webhook": NOTIFIERS["webhook"](url=fake.receiver_url, secret=WEBHOOK_SECRET),
    }


def tried_out(fake: FakeReceivers, name: str, clock: FakeClock | None = None) -> Diagnosis:
    clock = clock or FakeClock(datetime.now(UTC))
    notice = trial.a_test(clock, "info", "doctor-1")
    return asyncio.run(trial.tried(name, channels(fake)[name], notice, clock))


def test_a_test_goes_through_every_notifier_and_nothing_stays_open_anywhere(tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    with FakeReceivers() as fake:
        known = channels(fake)
        found = examined(tmp_path, notifiers=known, notify=list(known), clock=clock)
        assert {d.subject for d in found if d.state is State.FINE and "was taken" in d.told} == set(known)
        assert (fake.open_pages, len(fake.pages)) == ([], 1)
        assert [held.open_at(clock.now() + timedelta(minutes=6)) for held in fake.alerts.values()] == [False]
        assert [message.header[:15] for message in fake.messages] == ["\u2705 RESOLVED TEST"]
        assert all("TEST from holdfast doctor" in raw.decode() for raw in fake.raw if b"resolve" not in raw[:120])
        assert not [secret for secret in SECRETS if secret in as_json(found)]
    assert set(known) == set(NOTIFIERS) - {"console"}, "a new notifier is tried here, too"


@pytest.mark.parametrize("name", ["alertmanager", "apprise", "pagerduty", "slack", "webhook"])
def test_a_channel_that_does_not_take_the_test_is_wrong_with_advice_and_no_secret(name: str) -> None:
    with FakeReceivers() as fake:
        fake.script(Trouble(status=404))
        found = tried_out(fake, name)
    assert found.state is State.WRONG and "docs/channels.md" in found.advice
    assert not [secret for secret in SECRETS if secret in as_json([found])]


def test_a_channel_that_asks_for_patience_is_told_with_for_how_long() -> None:
    with FakeReceivers() as fake:
        fake.script(rate_limited(30))
        found = tried_out(fake, "webhook")
    assert found.told.endswith("; it asks to be tried again in 30s")
    assert found.advice == "try again in 30s, else check the notifier's settings (docs/channels.md)"


def test_a_tested_notifier_is_told_once_and_its_test_stands_below_what_else_is_said_of_it(tmp_path: Path) -> None:
    with FakeReceivers() as fake:
        found = examined(tmp_path, a_suite(tmp_path), notifiers=channels(fake), notify=["slack", "webhook"])
    told = [(d.subject, d.state, d.told) for d in found if d.area == "notifier" and d.subject in ("slack", "webhook")]
    taken = "the test message was taken, and so was its end"
    assert told == [
        ("slack", State.FINE, taken),
        ("webhook", State.NOTE, "no suite names it"),
        ("webhook", State.FINE, taken),
    ]


def test_advice_names_the_page_about_the_setting_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "holdfast.yaml"
    file.write_text("listen: x\nnotifiers:\n  a: {type: slak}\nprivacy: {text: some}\n", encoding="utf-8")
    problems = [Problem(file=str(file), line=line, column=1, message="wrong") for line in (1, 3, 4)]
    found = list(written.of_problems("settings", str(file), SettingsError(problems)))
    pages = ("docs/daemon.md", "docs/channels.md", "docs/privacy.md")
    assert [page in one.advice for page, one in zip(pages, found, strict=True)] == [True] * 3


def test_an_end_that_is_lost_is_sent_again(tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    with FakeReceivers() as fake:
        fake.script(Trouble(status=202), Trouble(cut=True), Trouble(status=429, headers={"Retry-After": "7"}))
        found = tried_out(fake, "pagerduty", clock)
        assert (found.state, fake.open_pages, clock.sleeps) == (State.FINE, [], [2.0, 7.0])


def test_an_end_that_cannot_be_sent_says_what_to_resolve_by_hand() -> None:
    with FakeReceivers() as fake:
        fake.script(Trouble(status=202), *[Trouble(status=503)] * 3)
        found = tried_out(fake, "pagerduty")
    assert found.state is State.WRONG and found.advice == "resolve incident doctor-1 there by hand"


def test_only_notifiers_of_the_settings_can_be_tested() -> None:
    assert chosen_notifiers({"a", "b"}, ["b"], every=True) == ("b",)
    assert set(chosen_notifiers({"a", "b"}, [], every=True)) == {"a", "b"}
    assert chosen_notifiers({"a"}, [], every=False) == ()
    with pytest.raises(UsageError, match=r"no notifier 'slak' .*slack"):
        chosen_notifiers({"slack"}, ["slak"], every=False)
    with pytest.raises(UsageError, match="define none"):
        chosen_notifiers((), [], every=True)


# ------------------------------------------------------------------------------------------------ one real question
def test_a_question_is_asked_only_where_it_is_asked_for_and_tells_what_failed(tmp_path: Path) -> None:
    async def asked(*, probe: bool, status: int) -> tuple[list[Diagnosis], int]:
        reply = b'{"error": {"message": "no such key"}}'
        refused = [head(status, {"content-type": "application/json", "content-length": str(len(reply))}) + reply]
        async with FakeServer(refused) as server:
            loaded = installed(tmp_path, {"slack": NOTIFIERS["console"]()}, store=str(tmp_path / "holdfast.db"))
            examination = Examination(
                loaded=loaded,
                settings_file=None,
                files=(a_suite(tmp_path, url=server.url),),
                environ=ENVIRON,
                store=None,
                clock=FakeClock(datetime.now(UTC)),
                probe=probe,
            )
            return await examination.all(), sum(request.method == "POST" for request in server.requests)

    quiet, none = asyncio.run(asked(probe=False, status=401))
    found, once = asyncio.run(asked(probe=True, status=401))
    assert (none, once, exit_code(quiet), exit_code(found)) == (0, 1, 0, 1)
    (told,) = [d for d in found if d.told.startswith("probe one failed: auth: ")]
    assert told.advice == "see auth in docs/failures.md" and "a-secret-key" not in as_json(found)


# ------------------------------------------------------------------------------------------------ our own network
def test_addresses_of_connectivity_are_wrong_where_none_can_be_reached_and_fine_where_one_is() -> None:
    async def scenario() -> tuple[list[Diagnosis], list[Diagnosis], list[Diagnosis]]:
        async with FakeServer([]) as server:
            there = f"127.0.0.1:{server.port}"
            fine = await own_network.connectivity(("127.0.0.1:9", there))
        return fine, await own_network.connectivity(("127.0.0.1:9", there)), await own_network.connectivity(())

    (fine,), (wrong,), nothing = asyncio.run(scenario())
    assert fine.state is State.FINE and fine.told.startswith("1 of 2 can be reached: 127.0.0.1:")
    assert wrong.state is State.WRONG and wrong.advice and exit_code([wrong]) == 1
    assert nothing == []

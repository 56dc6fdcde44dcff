"""Suites change under a living daemon: what did not change goes on, what is wrong changes nothing and is told once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.errors import StoreError, SuiteError
from reports.alerts.machine import AlertState
from reports.alerts.silences import Silence
from reports.notice import AlertEvent, Delivery, Notice
from runner.cli.session import suite_files
from runner.daemon.daemon import Daemon
from runner.daemon.health import health_of
from runner.daemon.load_alerts import PLACE
from runner.daemon.removing import GONE
from runner.daemon.suite_watch import SuiteWatch
from runner.daemon.web import Pages
from runner.preparing.prepare import prepare
from runner.store import open_store
from runner.store.base import Installed, Store
from tests.fakes.daemons import ToldEngine, a_daemon, a_suite, living_for
from tests.fakes.stored import numbered, written
from tests.fakes.virtual_time import VirtualClock, living

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = "alerts: [{notify: slack, on: [contract]}]\n"
CASES = 'probes: [{id: capital, prompt: "Capital of {{ land }}?", cases: {file: lands.csv}}]\n'


@dataclass
class Listening:
    """A notifier that remembers what it was told."""

    told: list[Notice] = field(default_factory=list)

    async def deliver(self, notice: Notice, _receipt: Mapping[str, str] | None) -> Delivery:
        self.told.append(notice)
        return Delivery(receipt={"ts": "1"})


@dataclass
class Place:
    """A folder of suites, and a daemon over it in virtual time."""

    folder: Path
    store: Store
    patch: pytest.MonkeyPatch
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))
    slack: Listening = field(default_factory=Listening)
    pager: Listening = field(default_factory=Listening)
    prepared: list[Path] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    reach: str = ""

    def __post_init__(self) -> None:
        self.engine = ToldEngine(self.clock)

    def suite(self, name: str, schedule: str = "{every: 10m}", more: str = RULES, **words: str) -> Path:
        return a_suite(self.folder, name, schedule, more=more, **words)

    def watch(self) -> SuiteWatch:
        def preparing(path: Path) -> Any:
            self.prepared.append(path)
            return prepare(path, {}, frozenset({"slack", "pager"}))

        return SuiteWatch(find=lambda: suite_files([self.folder]), preparing=preparing, clock=self.clock)

    def live(self, *acts: tuple[float, Callable[[], Any]]) -> Daemon:
        """Live through acts, and ten seconds more."""
        watch = self.watch()
        daemon = a_daemon(
            self.store, watch.begin(), self.engine, watch=watch, reach=self.reach, slack=self.slack, pager=self.pager
        )
        with capture_logs() as logs:
            living(self.clock, living_for(daemon, self.clock, *acts, (10.0, lambda: None)), self.patch)
        self.logs = logs
        return daemon

    def reloads(self) -> list[dict[str, Any]]:
        return [
            {key: line[key] for key in ("added", "changed", "removed")}
            for line in self.logs
            if line["event"] == "reloaded"
        ]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    store = open_store(":memory:")
    yield Place(tmp_path, store, monkeypatch)
    store.close()


def gauge(daemon: Daemon, name: str) -> float | None:
    return daemon.metrics.registry.get_sample_value(name)


# ------------------------------------------------------------------------------------------------ what changes
def test_an_added_suite_runs_a_changed_one_keeps_its_due_time_and_the_others_are_not_read_again(place: Place) -> None:
    place.suite("steady")
    edited = place.suite("edited")
    place.live(
        (60.0, lambda: place.suite("added")),
        (60.0, lambda: edited.write_text(edited.read_text().replace("Australia", "Austria"))),
        (1080.0, lambda: None),
    )
    assert place.reloads() == [
        {"added": ["added"], "changed": [], "removed": []},
        {"added": [], "changed": ["edited"], "removed": []},
    ]
    began = {name: [round((at - NOON).total_seconds()) for at in times] for name, times in place.engine.began.items()}
    assert began["steady"] == began["edited"] == [0, 600, 1200]
    assert len(began["added"]) == 2 and 60 <= began["added"][0] <= 70
    assert [path.name for path in place.prepared].count("steady.yaml") == 1


def test_a_changed_schedule_begins_anew_from_the_newest_run(place: Place) -> None:
    file = place.suite("bot", "{every: 1h}")
    place.store.save_run(written(numbered(1, suite="bot", started_at=NOON - timedelta(minutes=3))))
    place.live((60.0, lambda: place.suite("bot", "{every: 5m}")), (360.0, lambda: None))
    assert [round((at - NOON).total_seconds()) for at in place.engine.began["bot"]] == [120, 420]
    assert file.exists()


def test_a_file_that_a_suite_names_is_part_of_it(place: Place) -> None:
    lands = place.folder / "lands.csv"
    lands.write_text("id,land\none,Australia\n")
    file = place.suite("cases")
    text = file.read_text()
    file.write_text(text[: text.index("probes:")] + CASES)
    place.live((30.0, lambda: lands.write_text("id,land\none,Austria\ntwo,Peru\n")))
    assert place.reloads() == [{"added": [], "changed": ["cases"], "removed": []}]


def test_a_file_that_is_touched_or_replaced_by_the_same_is_no_change(place: Place) -> None:
    file = place.suite("bot")

    def replaced() -> None:
        copy = file.with_suffix(".tmp")
        copy.write_bytes(file.read_bytes())
        copy.replace(file)

    place.live((30.0, lambda: os.utime(file)), (30.0, replaced))
    assert place.reloads() == []
    assert len(place.prepared) == 1


def test_a_change_that_leaves_size_and_time_as_they_were_is_seen(place: Place) -> None:
    file = place.suite("bot")

    def sly() -> None:
        before = file.stat()
        file.write_text(file.read_text().replace("Australia", "Australie"))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    place.live((30.0, sly))
    assert place.reloads() == [{"added": [], "changed": ["bot"], "removed": []}]


def test_folders_that_are_swapped_by_a_link_are_followed_with_the_files_that_suites_name(place: Place) -> None:
    for version, capital in (("one", "Australia"), ("two", "Austria")):
        (place.folder / f"..{version}").mkdir()
        text = place.suite("bot").read_text()
        (place.folder / f"..{version}" / "bot.yaml").write_text(text[: text.index("probes:")] + CASES)
        (place.folder / f"..{version}" / "lands.csv").write_text(f"id,land\none,{capital}\n")
    (place.folder / "lands.csv").symlink_to("..data/lands.csv")
    (place.folder / "bot.yaml").unlink()
    (place.folder / "..data").symlink_to("..one")
    (place.folder / "bot.yaml").symlink_to("..data/bot.yaml")

    def swap() -> None:
        (place.folder / "..next").symlink_to("..two")
        (place.folder / "..next").rename(place.folder / "..data")

    daemon = place.live((30.0, swap))
    assert place.reloads() == [{"added": [], "changed": ["bot"], "removed": []}]
    assert "Austria?" in str(daemon.suites[0].suite.probes[0])


def test_a_storm_of_changes_is_one_reload_and_a_half_written_file_is_waited_for(place: Place) -> None:
    files = [place.suite(f"bot-{number}", "{every: 1h}") for number in range(40)]
    whole = files[0].read_text()

    def scribble(step: int) -> Callable[[], None]:
        def act() -> None:
            for file in files:
                file.write_text(whole.replace("bot-0", file.stem)[: 20 + step] if step < 24 else file_text(file))

        return act

    def file_text(file: Path) -> str:
        return whole.replace("bot-0", file.stem).replace("Australia", "Austria")

    place.live(*((0.3, scribble(step)) for step in range(25)))
    assert [len(reload["changed"]) for reload in place.reloads()] == [40]
    assert len(place.prepared) == 80
    assert place.slack.told == []


def test_a_file_that_is_written_without_end_does_not_keep_the_others_waiting_for_ever(place: Place) -> None:
    place.suite("calm", "{every: 1h}")
    noisy = place.suite("noisy", "{every: 1h}")
    acts = [(1.0, lambda: noisy.write_text(noisy.read_text() + "#\n")) for _ in range(30)]
    place.live((5.0, lambda: place.suite("calm", "{every: 2h}")), *acts)
    assert any("calm" in reload["changed"] for reload in place.reloads())


# ------------------------------------------------------------------------------------------------ what is wrong
def test_a_bad_file_keeps_the_old_suite_running_and_is_told_once_until_it_is_mended(place: Place) -> None:
    file = place.suite("bot", more=RULES + "owner: {team: support}\n")
    whole = file.read_text()
    seen: list[Any] = []

    def look() -> None:
        seen.append([gauge(daemons[0], "holdfast_suite_files_refused"), daemons[0].sickness()])

    def mend() -> None:
        look()
        file.write_text(whole)

    def read_page() -> None:
        pages.append(bytes(Pages(daemons[0])._index(health_of(daemons[0])).body).decode())

    daemons: list[Daemon] = []
    pages: list[str] = []
    watch = place.watch()
    daemons.append(
        a_daemon(place.store, watch.begin(), place.engine, watch=watch, slack=place.slack, pager=place.pager)
    )
    acts = (
        (60.0, lambda: file.write_text(whole.replace("every: 10m", "every: soon"))),
        (60.0, lambda: file.write_text(whole.replace("every: 10m", "evry: 10m"))),
        (1080.0, read_page),
        (20.0, mend),
        (20.0, look),
        (10.0, read_page),
    )
    with capture_logs():
        living(place.clock, living_for(daemons[0], place.clock, *acts), place.patch)
    assert "unknown key &#39;evry&#39;" in pages[0] and "the version before of bot goes on" in pages[0]
    assert "cannot be used" not in pages[1]
    assert seen == [[1.0, ()], [0.0, ()]], "the daemon is well: a restart would make it worse"
    assert [round((at - NOON).total_seconds()) for at in place.engine.began["bot"]] == [0, 600, 1200]
    assert [(notice.event, notice.headline) for notice in place.slack.told] == [
        (AlertEvent.OPENED, "bot: bot.yaml cannot be used as it is now"),
        (AlertEvent.UPDATED, "bot: bot.yaml cannot be used as it is now"),
        (AlertEvent.RESOLVED, "bot: bot.yaml can be used again"),
    ]
    opened, updated, resolved = place.slack.told
    assert "evry" in updated.facts[0] and resolved.facts == ()
    assert [notice.team for notice in place.slack.told] == ["support"] * 3
    assert "bot.yaml:3:" in opened.facts[0] and "soon" in opened.facts[0]
    assert "goes on running" in opened.facts[-1]
    assert opened.incident_id == resolved.incident_id
    assert (opened.kind, opened.severity, opened.key) == ("no-data", "ticket", f"bot/{PLACE}/no-data")
    assert place.pager.told == []


def test_a_new_file_that_cannot_be_used_is_told_to_everybody_and_over_when_it_goes(place: Place) -> None:
    place.suite("bot")
    broken = place.folder / "new.yaml"
    place.live((20.0, lambda: broken.write_text("suite: [")), (20.0, broken.unlink))
    for told in (place.slack.told, place.pager.told):
        assert [notice.event for notice in told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]
    assert "nothing of it is watched" in place.slack.told[0].facts[-1]
    assert place.slack.told[1].headline == "new: new.yaml is gone"
    (logged,) = [line for line in place.logs if line["event"] == "suite_file_refused"]
    assert logged["log_level"] == "warning" and "new.yaml:1:" in logged["problems"][0] and logged["all"] == 1


def test_a_file_with_the_name_of_another_suite_is_refused_and_runs_once_the_other_goes(place: Place) -> None:
    first = place.suite("bot")
    twin = place.folder / "a-twin.yaml"
    place.live((20.0, lambda: twin.write_text(first.read_text())), (20.0, first.unlink))
    assert [reload["removed"] for reload in place.reloads()] == [[], []]
    opened = place.slack.told[0]
    assert "is also the name of" in opened.facts[0]
    assert [notice.event for notice in place.slack.told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]


def test_suites_that_would_wait_for_each_other_are_refused_and_the_versions_before_go_on(place: Place) -> None:
    first, second = place.suite("first"), place.suite("second", more=RULES + "depends_on: [first]\n")
    whole = first.read_text()
    daemon = place.live((20.0, lambda: first.write_text(whole + "depends_on: [second]\n")))
    assert "first depends on second depends on first" in place.slack.told[0].facts[0]
    assert [prepared.suite.depends_on for prepared in daemon.suites] == [(), ("first",)]
    assert second.exists()


def test_a_folder_that_is_away_stops_nothing(place: Place) -> None:
    file = place.suite("bot")
    away = place.folder.with_name("away")
    place.live(
        (20.0, lambda: place.folder.rename(away)), (1200.0, lambda: away.rename(place.folder)), (20.0, lambda: None)
    )
    assert len(place.engine.began["bot"]) == 3
    assert [notice.event for notice in place.pager.told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]
    opened, resolved = place.pager.told
    assert opened.facts[-1] == "1 suite goes on as before."
    assert resolved.headline == "suites: suite files are there again"
    assert file.exists()


def test_what_healthz_and_the_list_say_of_a_lost_folder_is_that_everything_goes_on(place: Place) -> None:
    files = [place.suite(name) for name in ("one", "two", "three")]
    seen: list[str] = []
    watch = place.watch()
    daemon = a_daemon(place.store, watch.begin(), place.engine, watch=watch, slack=place.slack)

    def look() -> None:
        seen.extend(health_of(daemon).notes)
        seen.append(bytes(Pages(daemon)._index(health_of(daemon)).body).decode())

    acts = ((20.0, lambda: [file.unlink() for file in files]), (20.0, look))
    living(place.clock, living_for(daemon, place.clock, *acts), place.patch)
    note, page = seen
    assert note == "suites: no suite file is there any more; 3 suites go on as before"
    assert "3 suites as before" in page and "nothing of it runs" not in page
    assert f"note: {note}" in page and "as of " in page and "<h2>Holdfast itself</h2>" in page


def test_a_folder_that_comes_back_file_by_file_removes_nothing_for_a_minute(place: Place) -> None:
    files = {file: file.read_text() for file in (place.suite(name, "{every: 1h}") for name in ("one", "two", "three"))}
    first, second, _ = files
    place.live(
        (20.0, lambda: [file.unlink() for file in files]),
        (20.0, lambda: first.write_text(files[first])),
        (40.0, lambda: second.write_text(files[second])),
        (60.0, lambda: None),
    )
    *before, last = [reload["removed"] for reload in place.reloads()]
    assert not any(before) and last == ["three"]
    assert [line["suite"] for line in place.logs if line["event"] == "removed"] == ["three"]


def test_a_file_that_only_gets_another_name_changes_nothing(place: Place) -> None:
    file = place.suite("bot", "{every: 1h}")
    place.live((20.0, lambda: file.rename(file.with_name("renamed.yaml"))))
    assert place.reloads() == [{"added": [], "changed": [], "removed": []}]
    assert len(place.engine.began["bot"]) == 1


def test_a_daemon_begins_with_whole_suites_or_not_at_all(place: Place) -> None:
    place.suite("bot", "{every: soon}")
    place.suite("other", "{every: later}")
    with pytest.raises(SuiteError) as refused:
        place.watch().begin()
    assert "soon" in str(refused.value) and "later" in str(refused.value)


def test_an_open_alert_about_a_file_is_over_when_the_next_daemon_finds_it_mended(place: Place) -> None:
    file = place.suite("bot")
    whole = file.read_text()
    place.live((20.0, lambda: file.write_text("nothing")))
    assert [notice.event for notice in place.slack.told] == [AlertEvent.OPENED]
    file.write_text(whole)
    place.live()
    assert [notice.event for notice in place.slack.told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]


def a_silence(expires_s: float, **fields: Any) -> Silence:
    plain = {"silence_id": "5a1e", "target": "bot", "reason": "deploy", "author": "oncall"}
    return Silence(**{**plain, **fields}, created_at=NOON, expires_at=NOON + timedelta(seconds=expires_s))


def test_a_silenced_bad_file_is_told_when_the_silence_is_over_with_a_command_that_finds_the_store(place: Place) -> None:
    file = place.suite("bot")
    place.store.save_silence(a_silence(300.0))
    place.reach = " --store 'a b'"
    seen: list[int] = []
    place.live(
        (20.0, lambda: file.write_text("nothing")),
        (270.0, lambda: seen.append(len(place.slack.told))),
        (60.0, lambda: None),
    )
    (opened,) = place.slack.told
    assert seen == [0] and opened.event is AlertEvent.OPENED
    assert opened.silence.endswith(" --store 'a b'") and opened.acknowledge.endswith(" --store 'a b'")


def test_a_silenced_bad_file_that_is_mended_in_time_is_told_to_nobody_and_ends_its_silence(place: Place) -> None:
    file = place.suite("bot")
    whole = file.read_text()
    place.store.save_silence(a_silence(86400.0, until_resolved=True))
    place.live((20.0, lambda: file.write_text("nothing")), (60.0, lambda: file.write_text(whole)), (20.0, lambda: None))
    assert place.slack.told == [] and place.store.open_alerts() == ()
    assert place.store.silences(place.clock.now()) == ()


# ------------------------------------------------------------------------------------------------ what goes
def open_alert(store: Store, suite: str) -> None:
    """An incident that slack was told of."""
    run = numbered(1, suite=suite, started_at=NOON - timedelta(minutes=1))
    state = AlertState(
        key=f"{suite}/production/contract",
        notifier="slack",
        kind="contract",
        state="open",
        severity="page",
        incident_id="incident-9",
        opened_at=NOON - timedelta(hours=1),
        told_at=NOON - timedelta(hours=1),
        run_id=run.run_id,
    )
    store.save_run(written(run, alerts=[state]))
    store.save_installed(Installed(suite=suite, endpoint="production", streams=20, runs_per_year=35_040))


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while no daemon runs"])
def test_a_removed_suite_leaves_schedule_metrics_and_budget_and_its_alerts_are_closed(
    running: bool, place: Place
) -> None:
    place.suite("stays")
    goes = place.suite("goes")
    open_alert(place.store, "goes")
    if running:
        daemon = place.live((20.0, goes.unlink))
    else:
        place.live()
        goes.unlink()
        daemon = place.live()
    assert [(n.event, n.incident_id) for n in place.slack.told] == [(AlertEvent.RESOLVED, "incident-9")]
    assert GONE in place.slack.told[0].headline
    assert [entry.suite for entry in place.store.installed()] == []
    assert [state.state for state in place.store.alert_states("goes", "production")] == ["quiet"]
    assert ("goes", "production") not in daemon.beats
    assert b'suite="goes"' not in daemon.metrics.text()
    assert place.store.scheduled() == {("stays", "production")}


def test_a_run_that_is_out_when_its_suite_goes_is_finished_and_brings_nothing_back(place: Place) -> None:
    place.suite("stays", "{every: 1h}")
    goes = place.suite("goes", "{every: 1h}")
    place.engine.takes_s = lambda order: 60.0 if order.prepared.suite.name == "goes" else 0.0
    daemon = place.live((20.0, goes.unlink), (100.0, lambda: None))
    events = [line["event"] for line in place.logs if line.get("suite") == "goes"]
    assert events[-2:] == ["run", "removed"]
    assert b'suite="goes"' not in daemon.metrics.text()


def test_a_store_that_fails_while_suites_change_is_trouble_and_the_change_is_taken_up_later(place: Place) -> None:
    place.suite("bot")
    broken: list[bool] = []
    real = place.store.save_scheduled

    def failing(places: Any) -> None:
        if broken:
            raise StoreError("the disk is full")
        real(places)

    place.patch.setattr(place.store, "save_scheduled", failing)
    place.live((20.0, lambda: (broken.append(True), place.suite("added"))), (30.0, broken.clear), (10.0, lambda: None))
    assert [line["chore"] for line in place.logs if line["event"] == "chore_failed"] == ["suites"]
    assert len(place.engine.began["added"]) == 1


def test_what_is_asked_for_is_read_at_once_even_while_it_is_being_written(place: Place) -> None:
    file = place.suite("bot")
    watch = place.watch()
    watch.begin()
    file.write_text(file.read_text() + "# more\n")
    assert watch.look().waiting
    assert watch.look(at_once=True).changed == (file,)


# ------------------------------------------------------------------------------------------------ what is no suite file
def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere.yaml")


def circle(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


def device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def fifty_megabytes(file: Path) -> None:
    with file.open("ab") as grown:
        grown.truncate(50 * 2**20)


@pytest.mark.parametrize("become", [pipe, folder, dangling, circle, device, fifty_megabytes])
def test_what_stands_in_place_of_a_suite_file_is_refused_while_others_are_taken_up(
    become: Callable[[Path], None], place: Place
) -> None:
    bot = place.suite("bot")
    place.suite("other")
    daemon = place.live(
        (20.0, lambda: become(bot)),
        (20.0, lambda: place.suite("added")),
        (20.0, lambda: None),
    )
    assert sorted(prepared.suite.name for prepared in daemon.suites) == ["added", "bot", "other"]
    (refused,) = daemon.reloading.roster.refused
    assert (refused.path, refused.suite) == (bot, "bot")
    assert [notice.event for notice in place.slack.told] == [AlertEvent.OPENED]
    assert len(place.engine.began["bot"]) == 1, "no run is repeated and none is lost"


def test_a_suite_that_gives_way_to_a_pipe_is_read_again_once_it_is_a_file(place: Place) -> None:
    bot = place.suite("bot")

    def back() -> None:
        bot.unlink()
        place.suite("bot")

    daemon = place.live((20.0, lambda: pipe(bot)), (30.0, back), (30.0, lambda: None))
    assert daemon.reloading.roster.refused == ()
    assert [notice.event for notice in place.slack.told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]


def test_what_cannot_be_read_is_told_again_when_something_else_stands_there(place: Place) -> None:
    bot = place.suite("bot")
    place.suite("other")

    def pipe_instead() -> None:
        bot.rmdir()
        os.mkfifo(bot)

    acts = (lambda: folder(bot), pipe_instead, lambda: dangling(bot), lambda: None)
    daemon = place.live(*((20.0, act) for act in acts))
    (refused,) = daemon.reloading.roster.refused
    assert "there is no such file" in str(refused.problems[0])
    told = [(str(notice.event), notice.facts[0].partition(": ")[2]) for notice in place.slack.told]
    assert [event for event, _ in told] == ["opened", "updated", "updated"]
    assert "directory" in told[0][1] and "no regular file" in told[1][1] and "no such file" in told[2][1]


def test_two_refused_files_of_one_name_are_one_alert_that_tells_both_and_ends_with_the_last(place: Place) -> None:
    place.suite("steady")
    first, second = place.folder / "new.yaml", place.folder / "new.yml"

    def appear() -> None:
        first.write_text("suite: 1", encoding="utf-8")
        second.write_text("- no suite", encoding="utf-8")

    place.live((20.0, appear), (20.0, first.unlink), (20.0, second.unlink), (20.0, lambda: None))
    told = [notice for notice in place.slack.told if notice.event is not AlertEvent.UPDATED]
    assert [notice.event for notice in told] == [AlertEvent.OPENED, AlertEvent.RESOLVED]
    assert any("new.yaml" in fact for fact in told[0].facts)
    assert any("new.yml" in fact for fact in told[0].facts)

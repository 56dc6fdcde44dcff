"""A real daemon process on disks that are full, read-only or away, and while Slack hangs: what people are told."""

from __future__ import annotations

import re
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.acceptance.daemon_process import daemon_place as daemon_place
from tests.acceptance.daemon_process import eventually, get, logged, running_daemon
from tests.fakes.slack import FakeSlack, Trouble

DISK_MB = 6


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[None]:
    """Something mounted on a folder (``words`` as mount takes them); skips with the reason where this user may not."""
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount here")
    folder.mkdir(exist_ok=True)
    made = subprocess.run([mount, *words, str(folder)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"this user may mount nothing: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def small_disk(folder: Path) -> AbstractContextManager[None]:
    """A file system of a few megabytes."""
    return mounted(folder, "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs")


def fill(disk: Path) -> Path:
    """Write until nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError("a disk without end")


def sound(database: Path) -> str:
    """What SQLite itself says of the file."""
    with closing(sqlite3.connect(database)) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def headers(slack: FakeSlack) -> str:
    """All headlines."""
    return "\n".join(message.header for message in slack.messages)


def on_store(place: Workplace, database: Path) -> Workplace:
    """The same place with its store elsewhere."""
    file = place.folder / "holdfast.yaml"
    text = file.read_text(encoding="utf-8").replace("sqlite:///holdfast.db", f"sqlite:///{database}")
    file.write_text(text, encoding="utf-8")
    return replace(place)


def test_a_full_disk_is_told_directly_and_what_broke_meanwhile_is_told_once_there_is_room(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        place = on_store(daemon_place, disk / "holdfast.db")
        with running_daemon(place):
            eventually(lambda: endpoint.request_count > 4 and get(place, "/readyz")[0] == 200, "healthy runs")
            filler = fill(disk)
            endpoint.set_scenario("broken-json")
            eventually(lambda: "results cannot be stored" in headers(slack), "people are told directly")
            status, reasons = get(place, "/readyz")
            assert status == 503 and "the disk is full" in reasons
            assert "contract broken" not in headers(slack)
            filler.unlink()
            eventually(lambda: "contract broken" in headers(slack), "the alert that waited for the disk")
            eventually(lambda: get(place, "/readyz")[0] == 200, "the daemon is well again")
            endpoint.set_scenario("normal")
            eventually(lambda: "RESOLVED" in headers(slack), "the end of it")
        assert len(slack.messages) == 2
        assert sound(disk / "holdfast.db") == "ok"


def test_files_that_may_not_grow_are_told_directly_and_runs_go_on_once_they_may(
    daemon_place: Workplace, slack: FakeSlack
) -> None:
    endless = resource.RLIM_INFINITY
    with running_daemon(daemon_place) as process:
        eventually(lambda: get(daemon_place, "/readyz")[0] == 200, "the daemon is well")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, endless))
        eventually(lambda: "results cannot be stored" in headers(slack), "people are told directly")
        assert get(daemon_place, "/readyz")[0] == 503
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (endless, endless))
        eventually(lambda: get(daemon_place, "/readyz")[0] == 200, "the daemon is well again")
    assert len(slack.messages) == 1
    assert sound(daemon_place.folder / "holdfast.db") == "ok"


def test_a_store_whose_disk_goes_away_is_told_directly_and_runs_go_on_once_it_is_back(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack, tmp_path: Path
) -> None:
    real, disk = tmp_path / "real", tmp_path / "disk"
    real.mkdir()
    place = on_store(daemon_place, disk / "holdfast.db")
    with ExitStack() as daemon:
        with mounted(disk, "--bind", str(real)):
            daemon.enter_context(running_daemon(place))
            eventually(lambda: get(place, "/readyz")[0] == 200, "the daemon is well")
        endpoint.set_scenario("broken-json")
        eventually(lambda: "results cannot be stored" in headers(slack), "people are told directly")
        status, reasons = get(place, "/healthz")
        assert status == 503 and "removed or replaced" in reasons
        assert re.search(r'^holdfast_run_errors_total\{.*reason="store".*\} [1-9]', get(place, "/metrics")[1], re.M)
        with mounted(disk, "--bind", str(real)):
            eventually(lambda: "contract broken" in headers(slack), "the alert that waited for the disk")
            eventually(lambda: get(place, "/readyz")[0] == 200, "the daemon is well again")
            daemon.close()
    assert len(slack.messages) == 2
    assert list(disk.iterdir()) == [], "nothing was begun anew where the disk was not"
    assert sound(real / "holdfast.db") == "ok"


def test_a_daemon_that_starts_on_a_read_only_disk_ends_with_the_code_that_is_tried_again(
    daemon_place: Workplace, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        ended = on_store(daemon_place, disk / "holdfast.db").run("daemon")
    assert ended.returncode == 3, "2 is for what no restart mends"
    assert "Read-only file system" in ended.stderr


def test_a_daemon_whose_store_is_no_database_ends_with_the_code_for_people(daemon_place: Workplace) -> None:
    (daemon_place.folder / "notes.txt").write_text("my notes", encoding="utf-8")
    ended = on_store(daemon_place, daemon_place.folder / "notes.txt").run("daemon")
    assert ended.returncode == 2
    assert "notes.txt cannot be used: it is not a SQLite database" in ended.stderr


def test_suites_whose_disk_goes_away_go_on_and_are_told_until_it_is_back(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    suites, real = daemon_place.folder / "suites", daemon_place.folder / "real"
    suites.rename(real)
    with ExitStack() as daemon:
        with mounted(suites, "--bind", str(real)):
            daemon.enter_context(running_daemon(daemon_place))
            eventually(lambda: get(daemon_place, "/readyz")[0] == 200, "the daemon is well")
        eventually(lambda: slack.messages, "people are told")
        status, notes = get(daemon_place, "/healthz")
        assert status == 200 and "no suite file is there any more; 1 suite goes on as before" in notes
        count = endpoint.request_count
        eventually(lambda: endpoint.request_count > count + 4, "its runs go on")
        assert "holdfast_suite_files_refused 1" in get(daemon_place, "/metrics")[1]
        with mounted(suites, "--bind", str(real)):
            eventually(lambda: "RESOLVED" in headers(slack), "the end of it")
            assert '"status":"ok"' in get(daemon_place, "/healthz")[1]
            daemon.close()
    assert len(slack.messages) == 1
    events = [line["event"] for line in logged(daemon_place)]
    assert "removed" not in events and "suite_file_refused" in events


def test_a_slack_that_hangs_holds_back_neither_other_channels_nor_the_stop_and_is_told_by_the_next_daemon(
    daemon_place: Workplace, endpoint: RunningEndpoint, slack: FakeSlack
) -> None:
    with FakeSlack() as other:
        file = daemon_place.folder / "holdfast.yaml"
        text = file.read_text(encoding="utf-8").replace("group_wait: 0s}", "group_wait: 0s, timeout_s: 1}")
        file.write_text(f"{text}  desk: {{type: webhook, url: {other.receiver_url}}}\n", encoding="utf-8")
        suite = daemon_place.folder / "suites" / "watched.yaml"
        rules = suite.read_text(encoding="utf-8").replace("notify: slack", "notify: [slack, desk]")
        suite.write_text(rules, encoding="utf-8")
        slack.script(*[Trouble(hang=True)] * 100)
        endpoint.set_scenario("outage")
        with running_daemon(daemon_place):
            eventually(lambda: other.requests, "the other channel is told")
            eventually(lambda: slack.requests, "Slack is asked, and hangs")
        assert [body["event"] for _, body, _ in other.requests] == ["opened"]
        assert slack.messages == [] and logged(daemon_place)[-1]["undelivered"] == 1
        slack.heal()
        with running_daemon(daemon_place):
            eventually(lambda: slack.messages, "Slack is told")
            endpoint.set_scenario("normal")
            eventually(lambda: "RESOLVED" in headers(slack), "the end of it")
    assert len(slack.messages) == 1

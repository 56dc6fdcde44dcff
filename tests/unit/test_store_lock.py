"""Only one daemon a store: the second is told who holds it, and no death of the first leaves it locked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from probes.errors import StoreError, UnusableStore, UsageError
from runner.store.store_lock import SUFFIX, only_daemon

HOLDER = """\
import sys, pathlib, signal
from runner.store.store_lock import only_daemon
with only_daemon(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def test_a_second_daemon_is_told_the_first_ones_pid_also_by_another_name_of_the_store(tmp_path: Path) -> None:
    store = tmp_path / "holdfast.db"
    (tmp_path / "link.db").symlink_to(store)
    with only_daemon(store):
        for name in (store, tmp_path / "link.db", tmp_path / "." / "holdfast.db"):
            with (
                pytest.raises(UsageError, match=rf"another daemon \(pid {os.getpid()}\)") as refused,
                only_daemon(name),
            ):
                pytest.fail("two daemons hold one store")
            assert refused.value.exit_code == 2
    with only_daemon(store):
        assert store.with_name(store.name + SUFFIX).read_text() == f"{os.getpid()}\n"


def test_a_daemon_that_is_killed_outright_leaves_no_lock_behind(tmp_path: Path) -> None:
    store = tmp_path / "holdfast.db"
    with subprocess.Popen([sys.executable, "-c", HOLDER, store], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=f"pid {holder.pid}"), only_daemon(store):
            pytest.fail("two daemons hold one store")
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        with only_daemon(store):
            assert store.with_name(store.name + SUFFIX).read_text() == f"{os.getpid()}\n"


def test_a_daemon_may_wait_for_one_that_is_still_finishing_and_not_for_ever(tmp_path: Path) -> None:
    store, waits = tmp_path / "holdfast.db", list[float]()
    with ExitStack() as first:
        first.enter_context(only_daemon(store))

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 7:
                first.close()

        with pytest.raises(UsageError, match="another daemon"), only_daemon(store, wait_s=3.0, pause=pause):
            pytest.fail("two daemons hold one store")
        assert sum(waits) == 3.0
        with only_daemon(store, wait_s=3.0, pause=pause):
            assert len(waits) == 7


def test_a_lock_is_never_written_through_a_link_that_somebody_laid_out(tmp_path: Path) -> None:
    store, other = tmp_path / "holdfast.db", tmp_path / "other"
    other.write_text("precious")
    store.with_name(store.name + SUFFIX).symlink_to(other)
    with pytest.raises(StoreError, match="cannot be opened"), only_daemon(store):
        pytest.fail("the link was followed")
    assert other.read_text() == "precious"


def test_a_lock_file_with_something_else_in_it_names_nobody(tmp_path: Path) -> None:
    store = tmp_path / "holdfast.db"
    with only_daemon(store):
        store.with_name(store.name + SUFFIX).write_text("\x1b[31mroot")
        with pytest.raises(UsageError, match="its pid is not known") as refused, only_daemon(store):
            pytest.fail("two daemons hold one store")
    assert "\x1b" not in str(refused.value)


def test_a_store_in_memory_needs_no_lock_and_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with only_daemon(None), only_daemon(None):
        (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"), only_daemon(tmp_path / "file" / "holdfast.db"):
        pytest.fail("a lock in no folder")


def test_a_store_where_no_file_can_be_is_for_people_and_needs_no_other_try() -> None:
    with (
        pytest.raises(UnusableStore, match=r"/proc/holdfast\.db\.daemon cannot be opened") as refused,
        only_daemon(Path("/proc/holdfast.db")),
    ):
        pytest.fail("a lock where no file can be")
    assert refused.value.exit_code == 2

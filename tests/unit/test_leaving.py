"""The daemon's process ends though a thread does not, and its allocator is set up for many threads."""

from __future__ import annotations

import subprocess
import sys
import threading

from structlog.testing import capture_logs

from runner.daemon.leaving import EXIT_CODE, leave_within

HANGING = """\
import asyncio, threading
from runner.daemon.leaving import leave_within

async def main():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    leave_within(0.2)

asyncio.run(main())
"""
ARENAS = """\
import threading
from runner.daemon.memory import few_arenas

told = few_arenas()
ready = threading.Barrier(9)
def work():
    kept = [bytes(600 + at) for at in range(2000)]
    ready.wait()
for _ in range(8): threading.Thread(target=work, daemon=True).start()
ready.wait()
import ctypes
print(told)
ctypes.CDLL(None).malloc_stats() if told else None
"""


def test_a_thread_that_never_ends_does_not_keep_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == EXIT_CODE
    assert "threads_left" in done.stdout + done.stderr


def test_a_process_that_ended_in_time_is_left_alone() -> None:
    codes: list[int] = []
    with capture_logs() as logs:
        timer = leave_within(30.0, codes.append)
        timer.cancel()
        timer.join(5)
    assert (codes, logs) == ([], [])
    assert timer.daemon, "it keeps nobody"
    assert threading.active_count() < 50


def test_threads_share_two_arenas_where_the_allocator_has_any() -> None:
    done = subprocess.run([sys.executable, "-c", ARENAS], capture_output=True, text=True, timeout=20, check=True)
    told = done.stdout.startswith("True")
    assert done.stderr.count("Arena ") <= 2
    assert told == ("Arena 0" in done.stderr)

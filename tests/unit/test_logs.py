"""Logs are JSON lines that quote no values, and writing them stops nobody."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.logs import Lines

ROOT = Path(__file__).parents[2]
SECRET = "sk-planted-4711"
BROKEN = f"""
import asyncio, gc, logging, sys
import structlog
from runner.logs import log_json, log_loop_trouble, log_quietly

def breaks():
    api_key = "{SECRET}"
    raise ValueError("the prompt was: " + api_key)

def in_a_log(write):
    try:
        breaks()
    except ValueError:
        write("broke")

async def forgotten():
    asyncio.get_running_loop().set_exception_handler(log_loop_trouble)
    async def breaking():
        breaks()
    task = asyncio.create_task(breaking())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
"""


def said(code: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own: logging is a process's, and these tests must not change ours."""
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run([sys.executable, "-c", BROKEN + code], cwd=ROOT, text=True, timeout=30, check=False, **kept)


def test_the_daemons_log_is_json_lines_without_locals_or_texts_of_exceptions_whoever_logs() -> None:
    done = said(
        "log_json()\n"
        "in_a_log(structlog.get_logger('holdfast.test').exception)\n"
        "in_a_log(logging.getLogger('apscheduler.executors').exception)\n"
        "logging.getLogger('uvicorn.error').warning('said %d', 'x')\n"
        "logging.getLogger('chatty').info('not told')\n"
        "asyncio.run(forgotten())\n"
    )
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["broke", "broke", "unreadable_record", "loop_trouble"]
    assert SECRET not in done.stderr and "prompt" not in done.stderr
    assert all(line["exception"][0]["exc_type"] == "ValueError" for line in (lines[0], lines[1], lines[3]))
    assert lines[0]["exception"][0]["frames"][-1]["name"] == "breaks"
    assert lines[1]["logger"] == "apscheduler.executors" and lines[1]["level"] == "error"


def test_the_log_of_commands_shows_no_locals() -> None:
    done = said("log_quietly()\nin_a_log(structlog.get_logger().exception)\n")
    assert "ValueError" in done.stderr
    assert done.stderr.count(SECRET) == 1, "more than the exception's own words"


def test_a_process_without_a_standard_error_logs_nothing_and_goes_on() -> None:
    code = "log_json()\nstructlog.get_logger().info('x')\nlogging.getLogger('y').error('z')\nprint('went on')"
    done = said("import os\nos.close(2)\nsys.stderr = None\n" + code, stderr=None)
    assert (done.returncode, done.stdout) == (0, "went on\n")


class Gone(io.StringIO):
    """A pipe whose reader left."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("ending", ["closed", "broken", "missing"])
def test_a_stream_that_is_closed_broken_or_missing_takes_nothing_and_stops_nobody(ending: str) -> None:
    stream: io.StringIO | None = {"closed": io.StringIO(), "broken": Gone(), "missing": None}[ending]
    if ending == "closed" and stream is not None:
        stream.close()
    assert Lines(stream).info("a line") is None


def test_a_line_is_written_whole_and_at_once() -> None:
    stream = io.StringIO()
    Lines(stream).warning("a line")
    assert stream.getvalue() == "a line\n"

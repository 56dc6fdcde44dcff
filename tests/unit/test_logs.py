"""Logs are JSON lines that quote no values, and writing them stops nobody."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from probes.failure import FailureClass
from runner.daemon.run_lines import MOST_FAILED_TOLD, tell_run
from runner.logs import LEVELS, Lines
from tests.fakes.records import a_failed_sample, a_probe, a_run, failing_run

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


def test_every_line_of_a_run_tells_the_run_and_runs_at_the_same_time_do_not_mix() -> None:
    done = said(
        "from runner.logs import lines_of_run\n"
        "log_json()\n"
        "log = structlog.get_logger('holdfast.test')\n"
        "async def deeper(name):\n"
        "    await asyncio.sleep(0)\n"
        "    await asyncio.to_thread(log.info, 'in_a_thread', meant=name)\n"
        "async def run(name):\n"
        "    with lines_of_run(run_id=name, suite='s-' + name, endpoint='production'):\n"
        "        for _ in range(3):\n"
        "            await asyncio.create_task(deeper(name))\n"
        "            log.warning('in_the_task', meant=name)\n"
        "    log.info('after', meant='')\n"
        "async def both():\n"
        "    await asyncio.gather(run('a'), run('b'), run('c'))\n"
        "    log.info('outside', meant='')\n"
        "asyncio.run(both())\n"
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(lines) == 3 * 7 + 1
    assert all(line.get("run_id", "") == line["meant"] for line in lines)
    assert {line["suite"] for line in lines if line["meant"]} == {"s-a", "s-b", "s-c"}


def test_an_error_that_leaves_a_run_is_reported_with_the_run() -> None:
    done = said(
        "from runner.logs import lines_of_run\n"
        "log_json()\n"
        "def run():\n"
        "    with lines_of_run(run_id='a', suite='s', endpoint='e'):\n"
        "        raise OSError\n"
        "try:\n"
        "    run()\n"
        "except OSError:\n"
        "    structlog.get_logger().error('run_not_stored')\n"
    )
    assert json.loads(done.stderr)["run_id"] == "a"


HOSTILE = "\x1b[31mred\x1b]0;owned\x07 \u202etxt.exe \x9b2J \ud800\r\n2026-01-01 [info] forged"


def test_what_a_channel_said_steers_no_terminal_in_either_form() -> None:
    for form in ("log_json", "log_text"):
        code = f"from runner.logs import {form}\n{form}()\nlog = structlog.get_logger()\n"
        done = said(code + f"log.error('notice_given_up', error={HOSTILE!r}, reasons=[{HOSTILE!r}])\n")
        assert done.stderr.count("\n") == 1, "one event, one line"
        assert "red" in done.stderr and "forged" in done.stderr
        assert not set("\x1b\x07\u202e\x9b\ud800\r") & set(done.stderr)


def test_text_for_people_tells_level_event_and_fields_and_where_an_exception_passed() -> None:
    done = said(
        "from runner.logs import log_text\nlog_text()\nlog = structlog.get_logger()\n"
        "log.info('run', suite='support-bot', health='healthy', duration_s=1.5)\n"
        "in_a_log(log.exception)\n"
        "in_a_log(logging.getLogger('apscheduler').exception)\n"
    )
    first, *rest = done.stderr.splitlines()
    assert "info" in first and "run" in first
    assert "suite=support-bot" in first and "duration_s=1.5" in first
    assert sum("ValueError" in line for line in rest) == 2
    assert any("in breaks" in line for line in rest)
    assert SECRET not in done.stderr and "\x1b" not in done.stderr


@pytest.mark.parametrize(("level", "told"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1)])
def test_a_level_leaves_out_what_is_below_it_and_lets_other_libraries_say_no_more(level: str, told: int) -> None:
    done = said(
        f"log_json(logging.{level})\nlog = structlog.get_logger()\n"
        "for name in ('debug', 'info', 'warning', 'error'):\n"
        "    getattr(log, name)('x')\n"
        "logging.getLogger('httpcore2').debug('every header')\n"
        "logging.getLogger('httpx2').info('the whole address')\n"
    )
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["x"] * told


# ------------------------------------------------------------------------------------------------ what is told of runs
def test_a_run_is_one_line_and_each_failed_sample_one_with_its_trace_id() -> None:
    record = failing_run()
    with capture_logs() as lines:
        tell_run(record)
    assert {line["run_id"] for line in lines} == {record.run_id}
    failed = {sample.trace_id: sample for sample in record.samples if sample.failure}
    told = [line for line in lines if line["event"] == "sample_failed"]
    assert failed and {line["trace_id"] for line in told} == failed.keys()
    ended = lines[-1]
    assert (ended["event"], ended["samples"], ended["failed"]) == ("run", len(record.samples), len(failed))
    words = json.dumps(lines)
    texts = [text for sample in record.samples for text in (sample.answer, sample.failure and sample.failure.message)]
    assert not any(text in words for text in texts if text)


def test_a_dead_endpoint_does_not_fill_the_log() -> None:
    dead = [a_failed_sample(FailureClass.CONNECTION, "refused", index=index) for index in range(500)]
    with capture_logs() as lines:
        tell_run(a_run([a_probe(samples=dead, findings=[])]))
    assert sum(line["event"] == "sample_failed" for line in lines) == MOST_FAILED_TOLD
    assert lines[-1]["failed"] == 500


# ------------------------------------------------------------------------------------------------ the list of events
EVENT = re.compile(r"^\| `(\w+)` \| (\w+) \|", re.M)
CALLERS = frozenset({"log", "_log"})


def logged() -> set[tuple[str, str]]:
    """Every event that the code logs, with its level."""
    found = set()
    for package in ("probes", "checks", "reports", "runner"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and (event := _event(node)):
                    found.add(event)
    return found


def _event(call: ast.Call) -> tuple[str, str] | None:
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr in LEVELS and call.args):
        return None
    by = function.value
    ours = (isinstance(by, ast.Name) and by.id in CALLERS) or "get_logger" in ast.dump(by)
    first = call.args[0]
    return (str(first.value), function.attr) if ours and isinstance(first, ast.Constant) else None


def test_the_list_of_events_in_the_docs_is_that_of_the_code() -> None:
    page = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    documented = EVENT.findall(page)
    assert len(documented) == len(set(documented))
    assert sorted(documented) == sorted(logged() | {("unreadable_record", "warning")})


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

"""A pipe found in a folder is refused at once, as nobody may ever write into it; one that is named is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.store import open_store

SUITE = """\
version: 1
suite: bot
endpoints: {one: {base_url: http://127.0.0.1:9/v1, model: m}}
probes: [{id: p, prompt: Hi, checks: [{contains: a}]}]
"""


def command(*arguments: str, at: Path, fds: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own: what waits for ever is ended, and fails its test."""
    told = [sys.executable, "-m", "runner.cli", *arguments]
    return subprocess.run(told, cwd=at, capture_output=True, text=True, timeout=30, pass_fds=fds, check=False)


@pytest.mark.parametrize("arguments", [("validate",), ("run", "--store", ":memory:"), ("doctor",)])
def test_a_pipe_in_a_folder_of_suites_is_refused_by_its_name(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    os.mkfifo(tmp_path / "p.yaml")
    (tmp_path / "s.yaml").write_text(SUITE, encoding="utf-8")
    ended = command(*arguments, ".", at=tmp_path)
    assert ended.returncode == 2
    told = [line for line in (ended.stdout + ended.stderr).splitlines() if "it is no regular file" in line]
    assert len(told) == 1 and "p.yaml" in told[0]


@pytest.mark.parametrize("arguments", [("validate", "s.yaml"), ("alerts",), ("doctor", "s.yaml")])
def test_a_pipe_in_the_place_of_the_settings_is_refused_where_nobody_named_it(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    os.mkfifo(tmp_path / "holdfast.yaml")
    (tmp_path / "s.yaml").write_text(SUITE, encoding="utf-8")
    ended = command(*arguments, at=tmp_path)
    assert ended.returncode == 2 and "it is no regular file" in ended.stdout + ended.stderr


def test_a_suite_that_comes_through_a_named_pipe_is_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, SUITE.encode())
    os.close(writing)
    try:
        ended = command("validate", f"/dev/fd/{reading}", at=tmp_path, fds=(reading,))
    finally:
        os.close(reading)
    assert ended.returncode == 0 and "bot is valid" in ended.stdout


def test_a_pipe_among_suites_does_not_keep_a_suite_from_being_looked_for(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SUITE, encoding="utf-8")
    os.mkfifo(tmp_path / "p.yaml")
    open_store(str(tmp_path / "x.db")).close()
    ended = command("alerts", "--suite", "bot", "--store", "x.db", at=tmp_path)
    assert ended.returncode == 0, ended.stderr

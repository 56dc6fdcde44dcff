"""An empty file in the place of a store is no fresh start: who reads refuses it, who writes begins anew and says so."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from probes.errors import UsageError
from runner.cli import main
from runner.doctor.diagnosis import State
from runner.doctor.stored import store as looked_at
from runner.settings.store_place import store_file
from runner.store import open_store
from runner.wiring import store_of
from tests.fakes.settings import loaded

SUITE = """\
version: 1
suite: bot
endpoints: {one: {base_url: http://127.0.0.1:9/v1, model: m}}
probes: [{id: p, prompt: Hi, checks: [{contains: a}]}]
"""


def ran(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    "arguments", [("alerts", "--check"), ("store", "stats"), ("baseline", "list"), ("show", "bot")]
)
def test_an_empty_file_is_refused_by_commands_that_read_and_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    place = tmp_path / "e.db"
    place.touch()
    assert ran(*arguments, "--store", str(place)) == 2
    told = capsys.readouterr()
    assert told.out == "" and f"there is no store in {place}, an empty file" in told.err
    assert place.stat().st_size == 0 and [file.name for file in tmp_path.iterdir()] == ["e.db"]


def test_a_run_begins_anew_in_an_empty_file_and_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "e.db").touch()
    (tmp_path / "s.yaml").write_text(SUITE, encoding="utf-8")
    told = [sys.executable, "-m", "runner.cli", "run", "s.yaml", "--store", "e.db"]
    first, second = (
        subprocess.run(told, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False).stderr
        for _ in range(2)
    )
    (line,) = [line for line in first.splitlines() if "empty file" in line]
    assert "store_began_anew" in line and "no open incident" in line
    assert "empty file" not in second


@pytest.mark.parametrize("there", [True, False])
def test_only_a_file_that_was_there_and_empty_is_warned_of(tmp_path: Path, there: bool) -> None:
    place = tmp_path / "e.db"
    if there:
        place.touch()
    with capture_logs() as lines:
        for _ in range(2):
            store_of(str(place), loaded(tmp_path, "{}")).close()
    warned = [(line["event"], line["log_level"], line["store"]) for line in lines]
    assert warned == [("store_began_anew", "warning", str(place))] * there


def test_the_doctor_tells_an_empty_file_and_makes_no_store_of_it(tmp_path: Path) -> None:
    place = tmp_path / "e.db"
    place.touch()
    first, *_ = looked_at(str(place), loaded(tmp_path, "{}"))
    assert (first.state, first.subject) == (State.WRONG, str(place)) and "empty file" in first.told
    assert place.stat().st_size == 0


def test_a_store_outside_of_the_settings_folder_is_found_without_entering_that_folder_again(tmp_path: Path) -> None:
    real = tmp_path / "deep" / "real"
    real.mkdir(parents=True)
    (tmp_path / "suites").symlink_to(real)
    found = loaded(tmp_path / "suites", "store: ../st/hf.db")
    # the folder that a link leads to has another parent than the link
    assert store_file(None, found) == tmp_path / "deep" / "st" / "hf.db"
    with closing(store_of(None, found)) as store:
        real.rename(tmp_path / "deep" / "elsewhere")
        store.prove_writable()
    with closing(open_store(os.fspath(tmp_path / "deep" / "st" / "hf.db"))) as store:
        assert store.runs() == ()


def test_a_store_within_the_settings_folder_keeps_the_name_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites").mkdir()
    assert store_file(None, loaded(Path("suites"), "store: st/hf.db")) == Path("suites/st/hf.db")


def test_an_address_of_no_store_is_refused_before_anything_is_looked_at(tmp_path: Path) -> None:
    for new in (True, False):
        with pytest.raises(UsageError, match="come with a later version"):
            store_of("postgresql://u@db/h", loaded(tmp_path, "{}"), new=new)

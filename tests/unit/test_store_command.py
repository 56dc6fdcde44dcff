"""``holdfast store`` as people and scripts call it: JSON, dry runs, refusals and their exit codes."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from probes.errors import StoreError
from runner.cli import main
from runner.cli.store import _refuse_without_room
from runner.store import open_store
from runner.store.base import Installed
from tests.fakes.stored import PLACE, numbered, written


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with three old runs and settings that keep none of them."""
    monkeypatch.chdir(tmp_path)
    settings = "store: kept.db\nprivacy: {retain: {text: 1d, samples: 2d, rollups: 90y}}\n"
    (tmp_path / "holdfast.yaml").write_text(settings, encoding="utf-8")
    with closing(open_store("kept.db")) as store:
        for number in (1, 2, 3):
            store.save_run(written(numbered(number)))
    return tmp_path


def ran(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert ran(*arguments, "--format", "json") == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_dry_run_says_what_would_go_and_pruning_then_does_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stats = told(capsys, "store", "stats")
    assert (stats["schema"], stats["runs"], stats["to_prune"]["texts"]) == ("holdfast.store/1", 3, 3)
    assert {row["table"]: row["rows"] for row in stats["tables"]}["runs"] == 3
    dry = told(capsys, "store", "prune", "--dry-run")
    assert dry["would_forget"] == {"texts": 3, "runs": 3, "rollups": 0}
    assert told(capsys, "store", "stats")["runs"] == 3
    done = told(capsys, "store", "prune")["done"]
    assert (done["rolled_up"], done["texts"], done["runs"]) == (3, 3, 2)
    after = told(capsys, "store", "stats")
    assert (after["runs"], after["runs_with_texts"]) == (1, 0), "the newest run stays, without its texts"
    history = told(capsys, "store", "history", PLACE[0], "--endpoint", PLACE[1], "--since", "20y")["history"]
    assert [(entry["size"], entry["runs"]) for entry in history] == [("day", 3)]
    assert history[0]["total_s"]["p99"] > 0


def test_the_history_of_a_suite_is_of_the_endpoint_where_it_is_monitored_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, endpoint = PLACE
    with closing(open_store(str(folder / "kept.db"))) as store:
        store.save_installed(Installed(suite=suite, endpoint=endpoint, streams=9, runs_per_year=100.0))
    assert told(capsys, "store", "history", suite, "--since", "20y")["history"][0]["runs"] == 3
    with closing(open_store(str(folder / "kept.db"))) as store:
        store.save_installed(Installed(suite=suite, endpoint="another", streams=9, runs_per_year=100.0))
    assert ran("store", "history", suite) == 2
    named = f"{suite} is monitored at {', '.join(sorted([endpoint, 'another']))}; name an endpoint with --endpoint"
    assert named in capsys.readouterr().err


def test_texts_may_be_forgotten_sooner_than_the_settings_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "holdfast.yaml").write_text("store: kept.db\n", encoding="utf-8")
    assert told(capsys, "store", "prune")["done"].get("texts", 0) == 0
    assert told(capsys, "store", "prune", "--texts", "0s")["done"]["texts"] == 3
    assert told(capsys, "store", "stats")["runs_with_texts"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("stats", "--store", "nowhere.db"), 2, "there is no store nowhere.db"),
        (("stats", "--format", "xml"), 2, "'xml' is not text or json"),
        (("prune", "--texts", "soon"), 2, "'soon' is not a duration"),
        (("history", "nobody", "--endpoint", "e"), 2, "nothing is summed up of nobody at e"),
        (("history", "nobody", "--endpoint", "e", "--since", "9000y"), 2, "nothing is summed up of nobody at e"),
        (("history", "nobody", "--endpoint", "e", "--by", "week"), 2, "'week' is not hour or day"),
        (("history", "nobody"), 2, "nobody is not monitored any more, or never was; name an endpoint with --endpoint"),
        (("backup", "kept.db"), 3, "kept.db exists already; a backup overwrites nothing"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert ran("store", *arguments) == code
    assert words in capsys.readouterr().err


def test_vacuum_is_refused_where_there_is_no_room_for_a_second_copy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"vacuum needs 2e\+06 TB beside .* and .* is free"):
        _refuse_without_room(tmp_path / "store.db", 10**18)
    _refuse_without_room(tmp_path / "store.db", 1)

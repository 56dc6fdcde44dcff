"""What a printed command carries so that it finds the same store again."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runner.reach import reach_of
from runner.settings.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, text: str = "false_alarms_per_year: 2") -> Path:
    path = folder / "holdfast.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_store_of_the_working_folder_needs_nothing(folder: Path) -> None:
    assert reach_of(None, load_settings(None, {}, folder)) == ""
    settings(folder)
    assert reach_of(None, load_settings(None, {}, folder)) == ""


@pytest.mark.parametrize("given", ["a b/kept.db", "sqlite:///a b/kept.db"])
def test_a_store_named_on_the_command_line_is_named_again_from_the_root(folder: Path, given: str) -> None:
    told = shlex.split(reach_of(given, load_settings(None, {}, folder)))
    assert told == ["--store", str(folder / "a b" / "kept.db")]


def test_a_store_of_the_environment_is_named_because_the_reader_has_another(folder: Path) -> None:
    here = load_settings(None, {"HOLDFAST_STORE": "/srv/kept.db"}, folder)
    assert reach_of(None, here) == " --store /srv/kept.db"


def test_settings_of_another_folder_or_name_are_named(folder: Path) -> None:
    elsewhere = settings(folder / "suites; rm")
    assert shlex.split(reach_of(None, load_settings(None, {}, elsewhere.parent))) == ["--config", str(elsewhere)]
    other = folder / "other.yaml"
    other.write_text("false_alarms_per_year: 2", encoding="utf-8")
    assert reach_of(None, load_settings(other, {}, folder)) == f" --config {other}"


def test_a_database_address_is_told_and_one_with_a_password_never(folder: Path) -> None:
    here = load_settings(None, {}, folder)
    assert reach_of("postgresql://db.example.com/holdfast", here) == " --store postgresql://db.example.com/holdfast"
    assert reach_of("postgresql://oncall:planted-4711@db.example.com/holdfast", here) == ""


def test_a_store_in_memory_is_nowhere_to_be_found(folder: Path) -> None:
    assert reach_of(":memory:", load_settings(None, {}, folder)) == ""

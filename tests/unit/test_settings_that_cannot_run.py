"""What ``validate`` says of settings that can be read and not be run with, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.errors import SettingsError, SuiteError
from probes.suite_file import load_suite
from runner.cli import main
from runner.settings.runnable import refuse_unrunnable, store_notes
from runner.settings.settings import load_settings
from tests.fakes.settings import loaded

PASSWORD = "planted-4711"


def test_a_store_of_another_kind_and_a_folder_that_is_missing_are_both_told_at_their_places(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"# an installation\nstore: postgresql://u:{PASSWORD}@db/h\nsuites: /no/such/folder\n")
    with pytest.raises(SettingsError) as caught:
        refuse_unrunnable(found)
    store, suites = caught.value.problems
    assert ((store.line, store.column), (suites.line, suites.column)) == ((2, 8), (3, 9))
    assert store.message.startswith("store: postgresql:// stores come with a later version")
    assert suites.message == "suites: /no/such/folder is not there"
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("text", ["store: ./holdfast.db", "store: ':memory:'", "suites: .", "false_alarms_per_year: 2"])
def test_settings_that_can_run_pass_and_nothing_is_opened(tmp_path: Path, text: str) -> None:
    refuse_unrunnable(loaded(tmp_path, text))
    assert [file.name for file in tmp_path.iterdir()] == ["holdfast.yaml"]


def test_a_store_named_by_the_environment_is_told_by_the_variable(tmp_path: Path) -> None:
    environ = {"HOLDFAST_STORE": f"mysql://u:{PASSWORD}@db/h"}
    with pytest.raises(SettingsError) as caught:
        refuse_unrunnable(load_settings(None, environ, tmp_path))
    assert str(caught.value) == "HOLDFAST_STORE: store: mysql:// is no store; use sqlite:///PATH or a plain path"


def test_validate_ends_with_2_where_the_settings_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "holdfast.yaml").write_text("suites: ./missing\n", encoding="utf-8")
    suite = tmp_path / "s.yaml"
    suite.write_text(
        "version: 1\nsuite: bot\nendpoints: {one: {base_url: http://127.0.0.1:9, model: m}}\n"
        "probes: [{id: p, prompt: Hi, checks: [{contains: a}]}]\n",
        encoding="utf-8",
    )
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(suite)])
    assert ended.value.code == 2 and "holdfast.yaml:1:9: suites: " in capsys.readouterr().err
    (tmp_path / "missing").mkdir()
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(suite)])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("store", "why"),
    [("/proc/x.db", "/proc takes no files"), ("./folder", "is a folder"), ("./file/below/x.db", "is no folder")],
)
def test_a_store_that_can_never_be_made_is_refused_and_nothing_is_written(tmp_path: Path, store: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be made") as caught:
        refuse_unrunnable(loaded(tmp_path, f"store: {store}\n"))
    (problem,) = caught.value.problems
    assert why in problem.message and (problem.line, problem.column) == (1, 8)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder", "holdfast.yaml"]


def test_a_store_that_only_this_user_may_not_write_is_noted_as_the_daemon_may_be_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded(tmp_path, "store: ./data/x.db\n")
    assert list(store_notes(found)) == []
    monkeypatch.setattr("os.access", lambda *_: False)
    refuse_unrunnable(found)
    (note,) = store_notes(found)
    assert note.endswith(f"data/x.db cannot be used as it is here: this user may not write in {tmp_path}")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_empty_settings_are_settings_and_an_empty_suite_is_none(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text).settings.false_alarms_per_year == 1.0
    with pytest.raises(SuiteError, match=r"the file is empty \(start with version: 1\)"):
        load_suite(text, "s.yaml", {})

"""Files are written whole or not at all, and never through somebody else's link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.errors import HoldfastError
from runner.files import write_text


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_and_its_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "report.html"
    write_text(file, "Zürich\n")
    assert file.read_bytes() == "Zürich\n".encode()
    assert mode(file) == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_link_planted_where_the_unfinished_file_was_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    file = tmp_path / "report.html"
    (tmp_path / "report.html.partial").symlink_to(victim)
    write_text(file, "a report")
    assert victim.read_text(encoding="utf-8") == "precious"
    assert file.read_text(encoding="utf-8") == "a report"
    assert not file.is_symlink()


def test_a_link_planted_at_the_very_name_of_the_unfinished_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "guessed")
    (tmp_path / ".holdfast-guessed.partial").symlink_to(victim)
    with pytest.raises(HoldfastError, match=r"report\.html: cannot be written: File exists"):
        write_text(tmp_path / "report.html", "a report")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".holdfast-guessed.partial"]
    assert (tmp_path / ".holdfast-guessed.partial").is_symlink()


def test_a_link_at_the_files_own_name_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    file = tmp_path / "report.html"
    file.symlink_to(victim)
    write_text(file, "a report")
    assert (victim.read_text(encoding="utf-8"), file.is_symlink()) == ("precious", False)


def test_a_file_that_few_might_read_is_replaced_by_one_that_no_more_may_read(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o600)
    write_text(file, "after")
    assert (file.read_text(encoding="utf-8"), mode(file)) == ("after", 0o600)
    file.chmod(0o666)
    write_text(file, "once more")
    assert mode(file) == 0o640, "the umask holds for everybody's files, too"


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_what_cannot_be_finished_leaves_the_file_as_it_was_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "report.html"
    file.write_text("before", encoding="utf-8")
    monkeypatch.setattr(broken, full)
    with pytest.raises(HoldfastError, match=r"report\.html: cannot be written: No space left on device"):
        write_text(file, "after")
    assert [one.read_text(encoding="utf-8") for one in tmp_path.iterdir()] == ["before"]


def test_a_text_that_is_none_touches_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "report.html", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_full_length_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 255)
    write_text(file, "text")
    assert file.read_text(encoding="utf-8") == "text"


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)

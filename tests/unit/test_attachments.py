"""Files sent along with a question: read from beside the suite, known by content, bounded, and never a secret."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import attachments
from probes.conversation import Part, attached
from probes.errors import SuiteError
from probes.fire import request_hash
from probes.media_types import media_type
from probes.suite import Suite
from probes.suite_file import read_suite

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
HEAD = """\
version: 1
suite: s
endpoints:
  prod:
    base_url: https://gateway.example.com/v1
probes:
"""


def loaded(folder: Path, *lines: str) -> Suite:
    (folder / "suite.yaml").write_text(HEAD + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
    return read_suite(folder / "suite.yaml", {}).suite


def asked_with(folder: Path, file: str) -> Suite:
    return loaded(folder, "- id: p", "  prompt: What is this?", f"  files: [{file!r}]")


def refusal(folder: Path, file: str) -> str:
    with pytest.raises(SuiteError) as refused:
        asked_with(folder, file)
    return str(refused.value)


def content_of(part: Part) -> tuple[str, bytes]:
    found = attached(part.image or part.file or "")
    assert found is not None
    return found.media_type, b64decode(found.base64, validate=True)


# ------------------------------------------------------------------------------------------------ where they may stand
def test_files_beside_the_suite_go_along_with_the_prompt_under_their_own_names(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plot.png").write_bytes(PNG)
    (tmp_path / "terms.txt").write_text("Thirty days.", encoding="utf-8")
    suite = loaded(tmp_path, "- id: p", "  prompt: What is this?", "  files: [data/plot.png, terms.txt]")
    (message,) = suite.probes[0].opening
    picture, terms, prompt = message.parts
    assert (picture.name, terms.name, prompt.text) == ("plot.png", "terms.txt", "What is this?")
    assert picture.image is not None and content_of(picture) == ("image/png", PNG)
    assert terms.file is not None and content_of(terms) == ("text/plain", b"Thirty days.")


def test_turns_and_messages_carry_files_too_and_a_name_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    suite = loaded(
        tmp_path,
        "- id: turned",
        "  turns: [{prompt: And this?, files: [a.png]}]",
        "- id: said",
        "  messages: [{role: user, content: [{image: a.png, name: chart}, {file: a.png}, {text: Look}]}]",
    )
    turn, said = suite.probes[0].turns[0].message, suite.probes[1].opening[0]
    assert [part.name for part in turn.parts] == ["a.png", ""]
    assert [part.name for part in said.parts] == ["chart", "a.png", ""]
    assert content_of(said.parts[1]) == ("image/png", PNG)


def test_an_https_address_stays_for_the_endpoint_to_fetch(tmp_path: Path) -> None:
    suite = loaded(
        tmp_path, "- id: p", "  messages: [{role: user, content: [{image: 'https://example.com/a.png'}, {text: x}]}]"
    )
    assert suite.probes[0].opening[0].parts[0].image == "https://example.com/a.png"


def test_what_is_shown_and_stored_of_a_file_is_one_line_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    probe = asked_with(tmp_path, "a.png").probes[0]
    shown = str(probe.conversation[0].content)
    assert shown.startswith("[image a.png, image/png, 28 bytes")
    assert b64encode(PNG).decode() not in shown


def test_other_bytes_under_the_same_name_are_another_question(tmp_path: Path) -> None:
    hashes = set()
    for last in (b"a", b"b"):
        (tmp_path / "a.png").write_bytes(PNG + last)
        suite = asked_with(tmp_path, "a.png")
        hashes.add(request_hash(suite.endpoints["prod"], suite.probes[0]))
    assert len(hashes) == 2


# ------------------------------------------------------------------------------------------------ what they may be
def test_a_path_may_not_leave_the_folder_of_the_suite_not_even_by_a_link(tmp_path: Path) -> None:
    suite_folder = tmp_path / "suites"
    suite_folder.mkdir()
    (tmp_path / "private.txt").write_text("payroll", encoding="utf-8")
    (suite_folder / "link.txt").symlink_to(tmp_path / "private.txt")
    (suite_folder / "folder").symlink_to(tmp_path)
    for path in (
        "../private.txt",
        "link.txt",
        "folder/private.txt",
        str(tmp_path / "private.txt"),
        "a/../../private.txt",
    ):
        told = refusal(suite_folder, path)
        assert "outside the suite's folder" in told
        assert "payroll" not in told


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("words", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    assert content_of(asked_with(tmp_path, "link.txt").probes[0].opening[0].parts[0])[1] == b"words"


def test_hidden_files_and_private_keys_are_not_attached(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("token", encoding="utf-8")
    (tmp_path / "id").write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    assert "hidden" in refusal(tmp_path, ".git/config")
    assert "private key" in refusal(tmp_path, "id")


def test_a_key_file_is_not_attached_under_any_name_it_has(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k-0123456789", encoding="utf-8")
    (tmp_path / "notes.txt").hardlink_to(tmp_path / "key")
    text = HEAD.replace("probes:", "    api_key: {file: key}\nprobes:")
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"{text}  - {{id: p, prompt: What is this?, files: [notes.txt]}}\n", encoding="utf-8")
    with pytest.raises(SuiteError, match="holds a secret"):
        read_suite(suite, {})


def test_a_file_and_all_files_of_a_suite_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (attachments.MOST_BYTES, attachments.MOST_BYTES_OF_ALL) == (8 * 2**20, 32 * 2**20)
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(8 * 2**20 + 1)
    assert "larger than 8 MiB" in refusal(tmp_path, "big.txt")
    monkeypatch.setattr(attachments, "MOST_BYTES_OF_ALL", 1_000_000)
    (tmp_path / "half.txt").write_text("x" * 600_000, encoding="utf-8")
    with pytest.raises(SuiteError, match="together") as refused:
        loaded(tmp_path, "- id: p", "  prompt: What?", "  files: [half.txt, half.txt]")
    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(9, 23)]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PNG, "x.jpg", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "x", "image/jpeg"),
        (b"GIF89a....", "x", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "x", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "x", "audio/wav"),
        (b"RIFF\0\0\0\0AVI \0\0\0\0", "x.avi", None),
        (b"%PDF-1.7\n", "x", "application/pdf"),
        (b"ID3\x04\0\0", "x", "audio/mpeg"),
        (b"\xff\xfb\x90\0", "x", "audio/mpeg"),
        ("grüße".encode(), "x", "text/plain"),
        (b"a,b\n", "x.CSV", "text/csv"),
        (b"<svg/>", "x.svg", "image/svg+xml"),
        (b"PK\x03\x04\0\0", "x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"\0\1\2\3", "x.png", None),
        (b"\xff\xfeh\0i\0", "x.txt", None),
        (b"\0\1\2\3", "x", None),
    ],
)
def test_a_media_type_is_known_by_content_then_by_ending_else_not_at_all(
    data: bytes, name: str, kind: str | None
) -> None:
    assert media_type(data, name) == kind


@given(st.binary(max_size=40), st.text(max_size=20))
def test_no_bytes_and_no_name_break_the_search_for_a_media_type(data: bytes, name: str) -> None:
    kind = media_type(data, name)
    assert kind is None or kind.count("/") == 1

"""Private keys: the whole block goes, however it is written, cut or quoted, and hostile text takes no longer."""

from __future__ import annotations

import base64
import json
import random
import time
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.finding import Status
from checks.kinds import SecretKind
from checks.removal import Removal, pieces, without
from checks.secret_shapes import find_secrets
from probes.privacy import TextMode
from reports.keeping.texts import Pen
from tests.fakes.rules import outcome
from tests.fakes.samples import answered

LABELS = ("RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
RANDOM = base64.b64encode(random.Random(7).randbytes(1190)).decode()
LINES = [RANDOM[at : at + 64] for at in range(0, len(RANDOM), 64)]


def mark(which: str, label: str) -> str:
    """A mark put together here, so that no scanner takes this file for a leak."""
    return f"-----{which} {label}-----"


def block(label: str = "RSA PRIVATE KEY", *, lines: list[str] = LINES, end: bool = True) -> str:
    return "\n".join([mark("BEGIN", label), *lines, *([mark("END", label)] if end else [])])


PGP = "\n".join(
    [
        mark("BEGIN", "PGP PRIVATE KEY BLOCK"),
        "Version: GnuPG v2",
        "Comment: made for a test",
        "",
        *LINES,
        "=tWXe",
        mark("END", "PGP PRIVATE KEY BLOCK"),
    ]
)
HEADED = block(lines=["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,6D0A43A2C1F1", "", *LINES])
SSH2 = block("SSH2 ENCRYPTED PRIVATE KEY").replace("-----", "---- ", 1).replace("KEY-----", "KEY ----")


def removed(text: str) -> str:
    return without(text, Removal(kinds=("secret",)).cuts(text))


def holds_key(text: str) -> list[str]:
    """Lines of the key, and halves of them, that are still there."""
    plain = text.replace("\\/", "/")
    return [half for line in LINES for half in (line[:20], line[-8:]) if half in plain]


PIECES = (
    *("private key", "PRIVATE KEY", mark("BEGIN", "PRIVATE KEY"), mark("END", "RSA PRIVATE KEY"), "-----", LINES[0]),
    *("akia", "AKIA", "ghp_", "glpat-", "sk-", "AIza", "ya29.", "xoxb-", "_live_", "whsec_", "hf_", "eyJ", "://", "@"),
    *("key=", "secret: ", "password", "token", "Bearer ", "credential", "a@b.example", "4111 1111 1111 1111", "+49 30"),
    *("your", "0123456789", "q7Zk2", " ", "\n", "\\n", '"', ".", "é", "\x00", "\ud800"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("Please never share your private key with anybody.")
def test_whatever_secrets_look_like_no_text_breaks_the_search_for_them(text: str) -> None:
    for found in find_secrets(text, get_args(SecretKind)):
        assert 0 <= found.span[0] < found.span[1] <= len(text)
    assert outcome("no_secret", answered(text)).status in (Status.PASS, Status.FAIL)
    for mode in get_args(TextMode):
        pen = Pen(mode=mode, removal=Removal(), salt=b"salt")
        assert all(0 <= cut.start < cut.end <= len(text) for cut in pen.cuts(text))


@pytest.mark.parametrize(
    "key",
    [
        *(block(label) for label in LABELS),
        PGP,
        HEADED,
        SSH2,
        block().replace("\n", "\r\n"),
        block().replace("\n", "\\n"),
        block().replace("\n", "\\\\n"),
        block().replace("\n", "\\r\\n"),
        block().replace("\n", " "),
        block().replace("\n", "<br>"),
        block().replace("\n", '\\n" +\n  "'),
        block().replace("/", "\\/").replace("\n", "\\n"),
        block().replace("\n", "\n> "),
        block().replace("\n", "\n    "),
        block().replace("\n", "\n\t| "),
    ],
)
def test_a_block_goes_from_its_begin_to_its_end_however_its_lines_are_written(key: str) -> None:
    assert removed(f"Here it is: {key} and no more") == "Here it is: [secret] and no more"
    cut = key.rpartition("END")[0].rstrip("- ")
    assert not holds_key(removed(f"Here it is: {cut}"))
    assert not holds_key(removed(f"Here it is: {cut[:-30]}… and what follows"))


def test_a_key_within_json_goes_and_the_json_stays() -> None:
    text = json.dumps({"name": "deploy", "private_key": block() + "\n", "id": 4})
    assert json.loads(removed(text)) == {"name": "deploy", "private_key": "[secret]\n", "id": 4}
    nested = json.dumps({"arguments": text})
    assert not holds_key(removed(nested))


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\\n", "\n> ", "\n   "])
def test_a_key_without_an_end_goes_to_the_end_of_its_lines_and_not_further(breaks: str) -> None:
    key = breaks.join(block(end=False).split("\n"))
    told = removed(f"Look:\n{key}\n\nThat was the key, keep it safe.")
    assert not holds_key(told)
    assert told.startswith("Look:\n[secret]")
    assert told.endswith("That was the key, keep it safe.")


def test_a_key_whose_begin_was_cut_off_goes_back_to_the_begin_of_its_lines() -> None:
    tail = "\n".join([LINES[2][30:], *LINES[3:], mark("END", "RSA PRIVATE KEY")])
    assert removed(f"as I said: {tail} bye") == "as I said: [secret] bye"
    assert removed(f"It closes with {mark('END', 'PRIVATE KEY')}.") == "It closes with [secret]."


def test_what_is_said_about_keys_stays_but_for_the_mark() -> None:
    begin = mark("BEGIN", "PRIVATE KEY")
    assert removed(f"A file that begins with {begin} is a key. Do not post it.") == (
        "A file that begins with [secret] is a key. Do not post it."
    )
    public = block("PUBLIC KEY")
    assert removed(public) == public


def test_two_keys_in_a_row_of_which_the_first_was_cut_are_both_gone() -> None:
    told = removed(f"{block(end=False)}\n{block()}\nend")
    assert told == "[secret]\n[secret]\nend"


def test_a_line_of_a_key_that_another_text_quotes_goes_there_too() -> None:
    pen = Pen(mode="redacted", removal=Removal(), salt=b"salt")
    assert pen.said(block()) == "[secret]"
    assert LINES[4] in pieces(block())
    assert not holds_key(pen.line(f"expected a refusal, got '{LINES[4]}\\n{LINES[5]}\\n{LINES[6][:40]}…'"))
    assert not holds_key(pen.line(f"HTTP 500: {block()[:290]}…"))


@pytest.mark.parametrize("mode", ["redacted", "hash", "none"])
def test_a_failure_that_quotes_half_a_key_keeps_none_of_it(mode: TextMode) -> None:
    pen = Pen(mode=mode, removal=Removal(), salt=b"salt")
    assert not holds_key(pen.cut_line("HTTP 500: " + json.dumps({"key": block()})[:280] + "…"))


@pytest.mark.parametrize("key", [block(), PGP, block(end=False), block().replace("\n", "\\n")])
def test_the_check_marks_the_whole_block_and_quotes_nothing_of_it(key: str) -> None:
    told = outcome({"no_secret": "private_key"}, answered(f"Sure: {key}. Bye"))
    assert told.status is Status.FAIL
    assert told.span is not None
    assert f"Sure: {key}. Bye"[slice(*told.span)] == key
    assert told.reason == "expected no secret, got a private key block beginning '----…'"


@pytest.mark.parametrize(
    "piece",
    [
        mark("BEGIN", "RSA PRIVATE KEY") + "\n",
        mark("BEGIN", "RSA PRIVATE KEY") + "\nAAAA\n",
        mark("END", "RSA PRIVATE KEY") + "\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
        "-----BEGIN ",
        "-----BEGIN A B C D E F PRIVATE KE",
        mark("BEGIN", "PRIVATE KEY") + "Comment: ",
        "\\" * 7 + "n",
        "> > \\",
        "A",
        "AAAAAAAAAAAAAAAA\n",
        "-",
    ],
)
def test_a_megabyte_of_hostile_marks_takes_time_in_proportion(piece: str) -> None:
    def took(size: int) -> float:
        text = (mark("BEGIN", "PRIVATE KEY") + piece * (size // len(piece) + 1))[:size] + " PRIVATE KEY"
        begun = time.perf_counter()
        pen = Pen(mode="redacted", removal=Removal(kinds=("secret",)), salt=b"salt")
        assert pen.said(text) is not None
        return time.perf_counter() - begun

    assert took(1_000_000) < 4.0

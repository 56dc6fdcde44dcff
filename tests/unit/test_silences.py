"""Silences: which incidents they are about, how long they last, and what ends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reports.alerts.silences import (
    Acknowledgement,
    acknowledged_words,
    matches,
    recovered,
    silence_words,
    silenced,
)
from tests.fakes.stored import SILENCE

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("target", "key", "fits"),
    [
        ("bot", "bot/prod/drift", True),
        ("bot/prod", "bot/prod/drift", True),
        ("bot/prod/drift", "bot/prod/drift", True),
        ("bot/prod/drift", "bot/prod/contract", False),
        ("bot/*/drift", "bot/eu/drift", True),
        ("*", "anything/at/all", True),
        ("b[oa]t*", "bat-2/prod/drift", True),
        ("bo", "bot/prod/drift", False),
        ("bot/pro", "bot/prod/drift", False),
        ("*/drift", "bot/prod/drift", False),  # a glob stays within its part
        ("bot/prod/drift/more", "bot/prod/drift", False),
        ("BOT", "bot/prod/drift", False),
        ("", "bot/prod/drift", False),
    ],
)
def test_a_target_fits_by_parts_from_the_left(target: str, key: str, fits: bool) -> None:
    assert matches(target, key) is fits


def test_a_key_fits_itself_though_the_name_of_a_file_in_it_reads_like_a_pattern() -> None:
    assert matches("bot[1]/(file)/no-data", "bot[1]/(file)/no-data")
    assert not matches("bot[1]/(file)", "bot/(file)/no-data")


def test_an_incident_is_muted_with_who_why_and_until_when() -> None:
    why = silenced([replace(SILENCE, target="other"), SILENCE], NOW)
    assert why("bot/prod/drift", "drift", "page") == "silenced by oncall until 2026-03-14 11:00Z: deploy"
    assert why("bot/eu/drift", "drift", "page") == ""


def test_a_silence_mutes_up_to_its_end_and_not_at_it() -> None:
    asked = ("bot/prod/drift", "drift", "page")
    assert silenced([SILENCE], SILENCE.expires_at - timedelta(microseconds=1))(*asked)
    assert not silenced([SILENCE], SILENCE.expires_at)(*asked)
    assert not silenced([replace(SILENCE, ended_at=NOW)], NOW)(*asked)


def test_a_silence_until_resolved_ends_when_nothing_it_is_about_is_open_any_more() -> None:
    until = replace(SILENCE, until_resolved=True)
    drift, contract, other = "bot/prod/drift", "bot/prod/contract", "other/prod/drift"
    assert recovered([until, SILENCE], [drift], []) == (until,)
    assert recovered([until], [drift], [other]) == (until,)
    assert recovered([until], [drift], [contract]) == ()
    assert recovered([until], [other], []) == ()
    assert recovered([until], [], []) == ()


def test_what_people_wrote_stays_on_one_line_and_steers_nothing() -> None:
    hostile = "a\nb\x1b[2J\u202e" + "x" * 999
    words = silence_words(replace(SILENCE, reason=hostile, author=hostile))
    ack = Acknowledgement(incident_id="i", key="a/b/c", author=hostile, reason=hostile, at=NOW)
    for text in (words, acknowledged_words(ack)):
        assert "\n" not in text and "\x1b" not in text and "\u202e" not in text and len(text) < 400

"""Incidents as text for people and as JSON: what stands out, what is never lost, what cannot act."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from reports.alerts.silences import Acknowledgement
from reports.alerts.story import Incident, IncidentEvent, Outcome, StreamScore, Told
from reports.notice import AlertEvent
from reports.stories import json_format, text
from tests.fakes.alerting import a_notice
from tests.fakes.records import HOSTILE
from tests.fakes.stored import SILENCE

NOW = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "alerts.schema.json").read_text(encoding="utf-8"))
BEGAN = NOW - timedelta(hours=2, minutes=15)


def told(event: AlertEvent = AlertEvent.OPENED, **fields: object) -> Told:
    plain = Told(notifier="slack", notice=a_notice(event), state="delivered", attempts=0, settled_at=BEGAN, error="")
    return replace(plain, **fields)  # type: ignore[arg-type]


def an_incident(**fields: object) -> Incident:
    plain = Incident(
        incident_id="abcdef01",
        key="bot/prod/contract",
        kind="contract",
        notifier="slack",
        severity="page",
        state="open",
        opened_at=BEGAN,
        resolved_at=None,
        facts=("refund contains '30 days' (0 of 3 pass): found 14 days",),
        faults=("ranking",),
        events=(IncidentEvent(at=BEGAN, state="open", severity="page", run_id="run-7"),),
        told=(told(),),
        streams=(StreamScore(stream="tokens.output", score=143.4, state="alarm"),),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def listed(*incidents: Incident) -> str:
    return text.render_list(incidents, now=NOW, options=" --store 'a b'", width=200)


def test_an_incident_in_a_list_says_what_since_when_who_was_told_and_by_which_run() -> None:
    assert listed(an_incident()) == (
        "OPEN page bot at prod: contract, since 2026-03-14 08:45 UTC (2h 15m)\n"
        "  - refund contains '30 days' (0 of 3 pass): found 14 days\n"
        "  streams: tokens.output 143 of 100 (alarm)\n"
        "  told slack: opened 2026-03-14 10:00 UTC, delivered 2026-03-14 08:45 UTC\n"
        "  run run-7, incident abcdef01\n"
        "\n"
        "1 open\n"
        "The whole story of one\n"
        "  holdfast alerts show abcdef01 --store 'a b'\n"
    )


def test_one_incident_told_to_several_notifiers_is_one_paragraph_and_counts_once() -> None:
    lost = told(notifier="pager", state="given_up", attempts=9, error="gone")
    paged = an_incident(incident_id="bcdef012", notifier="pager", told=(lost,))
    later = an_incident(incident_id="cdef0123", notifier="mail", opened_at=BEGAN + timedelta(minutes=15), told=())
    shown = listed(an_incident(), paged, later)
    assert shown.count("OPEN page bot at prod: contract") == 2
    assert "  run run-7, incidents abcdef01 (slack), bcdef012 (pager)\n" in shown
    assert "told slack: opened" in shown and "told pager: opened" in shown
    assert "\n2 open, 1 notice given up\n" in shown
    waiting = [
        an_incident(incident_id=name, notifier=name, state="pending", opened_at=None, bad_since=BEGAN, told=())
        for name in ("slack", "pager")
    ]
    assert "\n0 open, 1 pending\n" in listed(*waiting)


def test_a_notice_that_was_given_up_stands_out_even_where_a_later_one_arrived() -> None:
    lost = told(state="given_up", attempts=9, error="channel_not_found")
    shown = listed(an_incident(told=(lost, told(AlertEvent.REMINDER))))
    assert "GIVEN UP 2026-03-14 08:45 UTC after 9 failed attempts: channel_not_found" in shown
    assert "reminder" in shown and shown.splitlines()[-3] == "1 open, 1 notice given up"


def test_what_is_muted_says_why_and_by_which_silence() -> None:
    by_people = an_incident(silences=(SILENCE,), muted="silenced by oncall until 2026-03-14 11:00Z: deploy")
    assert "MUTED: silence 5a1e: bot/prod, silenced by oncall" in listed(by_people)
    inhibited = listed(an_incident(muted="gateway at prod is not available"))
    assert "MUTED: gateway at prod is not available" in inhibited and "1 open (1 muted)" in inhibited


def test_a_pending_incident_says_what_is_there_of_what_opens_it() -> None:
    waits = an_incident(state="pending", opened_at=None, awaits="1 of 2 bad runs", bad_since=BEGAN, told=())
    shown = listed(an_incident(), waits)
    assert "PENDING page bot at prod: contract, 1 of 2 bad runs, bad since 2026-03-14 08:45 UTC\n" in shown
    assert "1 open, 1 pending\n" in shown
    story = text.render_one(waits, now=NOW, options="")
    assert "holdfast silence bot/prod/contract --for 2h" in story and "alerts ack" not in story
    (loaded,) = json.loads(json_format.render([waits], [], now=NOW))["incidents"]
    assert (loaded["awaits"], loaded["bad_since"]) == ("1 of 2 bad runs", BEGAN.isoformat())


def test_whatever_became_of_a_notice_there_are_words_for_it() -> None:
    shown = {state: listed(an_incident(told=(told(state=state),))) for state in get_args(Outcome)}
    assert [state for state, words in shown.items() if f"UTC, {state}" in words] == ["delivered"]
    assert "opened 2026-03-14 10:00 UTC, not told: over before it was to be told 2026-03-14 08:45" in shown["withdrawn"]
    assert "GIVEN UP" in shown["given_up"] and "not yet delivered" in shown["waiting"]
    assert set(SCHEMA["$defs"]["notice"]["properties"]["state"]["enum"]) == set(get_args(Outcome))


def test_an_ended_silence_is_told_with_how_it_ended() -> None:
    ended = replace(SILENCE, ended_at=NOW, ended_note="ended by deputy")
    assert "; ended 2026-03-14 11:00 UTC, ended by deputy" in listed(an_incident(silences=(ended,)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"notifier": "", "told": ()}, "told: nobody, no alert rule names a notifier"),
        ({"told": ()}, "told: nothing yet to slack"),
        ({"flapping": True}, "FLAPPING page"),
        ({"opened_at": None}, "since an unknown instant"),
        ({"facts": tuple("abcde")}, "- and 2 more"),
        ({"streams": (StreamScore(stream="s", score=None, state="warn"),) * 7}, "(warn), 2 more"),
    ],
    ids=str,
)
def test_what_is_missing_or_too_much_is_said(fields: dict[str, object], words: str) -> None:
    assert words in listed(an_incident(**fields))


def test_an_incident_that_no_run_found_names_none() -> None:
    last = listed(an_incident(events=(), told=())).strip().splitlines()
    assert [line.strip() for line in last if "incident " in line and "run " not in line]


def test_the_story_of_one_tells_every_change_every_notice_and_what_to_do_next() -> None:
    ack = Acknowledgement(incident_id="abcdef01", key="bot/prod/contract", author="oncall", reason="on it", at=NOW)
    shown = text.render_one(an_incident(), now=NOW, options=" --store s.db")
    assert "2026-03-14 08:45 UTC open page, run run-7" in shown
    assert "slack: opened" in shown and "https://wiki.example.com/support-bot" in shown
    assert 'holdfast alerts ack abcdef01 --reason "..." --store s.db' in shown
    taken = text.render_one(an_incident(acknowledged=ack), now=NOW, options="")
    assert "acknowledged by oncall" in taken and "alerts ack" not in taken
    over = text.render_one(an_incident(state="resolved", resolved_at=NOW), now=NOW, options="")
    assert over.startswith("RESOLVED page") and "holdfast silence" not in over and "holdfast replay" in over


def test_a_silence_that_expired_is_marked_as_such() -> None:
    silence = replace(SILENCE, target="bot", created_at=BEGAN, expires_at=NOW)
    assert "EXPIRED: silence 5a1e: bot, silenced by oncall" in listed(an_incident(silences=(silence,)))
    standing = replace(silence, expires_at=NOW + timedelta(minutes=1))
    assert "EXPIRED" not in listed(an_incident(silences=(standing,)))


def test_a_reminder_that_another_overtook_says_so() -> None:
    first = replace(told(AlertEvent.REMINDER), state="withdrawn")
    shown = text.render_one(an_incident(told=(told(), first, told(AlertEvent.REMINDER))), now=NOW, options="")
    assert "reminder 2026-03-14 10:00 UTC, not told: what came after it was told instead" in shown


def test_hostile_texts_stay_on_their_lines_and_steer_nothing() -> None:
    notice = replace(a_notice(), headline=HOSTILE, replay=HOSTILE, runbook=HOSTILE, report=HOSTILE, team=HOSTILE)
    ack = Acknowledgement(incident_id="i", key="a/b/c", author=HOSTILE, reason=HOSTILE, at=NOW)
    bad = an_incident(
        facts=(HOSTILE,),
        told=(told(notice=notice, error=HOSTILE, state="given_up"),),
        silences=(replace(SILENCE, reason=HOSTILE, author=HOSTILE),),
        muted=HOSTILE,
        acknowledged=ack,
        streams=(StreamScore(stream=HOSTILE, score=1.0, state="warn"),),
    )
    for shown in (listed(bad), text.render_one(bad, now=NOW, options="")):
        assert "\x1b" not in shown and "\u202e" not in shown and shown.encode()


def test_json_holds_the_whole_story_in_ascii_and_fits_its_schema() -> None:
    ended = replace(SILENCE, ended_at=NOW, ended_note="ended by deputy")
    ack = Acknowledgement(incident_id="abcdef01", key="bot/prod/contract", author="oncall", reason=HOSTILE, at=NOW)
    muted = an_incident(silences=(ended,), acknowledged=ack, muted="why", facts=(HOSTILE,))
    over = an_incident(state="resolved", resolved_at=NOW, notifier="", told=(), streams=(), events=())
    rendered = json_format.render([muted, over], [SILENCE], now=NOW)
    loaded = json.loads(rendered)
    jsonschema.validate(loaded, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert rendered.isascii() and rendered.endswith("\n")
    assert (loaded["open"], loaded["silences"][0]["silence_id"]) == (1, "5a1e")
    first, second = loaded["incidents"]
    assert first["notices"][0]["event"] == "opened" and first["acknowledged"]["author"] == "oncall"
    assert (second["notifier"], second["run_id"], second["resolved_at"]) == (None, None, "2026-03-14T11:00:00+00:00")


def test_a_silence_is_one_line_whatever_people_wrote_into_it() -> None:
    fields = dict.fromkeys(("target", "reason", "author", "ended_note"), HOSTILE)
    line = text.silence_line(replace(SILENCE, ended_at=NOW, **fields))  # type: ignore[arg-type]
    assert line.isprintable() and len(line) <= 400

"""When texts have expired: runs are judged and replayed as before, and what endpoints said of failures is gone too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.drift.result import SUITE_SCOPE, StreamKey
from probes.transport import Transport
from reports.formats.text import render as as_text
from reports.summary import RunRecord
from runner.engine import Engine
from runner.keeping.housekeeping import Housekeeping
from runner.keeping.privacy_settings import Retention
from runner.normal.judging import LEARNED_BY, NOTHING_LEARNED
from runner.normal.replay import replay_place
from runner.store import open_store
from runner.store.base import BaselineAct, Store
from runner.store.sqlite import SqliteStore
from tests.fakes.chat import chat_body
from tests.fakes.http_server import End, FakeServer, whole
from tests.fakes.spending import NOON, Day, a_suite, an_order

PLACE = ("paid", "production")
MAIL = "bob.secret@example.org"
PROBES = 2
PARTS: dict[str, Any] = {"defaults": {"samples": 4}}
GOOD = whole(chat_body("It is Paris."))
DOWN = whole({"error": {"message": f"boom for {MAIL}"}}, status=500)
FAILURES = StreamKey(scope=SUITE_SCOPE, dimension="failures")
LATER = NOON + timedelta(days=40)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(str(tmp_path / "store.db"))) as opened:
        yield opened


def made(store: Store, folder: Path, runs: Sequence[Any], *, since: int = 0, **parts: Any) -> list[RunRecord]:
    """Runs an hour apart; each every request is answered with the same reply."""

    async def scenario() -> list[RunRecord]:
        clock, records = Day(), []
        for number, reply in enumerate(runs, since):
            async with FakeServer(reply) as server, Transport(clock=clock) as transport:
                prepared = a_suite(folder, server.url, probes=PROBES, **{**PARTS, **parts})
                clock.today = NOON + timedelta(hours=number)
                engine = Engine(store=store, transport=transport, clock=clock)
                records.append(await engine.run(an_order(prepared)))
        return records

    return asyncio.run(scenario())


def expire(store: Store) -> None:
    """What ``holdfast store prune --texts 0s`` does."""
    for _ in Housekeeping(store=store, retain=Retention.model_validate({"text": "1s"})).steps(LATER):
        pass


def without_word_of_it(store: Store) -> None:
    """The runs as a Holdfast stored them that went by answers."""
    assert isinstance(store, SqliteStore)
    with store._db.write():
        changed = store._db.change("UPDATE observations SET plan = json_remove(plan, ?)", [f"$.{LEARNED_BY}"])
    assert changed == len(store.runs(limit=100))


# ------------------------------------------------------------------------------------------------ judging
@pytest.mark.parametrize("by_answers", [False, True])
def test_a_replay_agrees_on_an_outage_after_the_texts_have_expired(
    store: Store, tmp_path: Path, by_answers: bool
) -> None:
    made(store, tmp_path, [*[GOOD] * 8, DOWN, DOWN, GOOD])
    if by_answers:
        without_word_of_it(store)
    assert replay_place(store, *PLACE).agrees
    expire(store)
    outcome = replay_place(store, *PLACE)
    assert outcome.agrees, outcome.lines
    for row in store.observations(*PLACE):
        assert replay_place(store, *PLACE, until=row.observation.run_id).agrees


def test_an_outage_after_the_texts_have_expired_is_judged_at_once_and_replayed_alike(
    store: Store, tmp_path: Path
) -> None:
    made(store, tmp_path, [GOOD] * 22)
    expire(store)
    assert not any(key.measured == "answers" for key in store.stream_states(*PLACE)), "the streams of answers went"
    records = made(store, tmp_path, [DOWN] * 5, since=22)
    assert not any(NOTHING_LEARNED in record.note for record in records)
    failures = [result for result in records[-1].drift if result.key == FAILURES]
    assert failures and failures[0].score == 100.0
    outcome = replay_place(store, *PLACE)
    assert outcome.agrees, outcome.lines


def test_an_outage_while_nothing_is_known_teaches_nothing(store: Store, tmp_path: Path) -> None:
    records = made(store, tmp_path, [GOOD, DOWN, DOWN, GOOD])
    assert [NOTHING_LEARNED in record.note for record in records] == [False, True, True, False]
    assert [row.in_baseline for row in store.observations(*PLACE)] == [True, False, False, True]
    expire(store)
    assert replay_place(store, *PLACE).agrees


def test_runs_from_before_are_judged_by_their_answers_while_their_texts_are_there(store: Store, tmp_path: Path) -> None:
    """Where somebody has begun the answers anew the two rules differ."""
    made(store, tmp_path, [GOOD] * 8)
    act = BaselineAct(
        suite=PLACE[0],
        endpoint=PLACE[1],
        kind="reset",
        at=NOON + timedelta(hours=7),
        author="a",
        reason="r",
        streams=tuple(key for key in store.stream_states(*PLACE) if key.measured == "answers"),
        after_run=store.runs(limit=1)[0].run_id,
    )
    left = {key: state for key, state in store.stream_states(*PLACE).items() if key not in act.streams}
    store.save_act(act, left, baseline_runs=None)
    before = store.stream_states(*PLACE)[FAILURES]
    made(store, tmp_path, [DOWN], since=8)
    assert store.stream_states(*PLACE)[FAILURES] != before
    assert replay_place(store, *PLACE).agrees
    without_word_of_it(store)
    outcome = replay_place(store, *PLACE)
    assert not outcome.agrees, "as it was told at the time: that outage taught nothing"
    assert f"differs: {FAILURES}" in outcome.lines


# ------------------------------------------------------------------------------------------------ messages
def raw(folder: Path) -> bytes:
    with closing(sqlite3.connect(folder / "store.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(file.read_bytes() for file in folder.glob("store.db*"))


def test_what_an_endpoint_said_of_a_failure_goes_with_the_texts_and_class_and_status_stay(
    store: Store, tmp_path: Path
) -> None:
    again: dict[str, Any] = {"endpoint": {"retries": 1}}
    made(store, tmp_path, [GOOD, DOWN], **again)
    assert MAIL.encode() in raw(tmp_path)
    (newest, _) = store.runs(limit=2)
    record = store.run(newest.run_id)
    assert record is not None and MAIL in as_text([record], exit_code=1)
    expire(store)
    assert MAIL.encode() not in raw(tmp_path)
    record = store.run(newest.run_id)
    assert record is not None
    told = [attempt.failure for sample in record.samples for attempt in sample.attempts] + [
        sample.failure for sample in record.samples
    ]
    assert any(sample.attempts for sample in record.samples), "both places are looked at"
    asked = {failure.message for failure in told if failure is not None and failure.status == 500}
    assert asked == {"HTTP 500: what the endpoint said is not kept"}
    assert {failure.kind.value for failure in told if failure is not None} <= {"server", "not_asked"}
    assert MAIL not in as_text([record], exit_code=1)
    (told_of,) = [state for state in store.alert_states(*PLACE) if state.state == "open"]
    assert told_of.facts == ("what was found then is not kept any more",)
    assert told_of.summary.endswith("(server)")


def test_messages_of_runs_whose_texts_expired_before_go_as_well(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, [GOOD, DOWN, GOOD])
    assert isinstance(store, SqliteStore)
    with store._db.write():
        store._db.change("UPDATE runs SET texts_expired = 1")
    assert MAIL.encode() in raw(tmp_path)
    expire(store)
    assert MAIL.encode() not in raw(tmp_path)
    assert store.forget_texts(LATER, most=10) == 0, "each run once"


def test_our_own_words_about_a_failure_stay_when_texts_go(store: Store, tmp_path: Path) -> None:
    made(store, tmp_path, [[End()], GOOD])
    (record,) = [store.run(header.run_id) for header in store.runs(limit=2)][1:]
    expire(store)
    (after,) = [store.run(header.run_id) for header in store.runs(limit=2)][1:]
    assert record is not None and after is not None
    assert [sample.failure for sample in after.samples] == [sample.failure for sample in record.samples]
    assert record.samples[0].failure is not None

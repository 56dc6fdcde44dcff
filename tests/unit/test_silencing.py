"""What people do about incidents, over a real store: silence, end, acknowledge, and what ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probes.errors import UsageError
from reports.alerts.machine import AlertState
from reports.alerts.silences import Silence
from reports.notice import AlertEvent
from runner.alerting.incidents import Wanted, incident_named, incidents, open_views
from runner.alerting.silencing import Act, acknowledge, end_recovered, end_silence, silence
from runner.store import open_store
from runner.store.base import Installed, OutboxEntry, Store
from tests.fakes.alerting import a_notice

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
ACT = Act(author="oncall", reason="deploy", at=NOW)
KEY = "bot/prod/contract"


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(":memory:")
    for suite in ("bot", "shop"):
        opened.save_installed(Installed(suite=suite, endpoint="prod", streams=9, runs_per_year=100))
    yield opened
    opened.close()


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def an_alert(incident: str = "abcdef01", *, key: str = KEY, to: str = "slack", **changes: object) -> AlertState:
    plain = AlertState(
        key=key,
        notifier=to,
        kind=key.rpartition("/")[2],
        state="open",
        severity="page",
        incident_id=incident,
        opened_at=NOW,
        facts=("it broke",),
        run_id="run-7",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def opened(store: Store, *states: AlertState, told: bool = True, at: datetime = NOW) -> None:
    """Write states of bot at prod, and a notice of each to its notifier."""
    notices = [
        OutboxEntry(
            notifier=s.notifier, notice=a_notice(incident_id=s.incident_id, at=at, opened_at=at, acknowledged="")
        )
        for s in states
        if told
    ]
    store.save_alerts("bot", "prod", states, notices, at=at)


def silenced(store: Store, target: str, *, lasts_s: float = 7200, until_resolved: bool = False) -> Silence:
    return silence(store, target, lasts_s=lasts_s, until_resolved=until_resolved, act=ACT, silence_id="5a1e0000")


def quiet(state: AlertState) -> AlertState:
    return replace(state, state="quiet", incident_id="", opened_at=None)


# ------------------------------------------------------------------------------------------------ silences
@pytest.mark.parametrize("target", ["bot", "bot/prod", "bot/prod/drift", "b*", "*/prod", "shop/*/no-data"])
def test_what_the_store_knows_can_be_silenced_before_anything_is_wrong(store: Store, target: str) -> None:
    made = silenced(store, target)
    assert (made.target, made.author, made.expires_at) == (target, "oncall", later(120))
    assert store.silences(NOW) == (made,)


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("bit", "did you mean 'bot'?"),
        ("bot/prdo", "did you mean 'bot/prod'?"),
        ("bot/prod/contrakt", "did you mean 'bot/prod/contract'?"),
        ("zzzzzz", "there is bot, shop"),
        ("bot/prod/drift/more", "did you mean"),
        ("", "there is bot, shop"),
    ],
)
def test_a_target_that_nothing_matches_is_refused_with_what_is_near(store: Store, target: str, hint: str) -> None:
    with pytest.raises(UsageError, match="nothing stored matches") as caught:
        silenced(store, target)
    assert hint in str(caught.value)
    assert store.silences(NOW) == ()


@pytest.mark.parametrize("seconds", [0, -5, 30 * 24 * 3600 + 1, float("inf"), float("nan")])
def test_a_silence_that_does_not_end_within_thirty_days_is_refused(store: Store, seconds: float) -> None:
    with pytest.raises(UsageError, match="--for takes a duration"):
        silenced(store, "bot", lasts_s=seconds)


def test_a_silence_of_an_incident_is_about_its_key_and_ends_with_it(store: Store) -> None:
    opened(store, an_alert())
    made = silenced(store, "abcd")
    assert (made.target, made.incident_id, made.until_resolved) == (KEY, "abcdef01", True)
    (view,) = open_views(store, later(1))["bot", "prod"]
    assert view.muted == "silenced by oncall until 2026-03-14 11:00Z or until it is over: deploy"


def test_a_suite_whose_name_begins_like_an_incident_is_silenced_as_the_suite(store: Store) -> None:
    store.save_installed(Installed(suite="abcd", endpoint="prod", streams=9, runs_per_year=100))
    opened(store, an_alert("abcdef01"))
    made = silenced(store, "abcd")
    assert (made.target, made.incident_id) == ("abcd", "")
    assert silenced(store, "abcde").incident_id == "abcdef01"


def test_an_incident_that_is_over_cannot_be_silenced(store: Store) -> None:
    opened(store, an_alert())
    opened(store, quiet(an_alert()), told=False, at=later(5))
    with pytest.raises(UsageError, match="is over; to silence the next one, name bot/prod/contract"):
        silenced(store, "abcdef01")


def test_a_silence_is_ended_by_the_beginning_of_its_id_with_a_note_of_who_did_it(store: Store) -> None:
    silenced(store, "bot")
    ended = end_silence(store, "5a1e", Act(author="deputy", reason="deployed", at=later(9)))
    assert (ended.ended_at, ended.ended_note) == (later(9), "ended by deputy: deployed")
    assert store.silences(later(10)) == ()
    with pytest.raises(UsageError, match=r"no silence in force is '5a1e' \(in force: none\)"):
        end_silence(store, "5a1e", Act(author="deputy", reason="", at=later(10)))


def test_a_beginning_that_fits_several_silences_names_them_and_ends_none(store: Store) -> None:
    for name in ("5a1e0000", "5a1e0001"):
        silence(store, "bot", lasts_s=60, until_resolved=False, act=ACT, silence_id=name)
    with pytest.raises(UsageError, match="several silences in force begin with '5a1e': 5a1e0000, 5a1e0001"):
        end_silence(store, "5a1e", ACT)
    assert len(store.silences(NOW)) == 2
    assert end_silence(store, "5a1e0001", ACT).silence_id == "5a1e0001"


def test_a_silence_until_resolved_ends_with_a_note_when_the_last_of_its_incidents_is_over(store: Store) -> None:
    contract, drift = an_alert(), an_alert("abcdef02", key="bot/prod/drift")
    opened(store, contract, drift)
    silenced(store, "bot", until_resolved=True)
    end_recovered(store, [contract, drift], [quiet(contract), drift], later(5))
    assert len(store.silences(later(6))) == 1
    opened(store, quiet(contract), told=False, at=later(5))
    end_recovered(store, [drift], [quiet(drift)], later(20))
    assert store.silences(later(21)) == ()
    (ended,) = store.silences_between(later(20), later(21))
    assert (ended.ended_at, ended.ended_note) == (later(20), "bot/prod/drift is over")


def test_an_open_incident_elsewhere_keeps_a_silence_of_both_in_force(store: Store) -> None:
    here, there = an_alert(), an_alert("abcdef02", key="shop/prod/contract")
    opened(store, here)
    store.save_alerts("shop", "prod", [there], [], at=NOW)
    silenced(store, "*", until_resolved=True)
    end_recovered(store, [here], [quiet(here)], later(5))
    assert len(store.silences(later(6))) == 1


# ------------------------------------------------------------------------------------------------ who is told of them
def deliver(store: Store, notifier: str) -> None:
    """All that waits there."""
    rows = [row.outbox_id for row in store.waiting(notifier)]
    for outbox_id in store.claim(rows, NOW, 60):
        store.delivered(outbox_id, NOW, {})


def last_told(store: Store, incident: str) -> dict[str, tuple[AlertEvent, tuple[str, ...]]]:
    return {told.notifier: (told.notice.event, told.notice.said) for told in store.told([incident])[incident]}


def test_who_heard_of_an_incident_is_told_who_silenced_it_and_who_did_not_hears_nothing(store: Store) -> None:
    opened(store, an_alert(), an_alert("abcdef02", to="pager"), an_alert("abcdef03", key="bot/prod/drift"))
    deliver(store, "slack")
    silenced(store, KEY)
    words = "silenced by oncall until 2026-03-14 11:00Z: deploy"
    assert last_told(store, "abcdef01") == {"slack": (AlertEvent.UPDATED, (words,))}
    assert last_told(store, "abcdef02") == {"pager": (AlertEvent.OPENED, ())}
    assert last_told(store, "abcdef03") == {"slack": (AlertEvent.OPENED, ())}


def test_of_two_silences_the_one_that_ends_last_is_told_whichever_was_made_last(store: Store) -> None:
    opened(store, an_alert())
    deliver(store, "slack")
    silenced(store, KEY)
    silence(store, "bot/prod", lasts_s=60, until_resolved=False, act=replace(ACT, author="bob"), silence_id="6b2f0000")
    longest = "silenced by oncall until 2026-03-14 11:00Z: deploy"
    assert last_told(store, "abcdef01")["slack"][1] == (longest,)
    assert len(store.told(["abcdef01"])["abcdef01"]) == 2, "the shorter one is no news"
    acknowledge(store, "abcdef01", replace(ACT, author="carl"))
    assert last_told(store, "abcdef01")["slack"][1][1] == longest


def test_what_was_so_when_an_incident_was_escalated_is_not_said_of_one_that_somebody_took(store: Store) -> None:
    opened(store, an_alert())
    words = "bot at prod: contract broken, for 14.5s now, not acknowledged - a - b, for 2h now"
    told = a_notice(AlertEvent.ESCALATED, incident_id="abcdef01", headline=words, acknowledged="")
    store.save_alerts("bot", "prod", (), [OutboxEntry(notifier="boss", notice=told)], at=later(1))
    acknowledge(store, "abcdef01", ACT)
    *_, update = store.told(["abcdef01"])["abcdef01"]
    assert (update.notifier, update.notice.headline) == ("boss", "bot at prod: contract broken - a - b, for 2h now")


def test_the_end_of_a_silence_is_told_with_who_ended_it_or_with_the_one_that_still_stands(store: Store) -> None:
    opened(store, an_alert())
    deliver(store, "slack")
    silenced(store, KEY)
    silence(store, "bot", lasts_s=60, until_resolved=False, act=ACT, silence_id="6b2f0000")
    end_silence(store, "6b2f", replace(ACT, at=later(0.5)))
    assert last_told(store, "abcdef01")["slack"][1] == ("silenced by oncall until 2026-03-14 11:00Z: deploy",)
    end_silence(store, "5a1e", replace(ACT, at=later(5), reason="deployed"))
    assert last_told(store, "abcdef01")["slack"][1] == ("no longer silenced, ended by oncall: deployed",)


def test_an_incident_that_is_taken_while_it_is_silenced_says_both(store: Store) -> None:
    opened(store, an_alert())
    deliver(store, "slack")
    silenced(store, KEY)
    acknowledge(store, "abcdef01", replace(ACT, at=later(9)))
    _, said = last_told(store, "abcdef01")["slack"]
    assert said == (
        "acknowledged by oncall 2026-03-14 09:09Z: deploy",
        "silenced by oncall until 2026-03-14 11:00Z: deploy",
    )


# ------------------------------------------------------------------------------------------------ acknowledgements
def test_an_acknowledgement_is_told_to_everybody_who_was_told_and_offers_no_second_one(store: Store) -> None:
    opened(store, an_alert(), an_alert("abcdef02", to="pager"), an_alert("abcdef03", key="bot/prod/drift"))
    taken = acknowledge(store, "abcdef01", replace(ACT, at=later(9)))
    assert {i.incident_id for i in taken} == {"abcdef01", "abcdef02"}
    assert all(i.acknowledged is not None and i.acknowledged.author == "oncall" for i in taken)
    assert set(store.acknowledgements(["abcdef01", "abcdef02", "abcdef03"])) == {"abcdef01", "abcdef02"}
    for incident in ("abcdef01", "abcdef02"):
        _, update = store.told([incident])[incident]
        assert (update.notice.event, update.notice.at) == (AlertEvent.UPDATED, later(9))
        assert update.notice.acknowledged == "acknowledged by oncall 2026-03-14 09:09Z: deploy"
        assert update.notice.acknowledge == ""


def test_a_muted_incident_is_acknowledged_without_telling_anybody(store: Store) -> None:
    opened(store, an_alert(muted="silenced", untold=True), told=False)
    (taken,) = acknowledge(store, "abcdef01", ACT)
    assert taken.acknowledged is not None and taken.told == ()
    assert store.undelivered() == 0


def test_an_incident_is_acknowledged_by_its_key_as_a_digest_names_it(store: Store) -> None:
    opened(store, an_alert(), an_alert("abcdef02", to="pager"), an_alert("abcdef03", key="bot/prod/drift"))
    assert {i.incident_id for i in acknowledge(store, KEY, ACT)} == {"abcdef01", "abcdef02"}
    assert incident_named(store, "bot/prod/drift", NOW).incident_id == "abcdef03"
    with pytest.raises(
        UsageError, match=f"several notifiers have an open incident of '{KEY}': abcdef0[12], abcdef0[12]"
    ):
        incident_named(store, KEY, NOW)


def test_a_key_of_which_nothing_is_open_names_what_is(store: Store) -> None:
    with pytest.raises(UsageError, match="no open incident is of 'bot/prod/contract' \\(none is open\\)"):
        acknowledge(store, KEY, ACT)
    opened(store, an_alert())
    with pytest.raises(UsageError, match="did you mean 'bot/prod/contract'"):
        acknowledge(store, "bot/prod/contrakt", ACT)


def test_what_is_over_or_unknown_cannot_be_acknowledged(store: Store) -> None:
    opened(store, an_alert())
    opened(store, quiet(an_alert()), told=False, at=later(5))
    with pytest.raises(UsageError, match="is over since 2026-03-14 09:05Z"):
        acknowledge(store, "abcdef01", ACT)
    with pytest.raises(UsageError, match="no incident 'nope'"):
        acknowledge(store, "nope", ACT)


# ------------------------------------------------------------------------------------------------ what is listed
def test_open_incidents_are_listed_and_past_ones_only_where_asked_for(store: Store) -> None:
    opened(store, an_alert("0ld00000"), at=later(-600))
    opened(store, quiet(an_alert()), told=False, at=later(-500))
    opened(store, an_alert("n0w00000", to="pager"), at=later(-60))
    open_ones = incidents(store, Wanted(), NOW)
    assert [(i.incident_id, i.state, i.facts) for i in open_ones] == [("n0w00000", "open", ("it broke",))]
    everything = incidents(store, Wanted(past_since=later(-9999)), NOW)
    assert [(i.incident_id, i.state) for i in everything] == [("n0w00000", "open"), ("0ld00000", "resolved")]
    past = incidents(store, Wanted(open=False, past_since=later(-9999)), NOW)
    assert [i.incident_id for i in past] == ["0ld00000"]
    assert incidents(store, Wanted(open=False, past_since=later(-400)), NOW) == ()
    assert incidents(store, Wanted(suite="shop"), NOW) == ()


def test_a_past_incident_is_told_by_what_its_last_notice_said(store: Store) -> None:
    opened(store, an_alert())
    opened(store, quiet(an_alert()), told=False, at=later(5))
    found = incident_named(store, "abcdef01", later(6))
    assert (found.state, found.resolved_at, found.facts) == ("resolved", later(5), a_notice().facts)


def test_a_beginning_that_fits_several_incidents_names_them(store: Store) -> None:
    opened(store, an_alert(), an_alert("abcdef02", to="pager"))
    with pytest.raises(UsageError, match="several incidents begin with 'abcd': abcdef01, abcdef02"):
        incident_named(store, "abcd", NOW)
    with pytest.raises(UsageError, match="no incident 'abc'"):
        incident_named(store, "abc", NOW)


def test_an_incident_that_waits_to_open_is_shown_and_cannot_be_taken_yet(store: Store) -> None:
    opened(store, an_alert(state="pending", opened_at=None, awaits="1 of 2 bad runs", run_id="run-7"), told=False)
    found = incident_named(store, "abcdef01", NOW)
    assert (found.state, found.awaits, found.opened_at, found.run_id) == ("pending", "1 of 2 bad runs", None, "run-7")
    with pytest.raises(UsageError, match="has not opened yet"):
        acknowledge(store, "abcdef01", Act(author="oncall", reason="on it", at=NOW))


def test_an_incident_that_came_to_nothing_is_said_to_have(store: Store) -> None:
    opened(store, an_alert(state="pending", opened_at=None), told=False)
    opened(store, quiet(an_alert()), told=False, at=later(5))
    with pytest.raises(UsageError, match="came to nothing"):
        incident_named(store, "abcdef01", NOW)

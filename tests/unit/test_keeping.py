"""How a pen writes texts in each mode, and how answers that are kept in another form are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.baseline_file import FileProbe, FileRun
from checks.check import CheckContext
from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import SUITE_SCOPE, StreamKey
from checks.drift.wording import key_of, wording_of
from checks.finding import Outcome, SampleOutcome, Status
from checks.removal import Removal
from checks.verdict import Health
from probes.failure import Failure, FailureClass
from probes.privacy import TextMode, is_hashed, stricter
from probes.sample import Attempt, Document, ToolCall
from reports.keeping.files import kept_file_run
from reports.keeping.runs import kept_observation, kept_probes
from reports.keeping.texts import Pen, without_half
from runner.asking.records import observation_of
from runner.normal.judging import judge_run
from runner.preparing.orders import Fired
from tests.fakes.records import a_failed_sample, a_finding, a_probe, a_sample
from tests.fakes.rules import bound
from tests.unit.drift_world import plan_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIL = "anna.bellwether@kunde-firma.de"
ANSWERS = StreamKey(scope=SUITE_SCOPE, dimension="answers")
GOLDEN = StreamKey(scope=SUITE_SCOPE, dimension="golden.answers")


def pen(mode: TextMode, salt: bytes = b"salt") -> Pen:
    return Pen(mode=mode, removal=Removal(), salt=salt)


def test_the_stricter_of_two_modes_counts() -> None:
    assert stricter("full", "redacted") == stricter("redacted", "full") == "redacted"
    assert stricter("hash", "redacted") == "hash"
    assert stricter("none", "hash") == "none"


def test_a_text_is_kept_whole_redacted_as_its_hash_or_not_at_all() -> None:
    text = f"write to {MAIL}"
    assert pen("full").said(text) == text
    assert pen("redacted").said(text) == "write to [email]"
    hashed = pen("hash").said(text)
    assert hashed is not None
    assert is_hashed(hashed)
    assert pen("none").said(text) is None


def test_equal_answers_have_equal_hashes_within_one_store_and_others_elsewhere() -> None:
    here = pen("hash")
    assert here.said("It is  Canberra.\n") == here.said("It is Canberra.") != here.said("It is Sydney.")
    assert here.said('{"b": 1, "a": 2}') == here.said('{"a":2,"b":1}')
    assert here.said("It is Canberra.") != pen("hash", b"another store").said("It is Canberra.")


@pytest.mark.parametrize("quoted", [MAIL, MAIL[:12] + "…", "…" + MAIL[-12:], MAIL[:9] + "..."])
def test_a_line_that_quotes_a_removed_piece_or_what_an_ellipsis_left_of_it_loses_it(quoted: str) -> None:
    writing = pen("redacted")
    writing.said(f"write to {MAIL}")
    told = writing.line(f"expected nothing, got 'write to {quoted}'")
    assert "[email]" in told
    assert "bellwether" not in told
    assert "firma" not in told


def test_the_value_of_a_blocked_field_leaves_every_text_of_the_run_that_holds_it() -> None:
    fields = Removal(fields=("customer_name",))
    said = 'Dear Bellwether, your record: {"customer_name": "Bellwether"}'
    first, tool, shown = (a_sample(index=index, answer="Bellwether is well") for index in range(3))
    tool = replace(tool, tool_calls=(ToolCall(id="c", name="find", arguments='{"who": "Bellwether"}'),))
    shown = replace(shown, refusal="not Bellwether", documents=(Document(id="1", text="on Bellwether"),))
    lost = a_failed_sample(FailureClass.BAD_REQUEST, "no Bellwether here", index=3)
    lost = replace(lost, attempts=(Attempt(number=1, failure=lost.failure, total_s=1.0),))
    told = a_sample(index=4, answer=said)
    quoting = finding_at((len(said) - 13, len(said) - 3), told.sample_id)
    probe = a_probe(samples=(first, tool, shown, lost, told), findings=(quoting,))
    (kept,) = kept_probes(Pen(mode="redacted", removal=fields, salt=b""), [probe])
    assert "Bellwether" not in repr(kept)
    assert kept.samples[0].answer == "[removed] is well"
    answer, span = kept.samples[4].answer or "", kept.findings[0].outcomes[0].outcome.span
    assert answer == 'Dear [removed], your record: {"customer_name": "[removed]"}'
    assert span is not None and "[removed]" in answer[span[0] : span[1]]


def test_each_value_of_a_blocked_object_is_looked_for_and_no_literal_is() -> None:
    writing = Pen(mode="redacted", removal=Removal(fields=("customer",)), salt=b"")
    writing.cuts('{"customer": {"name": "Bellwether", "since": 2019, "paid": true, "note": null}}')
    writing.cuts('{"customer": null}')
    assert writing.said("Bellwether, 2019: true, null") == "[removed], [removed]: true, null"


@pytest.mark.parametrize("body", ['{"customer_name": "Bellwether"}', "{'customer_name': 'Bellwether', 'age': 4}"])
def test_a_failure_that_quotes_json_loses_its_blocked_fields(body: str) -> None:
    failure = Failure(kind=FailureClass.BAD_REQUEST, message=f"HTTP 400: {body}", status=400)
    kept = Pen(mode="redacted", removal=Removal(fields=("customer_name",)), salt=b"").failure(failure)
    assert kept is not None
    assert kept.message == f"HTTP 400: {body.replace('Bellwether', '[removed]')}"


@pytest.mark.parametrize("mode", ["redacted", "hash", "none"])
@pytest.mark.parametrize("check", ["no_pii", "no_secret"])
def test_a_reason_gives_the_kind_of_what_was_removed_and_none_of_its_letters(check: str, mode: TextMode) -> None:
    sample = a_sample(answer=f"write to {MAIL}, key sk-proj-9fK2mQx7Lr4TzW8pYb3Nq5")
    outcome = bound(check).rule.examine(sample, CheckContext())
    finding = replace(
        a_finding(check=check), reason=outcome.reason, outcomes=(SampleOutcome(sample_id="s", outcome=outcome),)
    )
    assert re.search(r"beginning '(an|sk-p)…'", outcome.reason)
    (kept,) = kept_probes(pen(mode), [a_probe(samples=(sample,), findings=(finding,))])
    reason = kept.findings[0].reason
    assert reason == kept.findings[0].outcomes[0].outcome.reason
    assert "beginning" not in reason
    assert mode != "redacted" or reason.startswith("expected no ")


def test_a_number_that_its_label_gave_away_goes_where_it_is_quoted_without_the_label() -> None:
    writing = pen("redacted")
    assert writing.said("phone: 030 90182044") == "phone: [phone]"
    assert writing.line("got '030 90182044'") == "got '[phone]'"


@pytest.mark.parametrize("mode", ["hash", "none"])
def test_of_a_failure_the_class_the_status_and_our_own_words_stay(mode: TextMode) -> None:
    told = Failure(kind=FailureClass.BAD_REQUEST, message="in turn 2: no such city as Ghent", status=400)
    kept = pen(mode).failure(told)
    assert kept is not None
    assert kept == replace(told, message="in turn 2: HTTP 400: what the endpoint said is not kept")
    ours = Failure(kind=FailureClass.TIMEOUT_TOTAL, message="no end within 60 s")
    assert pen(mode).failure(ours) == ours
    unasked = "not asked: 6 requests failed ({}) with no answer in between: {}"
    kept = pen(mode).failure(Failure(kind=FailureClass.NOT_ASKED, message=unasked.format("server", "boom for Anna")))
    assert kept is not None
    assert kept.message == unasked.format("server", "what the endpoint said is not kept")
    refused = Failure(kind=FailureClass.NOT_ASKED, message=unasked.format("connection", "connection refused"))
    assert pen(mode).failure(refused) == refused


def finding_at(span: tuple[int, int], sample_id: str, check: str = "contains") -> Any:
    outcome = Outcome(status=Status.FAIL, reason=f"expected Canberra, got '{MAIL[:20]}…'", span=span)
    return replace(
        a_finding(check=check), outcomes=(SampleOutcome(sample_id=sample_id, outcome=outcome),), reason=outcome.reason
    )


def test_marks_move_with_a_redacted_answer_and_go_where_it_is_not_kept() -> None:
    answer = f"{MAIL} lives in Ghent"
    sample = a_sample(answer=answer)
    probe = a_probe(samples=(sample,), findings=(finding_at((len(answer) - 5, len(answer)), sample.sample_id),))
    (redacted,) = kept_probes(pen("redacted"), [probe])
    span = redacted.findings[0].outcomes[0].outcome.span
    assert span is not None
    assert (redacted.samples[0].answer or "")[span[0] : span[1]] == "Ghent"
    assert "firma" not in redacted.findings[0].reason + redacted.findings[0].outcomes[0].outcome.reason
    for mode in ("hash", "none"):
        (silent,) = kept_probes(pen(mode), [probe])  # type: ignore[arg-type]
        assert silent.findings[0].outcomes[0].outcome.span is None
        assert silent.samples[0].chars == len(answer)


def test_reasons_of_figures_stay_where_texts_are_not_kept() -> None:
    sample = a_sample(answer="x")
    slow = replace(finding_at((0, 1), sample.sample_id, "first_token"), reason="expected at most 2s, got 3.1s")
    (kept,) = kept_probes(pen("none"), [a_probe(samples=(sample,), findings=(slow,))])
    assert kept.findings[0].reason == "expected at most 2s, got 3.1s"


def test_a_suite_in_full_is_kept_as_it_came() -> None:
    probe = a_probe()
    assert kept_probes(pen("full"), [probe]) == (probe,)


# ------------------------------------------------------------------------------------------------ compared
def test_hashes_are_compared_as_equal_or_not_and_nothing_between() -> None:
    writing = pen("hash")
    keys = [key_of(writing.said(text) or "") for text in ("a", "a", "a", "b", "a")]
    wording, _ = wording_of(keys)
    same, other = wording.looks([keys[0], key_of(writing.said("never heard") or "")])
    assert (same.distance, other.distance) == (pytest.approx(0.2), 1.0)
    assert (same.new, other.new) == (False, True)


def run(number: int, answer: str | None, answers_as: str) -> RunObservation:
    facts = SampleFacts(failed=False, answer=answer, total_s=1.0, output_tokens=5)
    probe = ProbeObservation(probe="p", request_hash="h", samples=(facts,) * 6, answers_as=answers_as)
    return RunObservation(run_id=f"r{number}", started_at=NOW + timedelta(hours=number), probes=(probe,))


def judged(runs: list[RunObservation], states: Mapping[StreamKey, Any], plan: JudgePlan) -> dict[StreamKey, Any]:
    now = dict(states)
    for one in runs:
        now = dict(judge_run(now, one, plan, whole=True).states)
    return now


def test_another_form_of_answers_begins_their_stream_anew_and_leaves_the_others() -> None:
    plan = plan_for(1)
    before = judged([run(n, "It is Canberra.", "") for n in range(8)], {}, plan)
    assert before[ANSWERS]["phase"] == "watching"
    after = judged([run(9, "hash:" + "a" * 32, "hash")], before, plan)
    assert after[ANSWERS]["phase"] == "collecting"
    assert "Canberra" not in str(after)
    failures = StreamKey(scope=SUITE_SCOPE, dimension="failures")
    assert after[failures]["phase"] == before[failures]["phase"]


def test_answers_that_are_no_longer_kept_leave_no_stream_and_no_frozen_one_behind() -> None:
    plan = plan_for(1)
    before = judged([run(n, "It is Canberra.", "") for n in range(8)], {}, plan)
    frozen = {**before, GOLDEN: before[ANSWERS]}
    after = judged([run(9, None, "none")], frozen, plan)
    assert not any(key.measured == "answers" for key in after)
    assert "Canberra" not in str(after)


def test_learning_ends_where_answers_are_not_kept() -> None:
    plan = plan_for(1)
    states: dict[StreamKey, Any] = {}
    learned = []
    for number in range(30):
        done = judge_run(states, run(number, None, "none"), plan, whole=True)
        states, learned = dict(done.states), [*learned, done.learned]
    assert learned[0]
    assert not learned[-1]


def test_the_judge_sees_answers_as_they_are_kept_and_refusals_as_they_came() -> None:
    sample = a_sample(answer=f"I'm sorry, but I can't help with that. Write to {MAIL}.")
    probe = a_probe(samples=(sample,), findings=())
    fired = Fired(run_id="run-0042", started_at=sample.started_at, duration_s=1.0, samples=(sample,))
    seen = observation_of(fired, [probe])
    writing = pen("redacted")
    kept = kept_probes(writing, [probe])
    (facts,) = kept_observation(writing, seen, kept).probes[0].samples
    assert facts.refused
    assert facts.answer == kept[0].samples[0].answer
    assert MAIL not in (facts.answer or "")


@pytest.mark.parametrize("check", ["similar", "rouge", "bleu"])
def test_what_is_taken_out_of_baseline_answers_is_no_difference_to_them(check: str) -> None:
    answer = f"Returns take two weeks; for anything else please write to {MAIL}, our {MAIL} desk is open all day"
    normal = (pen("redacted").said(answer) or "",)
    rule = bound({check: {"to": "baseline", "at_least": 0.99}}).rule
    context = CheckContext(baseline_answers=normal)
    assert rule.examine(a_sample(answer=answer), context).status is Status.FAIL
    told = rule.examine(a_sample(answer=answer), replace(context, as_kept=pen("redacted").as_kept))
    assert told.status is Status.PASS


@pytest.mark.parametrize("mode", ["redacted", "hash", "none"])
def test_an_imported_run_is_kept_as_this_store_keeps_its_own(mode: TextMode) -> None:
    observed = run(1, f"write to {MAIL}", "").probes[0]
    told = FileRun(
        run_id="r1",
        started_at=NOW,
        duration_s=1.0,
        trigger="capture",
        health=Health.HEALTHY,
        in_baseline=True,
        plan={},
        probes=(FileProbe(observed=observed),),
    )
    here = pen(mode)
    (kept,) = kept_file_run(here, told).probes
    assert {facts.answer for facts in kept.observed.samples} == {here.said(f"write to {MAIL}")}
    assert kept.observed.answers_as == here.answers_as
    assert MAIL not in str(kept)
    assert kept_file_run(here, kept_file_run(here, told)) == kept_file_run(here, told)
    assert kept_file_run(pen("full"), told) is told


@pytest.mark.parametrize(
    "half",
    [
        "anna.bellwether@kund",
        "anna.belle",
        "4111 1111 1111 1",
        "DE89 3704 0044 0532 01",
        "+49 30 9018 20",
        "sk-proj-9fK2m",
    ],
)
@pytest.mark.parametrize("mode", ["redacted", "hash", "none"])
def test_a_message_that_was_cut_through_something_keeps_no_half_of_it(half: str, mode: TextMode) -> None:
    long = f"no such user {'in this place ' * 30}"
    cut = f"{long[: 299 - len(half) - 1]} {half}…"
    assert len(cut) == 300
    failure = pen(mode).failure(Failure(kind=FailureClass.BAD_REQUEST, message=cut, status=400))
    headers = pen(mode).lines({"x-told": cut})
    assert failure is not None
    for kept in (failure.message, headers["x-told"]):
        assert not any(part in kept for part in half.split() if len(part) > 1)
    if mode == "redacted":
        assert failure.message.startswith("no such user in this place") and failure.message.endswith("…")
    assert pen("full").lines({"x-told": cut}) == {"x-told": cut}


def test_an_ellipsis_of_the_endpoint_s_own_and_scripts_without_blanks_cost_no_words() -> None:
    assert without_half("please wait 5 minutes…") == "please wait 5 minutes…"
    told = "請求過於頻繁" * 40 + "…"
    assert without_half(told) == told

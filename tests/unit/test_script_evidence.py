"""A script is shown turn by turn: questions, answers, tool calls with their results, and what checks said of each."""

from __future__ import annotations

from dataclasses import replace

from checks.finding import Status
from probes.failure import Failure, FailureClass
from probes.sample import Finish, Sample, Step, Timing, TokenUsage, ToolCall
from probes.suite import Message
from reports.evidence.scripts import conversations
from reports.summary import ProbeRecord
from tests.fakes.pages import Page, rendered
from tests.fakes.records import HOSTILE, a_finding, a_probe, a_report, a_run, a_sample

TURNS = ("How do I return it?", "And by when?", "Thanks!")


def a_step(turn: int, answer: str, **changes: object) -> Step:
    step = Step(turn=turn, timing=Timing(total_s=0.5), usage=TokenUsage(), answer=answer, finish=Finish.STOP)
    return replace(step, **changes)  # type: ignore[arg-type]


def a_script(*samples: Sample, turn_checked: int | None = None) -> ProbeRecord:
    said = (Message(role="system", content="Be kind."), *(Message(role="user", content=text) for text in TURNS))
    found = a_finding(statuses=(Status.FAIL,), reason="not in it", argument='"30 days"')
    findings = [] if turn_checked is None else [replace(found, turn=turn_checked)]
    return replace(a_probe(samples=samples, findings=findings), conversation=said)


def text_of(probe: ProbeRecord) -> str:
    return Page(rendered(a_report(a_run([probe])))).text


def test_every_question_and_answer_of_a_script_is_shown_in_order() -> None:
    steps = tuple(a_step(turn, f"answer {turn + 1}") for turn in range(3))
    text = text_of(a_script(a_sample(steps=steps)))
    places = [text.index(f"Asked {question} Answer answer {n}") for n, question in enumerate(TURNS, 1)]
    assert places == sorted(places)


def test_a_script_that_failed_halfway_shows_what_was_said_until_then() -> None:
    failure = Failure(kind=FailureClass.SERVER, message="in turn 2: overloaded")
    text = text_of(a_script(a_sample(answer=None, finish=None, failure=failure, steps=(a_step(0, "by post"),))))
    assert "server: in turn 2: overloaded" in text
    assert f"Asked {TURNS[0]} Answer by post" in text
    assert f"Asked {TURNS[1]} No answer." in text


def test_what_failed_halfway_is_shown_beside_a_sample_that_did_not() -> None:
    whole = a_sample(index=0, steps=tuple(a_step(turn, "fine") for turn in range(3)))
    failure = Failure(kind=FailureClass.SERVER, message="in turn 2: overloaded")
    broken = a_sample(index=1, answer=None, failure=failure, steps=(a_step(0, "by post"),))
    shown = conversations(a_run([a_script(whole, broken)]))
    assert [(entry.sample.index, entry.telling) for entry in shown] == [(1, True), (0, False)]


def test_a_finding_stands_at_its_turn_with_label_and_argument() -> None:
    steps = tuple(a_step(turn, "fine") for turn in range(3))
    (entry,) = conversations(a_run([a_script(a_sample(steps=steps), turn_checked=2)]))
    assert [len(turn.looked) for turn in entry.turns] == [0, 1, 0] and entry.telling
    assert 'turn 2: contains "30 days" fail not in it' in text_of(a_script(a_sample(steps=steps), turn_checked=2))


def test_a_tool_loop_is_one_turn_and_shows_calls_with_arguments_and_scripted_results() -> None:
    call = ToolCall(id="c1", name="lookup", arguments='{"order": 4471}')
    called = a_step(0, "", tool_calls=(call,), tool_results=('{"state": "shipped"}',), finish=Finish.TOOL_CALLS)
    probe = a_probe(samples=[a_sample(steps=(called, a_step(0, "It is shipped.")))], findings=[])
    probe = replace(probe, conversation=(*(Message(role="user", content=text) for text in TURNS[:2]),))
    (entry,) = conversations(a_run([probe]))
    assert [turn.asked for turn in entry.turns] == [TURNS[1]]
    text = text_of(probe)
    assert 'Called lookup {"order": 4471} Script answered {"state": "shipped"}' in text
    assert "It is shipped." in text


def test_a_call_that_nobody_scripted_says_so() -> None:
    called = a_step(0, "", tool_calls=(ToolCall(id="c", name="pay", arguments="{}"),), finish=Finish.TOOL_CALLS)
    assert "Called pay {} nothing scripted was sent back" in text_of(a_script(a_sample(steps=(called,))))


def test_turns_whose_texts_have_expired_are_still_counted() -> None:
    probe = replace(a_script(a_sample(steps=(a_step(0, "a"), a_step(1, "b")))), conversation=())
    (entry,) = conversations(a_run([probe]))
    assert [turn.asked for turn in entry.turns] == ["", ""]
    assert "the text has expired" in text_of(probe)


def test_hostile_turns_act_nowhere() -> None:
    call = ToolCall(id="c", name=HOSTILE, arguments=HOSTILE)
    step = a_step(0, HOSTILE, tool_calls=(call,), tool_results=(HOSTILE,))
    page = rendered(a_report(a_run([a_script(a_sample(steps=(step, a_step(1, "x" * 1_000_000))))])))
    assert "<script" not in page and "\u202e" not in page and "\x1b" not in page
    assert len(page) < 100_000

"""The text of a baseline file: round trips exactly, and says where it is broken."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.baseline_diff import Figures, Picture, compare
from checks.baseline_file import BaselineFile, CheckCount, FileAct, FileProbe, FileRun
from checks.baseline_fit import fit, stale_words
from checks.baseline_text import _digest, parse, text_of
from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.plan import JudgePlan
from checks.drift.result import StreamKey
from checks.finding import Status
from checks.verdict import Health
from probes.errors import InputError
from probes.failure import FailureClass
from tests.fakes.records import HOSTILE

AT = datetime(2026, 3, 14, 9, 15, 0, 123456, tzinfo=UTC)
PLAN = {"judge": JudgePlan(runs_per_year=8760, streams=30).to_json(), "whole": True, "judged": True}


def facts(**changes: Any) -> SampleFacts:
    told = {"first_token_s": 0.1 + 1 / 3, "total_s": 1.7, "output_tokens": 12, "input_tokens": 40}
    more = {"check_failed": False, "route": "m / fp", "finish": "stop", "answer": "30 days"}
    return SampleFacts(failed=False, **{**told, **more, **changes})


def a_run(number: int, *samples: SampleFacts, probe: str = "refund", request: str = "hash-1") -> FileRun:
    given = samples or (facts(), facts(answer="14 days", check_failed=True))
    return FileRun(
        run_id=f"run-{number}",
        started_at=AT + timedelta(minutes=number),
        duration_s=0.5,
        trigger="capture",
        health=Health.HEALTHY,
        in_baseline=True,
        plan=PLAN,
        probes=(
            FileProbe(
                observed=ProbeObservation(probe=probe, request_hash=request, samples=given, checks_hash="c"),
                failures=tuple(FailureClass.SERVER for sample in given if sample.failed),
                checks=(
                    CheckCount(
                        check="contains", argument='"30"', mode="contract", status=Status.FAIL, passed=1, total=2
                    ),
                ),
            ),
        ),
    )


def a_file(*runs: FileRun, **changes: Any) -> BaselineFile:
    told = {"suite": "bot", "endpoint": "production", "protocol": "openai-chat", "holdfast": "0.1.0"}
    acts = (FileAct(kind="capture", at=AT, author="somebody", reason="first"),)
    more = {
        "exported_at": AT + timedelta(days=1),
        "author": "somebody",
        "reason": "for CI",
        "questions": {"refund": "q1"},
        "acts": acts,
    }
    return BaselineFile(**{**told, **more, "runs": runs or (a_run(1), a_run(2)), **changes})


def resigned(content: dict[str, Any]) -> str:
    """The text of changed content with a hash that fits: what somebody would write who wants it to pass."""
    return json.dumps({**content, "sha256": _digest(content)}, indent=1)


def problem(text: str) -> str:
    with pytest.raises(InputError) as refused:
        parse(text, "base.json")
    return str(refused.value)


def test_a_file_comes_back_to_the_last_digit() -> None:
    key = StreamKey(scope="suite", dimension="checks")
    failed = SampleFacts(failed=True)
    file = a_file(
        a_run(1),
        a_run(2, facts(total_s=0.1 + 0.2), failed),
        acts=(FileAct(kind="accept", at=AT, author="a", reason="r", streams=(key,), after_run="run-1"),),
    )
    assert parse(text_of(file), "base.json") == file


def test_a_run_of_a_file_carries_all_that_the_judge_sees_of_a_run() -> None:
    own = {field.name for field in fields(FileRun)}
    assert {field.name for field in fields(RunObservation)} <= own
    run = replace(a_run(1), confirming=True, groups={"locale=de": ("refund",), "locale=fr": ("other",)})
    assert parse(text_of(a_file(run)), "base.json").runs[0].observation == run.observation
    rest = a_file(run, a_run(2, probe="other")).without(["other"])
    assert rest.runs[0].groups == {"locale=de": ("refund",)}


def test_the_same_file_gives_the_same_text_and_hostile_answers_do_not_act_in_it() -> None:
    file = a_file(a_run(1, facts(answer=HOSTILE.replace("\ud800", ""))))
    text = text_of(file)
    assert text == text_of(parse(text, "base.json"))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert parse(text, "base.json").runs == file.runs


def test_what_a_probe_shows_is_of_its_request_as_last_asked() -> None:
    shown = a_file(a_run(1, request="old"), a_run(2), a_run(3)).probes["refund"]
    assert (shown.request_hash, shown.runs, shown.samples) == ("hash-1", 2, 4)
    assert shown.answers == ("30 days", "14 days") * 2
    assert shown.check_failed == (2, 4)
    assert shown.refused == (0, 4)
    assert shown.output_tokens == (12,) * 4
    assert shown.checks == {("contains", '"30"'): (2, 4)}


def test_runs_before_the_last_beginning_are_not_what_is_normal_now() -> None:
    mark = FileAct(kind="mark", at=AT, author="a", reason="deploy", after_run="run-1")
    assert [run.run_id for run in a_file(acts=(mark,)).current] == ["run-2"]
    assert [run.run_id for run in a_file(acts=()).current] == ["run-1", "run-2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "holdfast.baseline/2"}, "schema 'holdfast.baseline/2' is of another Holdfast (this one reads"),
        ({"schema": "promptfoo/1"}, "schema 'promptfoo/1' is not that of a baseline file (that would be"),
        ({"more": 1}, "key 'more' is unknown"),
        ({"author": " "}, "author is empty"),
        (
            {"exported_at": "2026-03-14T09:15:30Z"},
            "record.runs.0.started_at: 2026-03-14T09:16:00.123456+00:00 is later",
        ),
        ({"suite": 7}, "suite: Input should be a valid string"),
        ({"probes": {}}, "what it says of its probes is not what its runs show"),
        ({"record": {}}, "record cannot be read (KeyError"),
    ],
)
def test_a_file_that_was_changed_and_signed_again_is_refused_with_the_reason(change: dict[str, Any], said: str) -> None:
    content = {**json.loads(text_of(a_file())), **change}
    told = problem(resigned(content))
    assert told.startswith("base.json:") and said in told


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("runs", 0, "health"), "splendid", "health"),
        (("runs", 0, "started_at"), "2026-03-14T09:15:00", "timezone"),
        (("runs", 0, "plan"), 7, "IndexError"),
        (("plans", 0, "judge"), {"streams": 3}, "runs_per_year: Field required"),
        (("plans", 0, "judge", "mood"), 3, "TypeError"),
        (("plans", 0, "whole"), "yes", "true or false"),
        (("runs", 0, "probes", 0, "failures"), ["server"], "names 1 failures of 0 failed samples"),
        (("runs", 0, "probes", 0, "observed", "samples", 0, "mood"), "sunny", "written by a newer Holdfast"),
        (("runs", 0, "weather"), "sunny", "weather is unknown here"),
        (("runs", 0, "duration_s"), "3", "runs.0.duration_s: Input should be a valid number, not '3'"),
        (("runs", 0, "duration_s"), -3, "record.runs.0.duration_s: -3.0 is less than nothing"),
        (("runs", 0, "probes", 0, "observed", "samples", 0, "output_tokens"), "12", "output_tokens: Input should be"),
        (("plans", 0, "judge", "streams"), "30", "streams: Input should be a valid integer, not '30'"),
        (("runs", 0, "started_at"), "2026-03-14T12:15:00Z", "record.runs.1.started_at: 2026-03-14T09:17:00.123456"),
        (("runs", 1, "run_id"), "run-1", "run 'run-1' stands there twice"),
        (("runs", 0, "probes", 0, "observed", "samples", 0, "answer"), 99, "IndexError"),
    ],
)
def test_a_record_that_cannot_be_is_refused_with_its_place(path: tuple[Any, ...], value: Any, said: str) -> None:
    content = json.loads(text_of(a_file()))
    place = content["record"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    told = problem(resigned(content))
    assert said in told and "export it again" in told


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        ([{"kind": "forget"}], "acts.0.kind: 'forget' is unknown; it is one of capture, accept, mark"),
        ([{"author": " "}], "acts.0.author is empty"),
        ([{"at": "2026-04-14T09:15:00Z"}], "acts.0.at: 2026-04-14T09:15:00+00:00 is later than exported_at"),
        ([{"after_run": "run-9"}], "acts.0.after_run: 'run-9' is no run of the file"),
        ([{"after_run": "run-2"}, {"after_run": "run-1"}], "acts stand in another order than the runs"),
        ([{"author": 7}], "acts.0.author: Input should be a valid string, not '7'"),
    ],
)
def test_an_act_that_cannot_have_been_is_refused_with_its_key_at_the_line_of_the_acts(
    acts: list[dict[str, Any]], said: str
) -> None:
    content = json.loads(text_of(a_file()))
    text = resigned({**content, "acts": [{**content["acts"][0], **act} for act in acts]})
    told = problem(text)
    line = 1 + text.splitlines().index(' "acts": [')
    assert told.startswith(f"base.json:{line}:2: ") and said in told


def test_a_missing_key_and_a_missing_schema_are_told_apart_from_unknown_ones() -> None:
    content = json.loads(text_of(a_file()))
    assert "key 'reason' is missing" in problem(resigned({k: v for k, v in content.items() if k != "reason"}))
    assert "'schema' is missing" in problem(resigned({k: v for k, v in content.items() if k != "schema"}))


def test_runs_that_overlapped_are_read_in_the_order_in_which_they_were_judged() -> None:
    file = a_file(a_run(2), a_run(1))
    assert parse(text_of(file), "base.json") == file


def test_the_runs_of_a_file_are_told_apart_from_those_that_are_normal() -> None:
    first = replace(a_run(1), in_baseline=False)
    mark = FileAct(kind="mark", at=AT, author="a", reason="deploy", after_run="run-1")
    assert a_file().runs_words == "2 runs, all of which are what is normal"
    assert a_file(a_run(1)).runs_words == "1 run, which is what is normal"
    assert a_file(first, a_run(2)).runs_words == "2 runs, of which 1 is what is normal"
    marked = a_file(first, a_run(2), a_run(3), acts=(mark,))
    assert marked.runs_words == "3 runs, of which 2 since the mark are what is normal"
    assert a_file(first).runs_words == "1 run, none of which is what is normal"


def test_what_was_decided_stays_where_the_run_before_it_is_left_out() -> None:
    mark = FileAct(kind="mark", at=AT, author="a", reason="deploy", after_run="run-2")
    rest = a_file(a_run(1), a_run(2, probe="other"), a_run(3), acts=(mark,)).without(["other"])
    assert [act.after_run for act in rest.acts] == ["run-1"]
    assert [run.run_id for run in rest.current] == ["run-3"]


def test_damage_is_told_with_line_and_column() -> None:
    text = text_of(a_file())
    assert problem(text.replace('"author": "somebody"', '"author": "nobody"')).startswith("base.json:")
    assert "sha256" in problem(text.replace('"author": "somebody"', '"author": "nobody"'))
    lines = text.splitlines()
    cut = "\n".join([*lines[:3], "oops", *lines[3:]])
    assert problem(cut).startswith("base.json:4:1: not JSON")
    assert "stands there twice" in problem(text.replace("{\n", '{\n "suite": "bot",\n', 1))
    assert "NaN is no number" in problem('{"schema": NaN}')
    assert "one JSON object" in problem("[]")
    assert problem("[" * 100_000).startswith("base.json:1:1: not JSON")


def test_a_file_fits_its_own_suite_alone() -> None:
    file = a_file(a_run(1), a_run(2, probe="capital"))
    own = {"suite": "bot", "endpoint": "production", "protocol": "openai-chat"}
    same = fit(file, **own, requests={"refund": "hash-1", "capital": "hash-1"})
    assert (same.foreign, same.stale, same.unknown, stale_words(same)) == ((), (), (), "")
    other = fit(file, suite="shop", endpoint="canary", protocol="openai-chat", requests={})
    assert other.foreign == ("it is of suite 'bot', not of 'shop'", "it is of endpoint 'production', not of 'canary'")
    stale = fit(file, **own, requests={"refund": "hash-2", "greeting": "hash-1"})
    assert (stale.changed, stale.gone, stale.unknown) == (("refund",), ("capital",), ("greeting",))
    assert stale_words(stale) == "the request of refund has changed; capital is not in the suite"
    assert [run.run_id for run in file.without(["capital"]).runs] == ["run-1"]


def test_a_comparison_names_what_differs_of_each_probe() -> None:
    before = Picture(name="a", runs=1, probes=a_file(a_run(1)).probes, questions={"refund": "q1"})
    longer = a_run(1, facts(output_tokens=24), facts(output_tokens=24, answer="14 days", check_failed=True))
    after = Picture(name="b", runs=1, probes=a_file(longer).probes, questions={"refund": "q2"})
    diff = compare(before, after)[0]
    assert (diff.change, diff.request_changed, diff.question_changed) == ("changed", False, True)
    assert diff.differing == ("output_tokens",)
    assert compare(before, before)[0].change == "same"
    nothing = Picture(name="c", runs=0, probes={}, questions={})
    assert compare(nothing, after)[0].change == "added" and compare(after, nothing)[0].change == "removed"


def test_figures_are_unknown_where_nothing_was_measured() -> None:
    silent = a_file(a_run(1, SampleFacts(failed=True))).probes["refund"]
    figures = Figures.of(silent)
    assert (figures.usual_answer, figures.total_s, figures.passed, figures.refused) == (None, None, None, None)
    assert figures.failed == 1 and figures.routes == {}

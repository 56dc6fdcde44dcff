"""Binding: entries of a suite become rules, and every mistake is told with its place and what would be right."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from checks.rules import all_checks, bind, bind_suite
from probes.suite import Suite
from tests.fakes.rules import bound, problem, spec


@pytest.mark.parametrize(
    ("entry", "path", "message", "hint"),
    [
        ({"contain": "x"}, ("contain",), "there is no check 'contain'", "did you mean 'contains'?"),
        ({"not-contains": "x"}, ("not-contains",), "there is no check 'not-contains'", "did you mean 'not_contains'?"),
        ("no_refusals", (), "there is no check 'no_refusals'", "did you mean 'no_refusal'?"),
        ({"zzz": 1}, ("zzz",), "there is no check 'zzz'", "known checks: contains, not_contains"),
        ("contains", (), "contains: an argument is needed", 'for example contains: "30 days"'),
        ({"route": None}, (), "route: an argument is needed", "for example route: "),
        ({"contains": 147}, ("contains",), "147 is not a text; put it in quotes", "for example"),
        ({"contains": 1240.5}, ("contains",), "1240.5 is not a text; put it in quotes", ""),
        ({"contains": ""}, ("contains",), '"" must not be empty', ""),
        ({"contains": []}, ("contains",), "[] must not be empty", ""),
        ({"contains": ["a", 3]}, ("contains", 1), "3 is not a text", ""),
        ({"contains": {"any": ["a", True]}}, ("contains", "any", 1), "True is not a text", ""),
        ({"contains": {"al": "x"}}, ("contains", "al"), "there is no option 'al'", "did you mean 'all'?"),
        ({"contains": {"all_of": "x"}}, ("contains", "all_of"), "there is no option 'all_of'", ""),
        ({"contains": {"ignore_case": True}}, ("contains",), "nothing to look for", ""),
        ({"first_token": {"max": "soon"}}, ("first_token", "max"), "'soon' is not a duration", ""),
        ({"first_token": {"zz": "1s", "max": 1}}, ("first_token", "zz"), "there is no option 'zz'", "options: max"),
        ({"similar": {"at_least": 0.8}}, ("similar",), "the option to is missing", ""),
        (
            {"similar": {"to": "x", "by": "cosine"}},
            ("similar", "by"),
            "should be 'ratio', 'token_set' or 'partial'",
            "",
        ),
        ({"similar": {"to": "x", "at_least": 0}}, ("similar", "at_least"), "greater than 0", ""),
        ({"similar": {"to": "x", "at_least": "lots"}}, ("similar", "at_least"), "'lots' is not a share", ""),
        ({"similar": {"to": "baseline", "by": "partial"}}, ("similar",), "use ratio with the baseline", ""),
        ({"similar": {"to": "x" * 2001, "by": "partial"}}, ("similar",), "at most 2000 characters", ""),
        ({"equals": 147}, ("equals",), "147 is not a text; put it in quotes, or add by: json", ""),
        ({"equals": {"to": "{", "by": "json"}}, ("equals",), "'{' is not JSON", ""),
        ({"equals": {"to": 1, "by": "json", "ignore_case": True}}, ("equals",), "go with by: text only", ""),
        ({"json_schema": "x"}, ("json_schema",), '"x" should be a mapping of names', "for example json_schema: "),
        ({"json_path": {"path": "$.a", "equals": date(2026, 7, 1)}}, ("json_path", "equals"), "dates in quotes", ""),
        ({"regex": "("}, ("regex",), "'(' is not a regular expression", ""),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(
    entry: object, path: tuple[str | int, ...], message: str, hint: str
) -> None:
    told = problem(entry)
    assert told.path == path
    assert message in told.message
    assert hint in told.hint


def test_every_mistake_of_a_list_is_told_and_the_right_entries_are_bound() -> None:
    rules, problems = bind([spec(e) for e in ({"contains": "x"}, {"nope": 1}, "no_refusal", {"finish": "never"})])
    assert [rule.spec.check for rule in rules] == ["contains", "no_refusal"]
    assert [told.index for told in problems] == [1, 3]


def test_several_mistakes_in_one_entry_are_all_told() -> None:
    _, problems = bind([spec({"route": {"modle": "x", "cache": "yes", "max_fallbacks": -1}})])
    assert {told.path for told in problems} == {("route", "cache"), ("route", "max_fallbacks"), ("route", "modle")}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("no_refusal", ""),
        ({"contains": "30 days"}, '"30 days"'),
        ({"contains": ["für", "30"]}, '["für", "30"]'),
        ({"regex": "a\u202eb"}, '"a\\u202eb"'),
    ],
)
def test_the_argument_is_kept_as_json_text_for_people(entry: object, text: str) -> None:
    assert bound(entry).argument_text == text


SUITE = {
    "version": 1,
    "suite": "support-bot",
    "endpoints": {"production": {"base_url": "https://gateway.example.com/v1"}},
    "defaults": {"checks": ["no_refusal", {"finish": "stop"}]},
    "probes": [
        {"id": "first", "prompt": "a", "checks": [{"finish": ["stop", "length"]}, {"contains": "x"}]},
        {"id": "second", "prompt": "b"},
    ],
}


def test_a_suite_gives_each_probe_its_defaults_and_its_own_checks() -> None:
    checks, problems = bind_suite(Suite.model_validate(SUITE))
    assert problems == ()
    assert [(c.spec.check, c.argument_text) for c in checks["first"]] == [
        ("no_refusal", ""),
        ("finish", '["stop", "length"]'),
        ("contains", '"x"'),
    ]
    assert [c.spec.check for c in checks["second"]] == ["no_refusal", "finish"]


def test_a_mistake_in_the_defaults_is_told_once_and_one_in_a_probe_at_its_probe() -> None:
    suite = {
        **SUITE,
        "defaults": {"checks": [{"finish": "stopp"}, {"nope": 1}]},
        "probes": [
            {"id": "first", "prompt": "a"},
            {"id": "second", "prompt": "b", "checks": ["no_refusal", {"contains": {"all": ["a", 3]}}]},
            {"id": "third", "prompt": "c", "checks": [{"finish": "stop"}]},
        ],
    }
    checks, problems = bind_suite(Suite.model_validate(suite))
    assert [told.path for told in problems] == [
        ("defaults", "checks", 0, "finish"),
        ("defaults", "checks", 1, "nope"),
        ("probes", 1, "checks", 1, "contains", "all", 1),
    ]
    assert {probe: len(bound_checks) for probe, bound_checks in checks.items()} == {"first": 0, "second": 1, "third": 1}


def test_another_package_adds_a_check_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "holdfast_extra-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: holdfast-extra\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[holdfast.checks]\nshort = holdfast_extra_checks:Short\n")
    (tmp_path / "holdfast_extra_checks.py").write_text(
        "from pydantic import TypeAdapter\n"
        "from checks.check import PASSED, failed\n"
        "class Short:\n"
        "    name, argument, policy = 'short', TypeAdapter(int), False\n"
        "    def __init__(self, argument): self.most = argument\n"
        "    def examine(self, sample, context):\n"
        "        return PASSED if len(sample.answer) <= self.most else failed('too long')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert "short" in all_checks()
        assert bound({"short": 80}).argument_text == "80"
        assert "should be a valid integer" in problem({"short": "x"}).message
    finally:
        sys.modules.pop("holdfast_extra_checks", None)

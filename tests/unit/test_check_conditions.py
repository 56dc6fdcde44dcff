"""``when``: where a check counts, what it replaces there, and conditions that nothing can meet."""

from __future__ import annotations

from typing import Any

import pytest

from checks.binding import applying
from checks.rules import bind_suite
from probes.suite import Suite


def suite(defaults: list[Any], *probes: dict[str, Any]) -> Suite:
    return Suite.model_validate(
        {
            "version": 1,
            "suite": "support-bot",
            "endpoints": {name: {"base_url": "https://gateway.example.com/v1"} for name in ("production", "candidate")},
            "defaults": {"checks": defaults},
            "probes": [{"prompt": "a", **probe} for probe in probes],
        }
    )


def counting(made: Suite, probe: int, endpoint: str) -> list[str]:
    """The checks of a probe that count at an endpoint, with their arguments and turns."""
    bound, problems = bind_suite(made)
    assert problems == ()
    asked = made.probes[probe]
    found = applying(bound[asked.id], made, asked, endpoint)
    return [f"{c.spec.check} {c.argument_text}".strip() + (f" @{c.turn}" if c.turn is not None else "") for c in found]


def test_a_check_counts_at_its_endpoints_only() -> None:
    made = suite([], {"id": "p", "checks": ["no_refusal", {"contains": "x", "when": {"endpoint": "candidate"}}]})
    assert counting(made, 0, "production") == ["no_refusal"]
    assert counting(made, 0, "candidate") == ["no_refusal", 'contains "x"']


def test_a_default_counts_for_probes_with_its_labels_only() -> None:
    english = {"language": "en", "when": {"labels": {"locale": ["en", "en-GB"], "tone": "kind"}}}
    made = suite(
        [english],
        {"id": "a", "labels": {"locale": "en", "tone": "kind"}},
        {"id": "b", "labels": {"locale": "en-GB", "tone": "kind"}},
        {"id": "c", "labels": {"locale": "en"}},
        {"id": "d"},
    )
    assert [counting(made, number, "production") for number in range(4)] == [['language "en"']] * 2 + [[]] * 2


def test_a_default_is_replaced_only_where_its_replacement_counts() -> None:
    own = {"contains": "own", "when": {"endpoint": "candidate"}}
    made = suite([{"contains": "default"}], {"id": "p", "checks": [own]})
    assert counting(made, 0, "production") == ['contains "default"']
    assert counting(made, 0, "candidate") == ['contains "own"']


def test_a_check_of_a_turn_counts_where_its_condition_holds() -> None:
    second = {"prompt": "b", "checks": [{"contains": "x", "when": {"endpoint": "candidate"}}, "no_refusal"]}
    made = suite([], {"id": "p", "prompt": None, "turns": [{"prompt": "a"}, second]})
    assert counting(made, 0, "production") == ["no_refusal @1"]
    assert counting(made, 0, "candidate") == ['contains "x" @1', "no_refusal @1"]


@pytest.mark.parametrize(
    ("when", "path", "message"),
    [
        ({"endpoint": ["production", "stage"]}, ("endpoint", 1), "no endpoint of this suite: 'stage'"),
        ({"labels": {"lang": "en"}}, ("labels", "lang"), "no probe has a label 'lang'"),
        ({"labels": {"locale": ["en", "xx"]}}, ("labels", "locale", 1), "no probe has the label locale: 'xx'"),
        ({"labels": {"locale": "de", "tone": "kind"}}, ("labels",), "would never run: no probe has 'locale: de, tone"),
    ],
)
def test_a_condition_that_nothing_in_the_suite_meets_is_refused(
    when: dict[str, Any], path: tuple[str | int, ...], message: str
) -> None:
    made = suite(
        [{"contains": "x", "when": when}],
        {"id": "a", "labels": {"locale": "en", "tone": "kind"}},
        {"id": "b", "labels": {"locale": "de"}},
    )
    _, (problem,) = bind_suite(made)
    assert problem.path == ("defaults", "checks", 0, "when", *path)
    assert message in problem.message


def test_a_condition_its_own_probe_does_not_meet_is_refused() -> None:
    never = {"contains": "x", "when": {"labels": {"locale": "de"}}}
    made = suite([], {"id": "a", "checks": [never]}, {"id": "b", "labels": {"locale": "de"}})
    _, (problem,) = bind_suite(made)
    assert problem.message == "this check would never run: probe a has not 'locale: de'"

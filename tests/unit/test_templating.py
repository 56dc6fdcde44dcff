"""Templates of prompts: what they render to, and that none can run, grow or reach further than it may."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.positions import Fault
from probes.rendering import needs_rendering
from probes.templating import MAX_OUTPUT, render

PATH = ("probes", 0, "prompt")


@pytest.mark.parametrize(
    ("template", "variables", "text"),
    [
        ("Total of {{ invoice }}?\n", {"invoice": "4471"}, "Total of 4471?\n"),
        ("{% for item in items %}- {{ item }}\n{% endfor %}", {"items": ["lamp", "pen"]}, "- lamp\n- pen\n"),
        ("{{ items | join(', ') }}", {"items": ["lamp", "pen"]}, "lamp, pen"),
        ("{{ order.lines[0] | upper }}", {"order": {"lines": ["a"]}}, "A"),
        ("{{ note | tojson }}", {"note": "it's <b>"}, '"it\'s <b>"'),
        ("{{ name | default('nobody') }}", {}, "nobody"),
        ("{{ 'many' if n > 2 else 'few' }}", {"n": 3}, "many"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", {}, "012"),
        ("{% raw %}{{ kept }}{% endraw %}", {}, "{{ kept }}"),
        ("{{ total * 2 }} {{ 7 % 4 }} {{ 2.345 | round(1) }}", {"total": 4}, "8 3 2.3"),
        ("<b>{{ text }}</b>", {"text": "<i>"}, "<b><i></b>"),
    ],
)
def test_a_template_renders_its_vars(template: str, variables: dict[str, Any], text: str) -> None:
    assert render(template, variables, PATH) == text


@pytest.mark.parametrize(
    ("template", "variables", "fragment"),
    [
        ("{{ invoce }}", {"invoice": 1}, "'invoce' is undefined"),
        ("{{ order.totl }}", {"order": {"total": 1}}, "has no attribute 'totl'"),
        ("{{ invoice", {}, "malformed"),
        ("{% if %}", {}, "malformed"),
        ("{% fetch 'x' %}", {}, "malformed"),
        ("{{ ''.__class__.__mro__ }}", {}, "may not"),
        ("{{ x.__class__ }}", {"x": "a"}, "may not"),
        ("{{ x | attr('__class__') }}", {"x": "a"}, "no filter 'attr'"),
        ("{{ x | uper }}", {"x": "a"}, "nearest is 'upper'"),
        ("{{ x.upper() }}", {"x": "a"}, "calls are not allowed"),
        ("{{ cycler(1) }}", {}, "calls are not allowed"),
        ("{% include '/etc/passwd' %}", {}, "include is not known"),
        ("{% import 'x' as y %}", {}, "import is not known"),
        ("{% set x = 1 %}", {}, "set is not known"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", {}, "macro is not known"),
        ("{{ 9 ** 999999 }}", {}, "** is not known"),
        ("{{ 'a' * 1000000000 }}", {}, "works on numbers only"),
        ("{{ '%09999999999d' % 1 }}", {}, "works on numbers only"),
        ("{{ (x * 90000) | join(x) }}", {"x": 3}, "cannot be rendered"),
        ("{{ range(99999) | join(x) }}", {"x": "y" * 100_000}, "grows past 1 MiB"),
        ("{{ x" + " | tojson" * 80 + " }}", {"x": '"\\'}, "grows past 1 MiB"),
        ("{% for i in range(1000000000) %}{% endfor %}", {}, "Range too big"),
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            {},
            "more than 100000 rounds",
        ),
        ("{% for i in range(99999) %}{{ x }}{% endfor %}", {"x": "y" * 99}, "more than 1 MiB"),
        ("{% for i in x recursive %}{{ loop(x) }}{% endfor %}", {"x": [1]}, "calls are not allowed"),
        ("{{ " + "(" * 3000, {}, "nested too deeply"),
        ("{% for i in x %}" * 40 + "{% endfor %}" * 40, {"x": [1]}, "nested too deeply"),
        ("{{ 1 / 0 }}", {}, "cannot be rendered"),
        ("{{ x + 1 }}", {"x": "a"}, "cannot be rendered"),
    ],
)
def test_a_template_that_may_not_or_cannot_is_a_fault_at_its_place_and_quickly(
    template: str, variables: dict[str, Any], fragment: str
) -> None:
    began = time.perf_counter()
    outcome = render(template, variables, PATH)
    assert isinstance(outcome, Fault), outcome
    assert fragment in outcome.message
    assert outcome.path == PATH
    assert time.perf_counter() - began < 3


def test_an_undefined_variable_names_the_nearest_or_says_where_to_add_it() -> None:
    near = render("{{ invoce }}", {"invoice": 1}, PATH)
    far = render("{{ invoice }}", {}, PATH)
    assert isinstance(near, Fault)
    assert isinstance(far, Fault)
    assert near.hint == "did you mean 'invoice'?"
    assert far.hint == "add it to the probe's vars: invoice: ..."


def test_the_line_of_a_malformed_template_counts_from_its_own_first_line() -> None:
    outcome = render("one\ntwo {{ ", {}, PATH)
    assert isinstance(outcome, Fault)
    assert "in its line 2" in outcome.message


def test_rendering_does_not_change_the_vars() -> None:
    variables = {"items": [3, 1, 2]}
    assert render("{{ items | sort | join }}{{ items | reverse | join }}", variables, PATH) == "123213"
    assert variables == {"items": [3, 1, 2]}


@pytest.mark.parametrize(
    ("text", "needed"), [("a {b} %", False), ("{# note #}", False), ("{{ a }}", True), ("{%", True)]
)
def test_text_without_an_expression_or_statement_is_sent_as_written(text: str, needed: bool) -> None:
    assert needs_rendering(text) is needed


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", " x ", " for i in ", " endfor ", " if ", "|join", "|tojson", ".a", "[0]", "("]
        )
        | st.text(max_size=4),
        max_size=14,
    ).map("".join)
)
def test_any_text_renders_within_bounds_or_is_a_fault(template: str) -> None:
    outcome = render(template, {"x": [1, {"a": "b"}], "i": "text"}, PATH)
    assert isinstance(outcome, Fault) or len(outcome) <= MAX_OUTPUT

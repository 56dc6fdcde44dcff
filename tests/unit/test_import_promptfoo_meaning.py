"""The importer of promptfoo configurations: what is carried means the same, and what is lost is told exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from probes.errors import InputError
from runner.importers import Imported
from runner.preparing.prepare import AnyEnvironment, prepare
from tests.fakes.promptfoo import asking, asserting, imported, reasons, suite, written_to


def asked(folder: Path, result: Imported) -> list[str]:
    """The texts that the suite's probes send."""
    prepared = prepare(written_to(folder, result), AnyEnvironment(), None)
    return [str(probe.prompt) for probe in prepared.suite.probes]


# ------------------------------------------------------------------------------------------------ variables
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Say {{ more | default('nothing') }}", "Say nothing"),
        ("Say {% if more is defined %}much{% else %}little{% endif %}", "Say little"),
        ("Say {% if more is not defined %}little{% else %}much{% endif %}", "Say little"),
        ("Say {% if more is undefined %}little{% else %}much{% endif %}", "Say little"),
        ("Say {% if more is string %}much{% else %}little{% endif %}", "Say little"),
        ("Say {% if more is defined and more %}{{ more }}{% else %}little{% endif %}", "Say little"),
        ("Say {% if more %}much{% else %}little{% endif %}{{ more }}", "Say little"),
    ],
)
def test_a_variable_that_a_test_lacks_means_what_it_means_in_promptfoo(
    tmp_path: Path, template: str, text: str
) -> None:
    result = imported(tmp_path, asking({"vars": {"q": "a"}}, prompts=[template]))
    assert asked(tmp_path, result) == [text]
    assert result.lost == ()


@pytest.mark.parametrize(
    "template", ["{{ more | default('nothing') }} {{ more }}", "{% if more == '' %}a{% else %}b{% endif %} c"]
)
def test_a_template_that_needs_a_lacking_variable_both_empty_and_undefined_is_listed(
    tmp_path: Path, template: str
) -> None:
    result = imported(tmp_path, asking({"vars": {"q": "a"}}, prompts=["{{q}}", template]))
    assert asked(tmp_path, result) == ["a"]
    assert "not asked with 'prompt 2': 'more' is undefined" in reasons(result)


def test_messages_of_one_chat_may_use_a_lacking_variable_in_one_way_only(tmp_path: Path) -> None:
    chat = (
        """[{"role": "system", "content": "{{ more | default('x') }}"}, {"role": "user", "content": "{{q}}{{more}}"}]"""
    )
    result = imported(tmp_path, asking({"vars": {"q": "a"}}, prompts=["{{q}}", chat]))
    assert asked(tmp_path, result) == ["a"]
    assert "'more' is undefined" in reasons(result)


def test_a_lacking_variable_of_an_assertion_takes_its_default(tmp_path: Path) -> None:
    result = imported(tmp_path, asserting({"type": "contains", "value": "{{ more | default('nothing') }}"}))
    assert suite(result)["probes"][0]["checks"] == [{"contains": "nothing"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [([1, 2], "1,2"), ([[1, 2], [3, None, True]], "1,2,3,,true"), (1.0, "1"), (True, "true")],
)
def test_a_value_prints_in_a_check_as_in_the_prompt(tmp_path: Path, value: Any, text: str) -> None:
    config = asking({"vars": {"l": value}, "assert": [{"type": "equals", "value": "{{l}}"}]}, prompts=["Say {{l}}"])
    result = imported(tmp_path, config)
    assert asked(tmp_path, result) == [f"Say {text}"]
    assert suite(result)["probes"][0]["checks"] == [{"equals": {"to": text, "trim": False}}]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ l | length }} of them", "2 of them"),
        ("{{ l[0] }}", "10"),
        ("{{ l | dump }}", "[10, 20]"),
        ("{{ 'on' if flag else 'off' }}", "off"),
        ("{% for one in l %}{{ one }};{% endfor %}", "10;20;"),
    ],
)
def test_a_value_that_a_template_works_with_stays_what_it_is(tmp_path: Path, template: str, text: str) -> None:
    config = asking({"vars": {"l": [10, 20], "flag": False}}, prompts=[template])
    assert asked(tmp_path, imported(tmp_path, config)) == [text]


def test_a_list_that_is_both_printed_and_worked_with_is_listed(tmp_path: Path) -> None:
    config = asking({"vars": {"q": "a", "l": [1, 2]}}, prompts=["{{q}}", "{{ l | length }}: {{ l }}"])
    result = imported(tmp_path, config)
    assert asked(tmp_path, result) == ["a"]
    assert "'l' is printed and worked with in one template" in reasons(result)


# ------------------------------------------------------------------------------------------------ prompts
@pytest.mark.parametrize("in_a_file", [False, True])
def test_a_test_of_a_prompt_that_is_not_there_is_listed(tmp_path: Path, in_a_file: bool) -> None:
    here, gone = {"vars": {"q": "a"}}, {"vars": {"q": "b"}, "prompts": ["other"]}
    config = asking(here, gone)
    if in_a_file:
        config["tests"] = "file://tests.jsonl"
    lines = '{"vars": {"q": "a"}}\n{"vars": {"q": "b"}, "prompts": ["other"]}\n'
    result = imported(tmp_path, config, tests__jsonl=lines)
    assert asked(tmp_path, result) == ["a"]
    assert "prompts[0]: not carried: no prompt has the label 'other'" in reasons(result)
    assert "not asked: it names no prompt that is there" in reasons(result)
    assert not in_a_file or "tests.jsonl:2" in reasons(result)


def test_one_label_of_several_that_is_not_there_is_listed_and_the_others_are_asked(tmp_path: Path) -> None:
    prompts = [{"raw": "{{q}}!", "label": "loud"}, {"raw": "{{q}}?", "label": "group:a"}]
    config = asking({"vars": {"q": "a"}, "prompts": ["loud", "none"]}, {"vars": {"q": "b"}, "prompts": ["group:*"]})
    result = imported(tmp_path, {**config, "prompts": prompts})
    assert asked(tmp_path, result) == ["a!", "b?"]
    assert [one.why for one in result.lost] == ["not carried: no prompt has the label 'none'"]


@pytest.mark.parametrize("ending", ["js", "cjs", "mjs", "ts", "py"])
@pytest.mark.parametrize("function", ["", ":build"])
def test_a_prompt_that_a_local_file_makes_is_listed_as_local_code(tmp_path: Path, ending: str, function: str) -> None:
    result = imported(tmp_path, asking({"vars": {"q": "a"}}, prompts=["{{q}}", f"lib/prompt.{ending}{function}"]))
    assert asked(tmp_path, result) == ["a"]
    assert "prompts[1]: not carried: local code" in reasons(result)


# ------------------------------------------------------------------------------------------------ thresholds
@pytest.mark.parametrize("kind", ["llm-rubric", "not-llm-rubric", "factuality", "g-eval", "model-graded-closedqa"])
def test_the_threshold_of_a_judged_assertion_is_listed_from_yaml_and_csv_alike(tmp_path: Path, kind: str) -> None:
    said = "threshold is not carried: the judge gives a verdict here, and no score"
    inline = imported(tmp_path, asserting({"type": kind, "value": "nice", "threshold": 0.7}))
    assert f"tests[0].assert[0].threshold: its {said}" in reasons(inline)
    rows = imported(tmp_path, {**asking(), "tests": "file://t.csv"}, t__csv=f"q,__expected\na,{kind}(0.7): nice\n")
    assert f"t.csv:2: [0].__expected: its {said}" in reasons(rows)
    assert len(inline.lost) == len(rows.lost) == 1


def test_a_threshold_that_decides_nothing_is_listed_with_that_reason(tmp_path: Path) -> None:
    inline = imported(tmp_path, asserting({"type": "contains", "value": "a", "threshold": 0.7}))
    assert [one.why for one in inline.lost] == ["its threshold decides nothing: contains has none"]
    rows = imported(tmp_path, {**asking(), "tests": "file://t.csv"}, t__csv="q,__expected\na,bleu(0.3): nice\n")
    assert [one.why for one in rows.lost] == ["its threshold decides nothing: promptfoo reads none of bleu in a cell"]


def test_a_threshold_that_nobody_wrote_is_not_listed(tmp_path: Path) -> None:
    cells = "q,__expected\na,starts-with:A\nb,starts-with(0.5):B\n"
    result = imported(tmp_path, {**asking(), "tests": "file://t.csv"}, t__csv=cells)
    assert [(one.place.line, one.why) for one in result.lost] == [
        (3, "its threshold decides nothing: starts-with has none")
    ]


# ------------------------------------------------------------------------------------------------ options
@pytest.mark.parametrize("key", ["maxConcurrency", "timeoutMs", "repeat"])
def test_options_of_the_command_line_go_before_and_the_others_are_listed(tmp_path: Path, key: str) -> None:
    config = asserting({"type": "contains", "value": "a"})
    result = imported(tmp_path, {**config, "evaluateOptions": {key: 7}, "commandLineOptions": {key: 3}})
    made = suite(result)
    (endpoint,) = made["endpoints"].values()
    found = {"maxConcurrency": endpoint.get("concurrency"), "repeat": made.get("defaults", {}).get("samples")}
    found["timeoutMs"] = int(endpoint.get("timeout", {}).get("total", "0ms").removesuffix("ms"))
    assert found[key] == 3
    assert f"evaluateOptions.{key}: not carried: commandLineOptions.{key} goes before it" in reasons(result)


# ------------------------------------------------------------------------------------------------ messages
def test_a_reference_to_no_template_is_called_that(tmp_path: Path) -> None:
    lost = {"$ref": "#/assertionTemplates/none"}
    for templates in ({}, {"assertionTemplates": {"other": {"type": "contains", "value": "a"}}}):
        result = imported(tmp_path, {**asserting({"type": "contains", "value": "a"}, lost), **templates})
        assert "tests[0].assert[1]: not carried: there is no template 'none'" in reasons(result)
    loop = {"assertionTemplates": {"none": lost}}
    result = imported(tmp_path, {**asserting({"type": "contains", "value": "a"}, lost), **loop})
    assert "not carried: template 'none' leads back to itself" in reasons(result)


def test_what_cannot_be_asked_at_all_is_told_line_by_line_with_the_deciding_reason_first(tmp_path: Path) -> None:
    config = {**asserting({"type": "javascript", "value": "1"}), "prompts": ["{{ q | replace('a', 'b') }}"]}
    with pytest.raises(InputError) as refused:
        imported(tmp_path, config)
    first, deciding, *rest = str(refused.value).split("\n")
    assert first.endswith("promptfooconfig.yaml: none of its tests can be asked")
    assert "tests[0]: not asked with" in deciding
    assert any("local code is not carried" in line for line in rest)
    assert all(line.count("promptfooconfig.yaml") == 1 for line in (first, deciding, *rest))


def test_what_no_endpoint_can_be_asked_is_told_with_the_endpoint_first(tmp_path: Path) -> None:
    provider = {"id": "https://example.com/ask", "config": {"body": {"q": "{{prompt}}"}, "transformResponse": "json.a"}}
    chat = '[{"role": "system", "content": "a"}, {"role": "user", "content": "{{q}}"}]'
    config = {**asserting({"type": "javascript", "value": "1"}), "prompts": [chat], "providers": [provider]}
    with pytest.raises(InputError) as refused:
        imported(tmp_path, config)
    first, deciding, *rest = str(refused.value).split("\n")
    assert first.endswith("promptfooconfig.yaml: none of its providers can be asked")
    assert "prompts are chats" in deciding
    assert any("local code is not carried" in line for line in rest)

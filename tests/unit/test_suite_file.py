"""YAML to Suite: what a good file becomes, where everything in it stands, and that secrets stay secret."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.errors import SettingsError, SuiteError
from probes.suite_file import LoadedSuite, expand_environment, load_suite, read_mapping, read_suite

ENVIRON = {"KEY": "k-secret-12345", "ROUTE": "blue-route", "MODEL": "support-bot", "ADDRESS": "https://gw.example.com"}
GOOD = """\
version: 1
suite: support-bot
monitor: production
schedule: {every: 15m, jitter: 30s}
endpoints:
  production:
    base_url: ${ADDRESS}/v1
    model: ${MODEL}
    api_key: ${KEY}
    headers: {X-Route: "${ROUTE}", X-Note: $${KEY}}
    params: {temperature: 0.2, stop: ["a", "b"], nested: {deep: 1, kept: 2}}
    timeout: {connect: 2s, total: 45}
  candidate:
    like: production
    base_url: https://candidate.example.com/v1
    params: {temperature: 0.7, nested: {deep: 3}}
  local: {like: candidate, api_key: null, stream: false}
defaults:
  samples: 3
  checks: [no_refusal, finish: [stop]]
probes:
  - id: invoice-json
    messages:
      - {role: system, content: Answer with JSON.}
      - {role: user, content: "Extract: {{ invoice }}"}
    vars: {invoice: "Invoice 4471", due: 2026-07-01}
    checks:
      - json_path: {path: $.total, equals: 1240.5}
        mode: tracked
        require: 2 of 3
  - id: plain
    prompt: Keep {this} and ${MODEL} as they are.
    checks:
      - finish: [stop, length]
alerts:
  - {notify: slack, on: contract, after: 2 of 3}
"""


def good(text: str = GOOD, environ: Mapping[str, str] = ENVIRON) -> LoadedSuite:
    return load_suite(text, "good.yaml", environ)


def refusal(text: str, environ: Mapping[str, str] = ENVIRON) -> SuiteError:
    with pytest.raises(SuiteError) as raised:
        load_suite(text, "bad.yaml", environ)
    return raised.value


def test_a_suite_is_read_with_its_units_and_short_forms() -> None:
    suite = good().suite
    assert suite.name == "support-bot"
    assert suite.monitored == ("production",)
    assert suite.schedule is not None
    assert (suite.schedule.every_s, suite.schedule.jitter_s) == (900, 30)
    assert suite.endpoints["production"].timeout.total_s == 45
    assert suite.alerts[0].notify == ("slack",)
    assert suite.alerts[0].on == ("contract",)
    assert str(suite.alerts[0].after) == "2 of 3"
    assert [str(spec.require) for spec in suite.probes[0].checks] == ["2 of 3"]


def test_like_lays_one_endpoint_over_another_key_by_key_and_along_chains() -> None:
    endpoints = good().suite.endpoints
    assert endpoints["candidate"].base_url == "https://candidate.example.com/v1"
    assert endpoints["candidate"].params == {
        "temperature": 0.7,
        "stop": ["a", "b"],
        "nested": {"deep": 3, "kept": 2},
    }
    assert endpoints["candidate"].timeout.connect_s == 2
    assert endpoints["local"].params == endpoints["candidate"].params
    assert endpoints["local"].api_key is None
    assert endpoints["production"].stream
    assert not endpoints["local"].stream


def test_the_environment_fills_endpoints_only() -> None:
    suite = good().suite
    production = suite.endpoints["production"]
    assert production.base_url == "https://gw.example.com/v1"
    assert production.headers["X-Note"].get_secret_value() == "${KEY}"
    assert suite.probes[1].prompt == "Keep {this} and ${MODEL} as they are."


def test_a_reference_needs_no_quotes_inside_braces_and_keeps_its_column() -> None:
    text = GOOD.replace("local: {like: candidate, api_key: null", "local: {like: candidate, api_key: ${KEY}")
    loaded = good(text)
    key = loaded.suite.endpoints["local"].api_key
    assert key is not None
    assert key.get_secret_value() == "k-secret-12345"
    assert loaded.positions.find(("endpoints", "local", "stream")) == (17, 53)


def test_vars_are_rendered_into_messages_and_dates_stay_text() -> None:
    probe = good().suite.probes[0]
    assert probe.conversation[1].content == "Extract: Invoice 4471"
    assert probe.vars["due"] == "2026-07-01"


def test_a_probes_own_check_replaces_the_default_of_the_same_name() -> None:
    suite = good().suite
    assert [(spec.check, spec.argument) for spec in suite.checks_of(suite.probes[1])] == [
        ("no_refusal", None),
        ("finish", ["stop", "length"]),
    ]


def test_only_plain_python_values_come_out() -> None:
    def kinds(value: Any) -> set[type]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return {type(value)}.union(*(kinds(item) for item in inner))

    suite = good().suite
    found = kinds(dict(suite.endpoints["candidate"].params)) | kinds([spec.argument for spec in suite.probes[0].checks])
    assert found <= {dict, list, str, int, float, bool, type(None)}


def test_yaml_1_2_keeps_yes_no_and_on_as_text() -> None:
    probe = good(GOOD.replace('invoice: "Invoice 4471"', "invoice: no, on: yes")).suite.probes[0]
    assert probe.vars == {"invoice": "no", "on": "yes", "due": "2026-07-01"}


def test_positions_find_the_value_or_its_nearest_parent() -> None:
    positions = good().positions
    assert positions.find(("suite",)) == (2, 8)
    assert positions.find(("endpoints", "candidate", "base_url")) == (15, 15)
    assert positions.find(("probes", 0, "checks", 0, "json_path", "equals")) == (28, 44)
    assert positions.find(("probes", 0, "checks", 7, "nothing")) == positions.find(("probes", 0, "checks"))
    assert positions.find(("nothing",)) == (1, 1)


def test_a_problem_found_later_points_at_the_line_even_of_an_inherited_value() -> None:
    loaded = good()
    problem = loaded.problem(("endpoints", "local", "model"), "unknown model", "use another")
    assert str(problem) == "good.yaml:8:12: unknown model (use another)"


def test_secrets_are_what_the_environment_gave_except_names_that_reports_must_show() -> None:
    assert good().secrets == {"k-secret-12345", "blue-route", "https://gw.example.com"}


def test_no_secret_is_in_the_repr_of_a_loaded_suite() -> None:
    loaded = good()
    for shown in (repr(loaded), repr(loaded.suite)):
        assert "k-secret" not in shown
        assert "blue-route" not in shown


@pytest.mark.parametrize(
    "spoilt",
    [
        GOOD.replace("${ADDRESS}/v1", "${KEY}"),
        GOOD.replace("{connect: 2s", "{connect: '${KEY}'"),
        GOOD.replace("model: ${MODEL}", "concurrency: ${KEY}"),
        GOOD.replace("model: ${MODEL}", "protocol: [ '${KEY}' ]"),
        GOOD.replace("headers: {", "headers: {X-List: [ '${KEY}' ], "),
        GOOD.replace("api_key: ${KEY}", "api_key: ['${KEY}']"),
        GOOD.replace("api_key: ${KEY}", "api_key: k-secret-12345"),
        GOOD.replace("X-Route:", "Authorization: k-secret-12345, X-Route:"),
        GOOD.replace("${ADDRESS}/v1", "https://user:k-secret-12345@gw.example.com"),
    ],
)
def test_no_refusal_tells_a_secret(spoilt: str) -> None:
    error = refusal(spoilt)
    told = "".join(traceback.format_exception(error)) + "".join(map(repr, error.problems))
    assert "k-secret" not in told


def test_every_problem_is_told_at_once_in_file_order() -> None:
    text = GOOD.replace("monitor: production", "monitor: prodution").replace("samples: 3", "sampels: 3")
    error = refusal(text.replace("id: plain", "id: invoice-json").replace("{{ invoice }}", "{{ invoce }}"))
    assert [problem.line for problem in error.problems] == [3, 19, 25, 31]
    assert str(error).count("\n") == 3


def test_a_fault_in_an_inherited_value_is_told_once_where_it_is_written() -> None:
    error = refusal(GOOD.replace("connect: 2s", "connect: soon"))
    assert [str(problem) for problem in error.problems] == [
        "bad.yaml:12:24: 'soon' is not a duration (write it like 500ms, 30s, 15m, 1h30m or 2d)"
    ]


def test_a_value_with_a_semicolon_is_quoted_whole() -> None:
    error = refusal(GOOD.replace("connect: 2s", "connect: 'a; b'"))
    assert error.problems[0].message == "'a; b' is not a duration"


def test_a_file_larger_than_a_mebibyte_is_refused() -> None:
    assert "larger than 1 MiB" in str(refusal(GOOD + "#" * 1024 * 1024))


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_suite(path, ENVIRON).suite == good().suite


def test_a_missing_file_a_folder_and_a_file_of_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"version: 1\nsuite: \xff\n")
    for name, fragment in [("none.yaml", "no such file"), ("", "cannot be read"), ("bytes.yaml", "line 2")]:
        with pytest.raises(SuiteError, match=fragment) as raised:
            read_suite(tmp_path / name, ENVIRON)
        assert raised.value.problems[0].file == str(tmp_path / name)


def test_any_mapping_can_be_read_with_the_error_of_its_own_room(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.yaml"
    path.write_text("store: ${STORE}\n", encoding="utf-8")
    document = read_mapping(path, SettingsError)
    values, secrets, problems = expand_environment(document, {"STORE": "a.db"})
    assert (values, secrets, problems) == ({"store": "a.db"}, {"a.db"}, [])
    path.write_text("store: a\nstore: b\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=":2:1: the key 'store' stands here twice"):
        read_mapping(path, SettingsError)


def survives(text: str) -> bool:
    """True when the text was read or refused with positions inside the file; anything else raises."""
    try:
        load_suite(text, "any.yaml", ENVIRON)
    except SuiteError as error:
        lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029")
        return bool(error.problems) and all(1 <= p.line <= lines + 2 and p.column >= 1 for p in error.problems)
    return True


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_arbitrary_text_is_never_worse_than_a_refusal(text: str) -> None:
    assert survives(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(list("-:?[]{}#&*!|>'\"%@`, \n\tab1~.<")), max_size=40).map("".join))
def test_arbitrary_yaml_punctuation_is_never_worse_than_a_refusal(text: str) -> None:
    assert survives(text)
    assert survives("endpoints: " + text)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_suite_is_never_worse_than_a_refusal(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    gone = data.draw(st.integers(0, 12))
    pieces = [
        "null",
        "[]",
        "{}",
        "7",
        "true",
        "-1",
        "&a ",
        "*a",
        "${",
        "}",
        "{{",
        "like: candidate",
        "\n",
        ": ",
        "- ",
        "!!x ",
    ]
    put = data.draw(st.sampled_from(pieces) | st.text(max_size=3))
    assert survives(GOOD[:at] + put + GOOD[at + gone :])


PATHS = [
    ("endpoints",),
    ("endpoints", "production"),
    ("endpoints", "production", "headers"),
    ("endpoints", "production", "timeout"),
    ("endpoints", "candidate", "like"),
    ("endpoints", "production", "api_key"),
    ("probes",),
    ("probes", 0),
    ("probes", 0, "vars"),
    ("probes", 0, "messages"),
    ("probes", 0, "messages", 0, "content"),
    ("probes", 0, "checks"),
    ("probes", 0, "checks", 0),
    ("probes", 0, "checks", 0, "require"),
    ("defaults",),
    ("schedule",),
    ("schedule", "jitter"),
    ("monitor",),
    ("alerts",),
    ("alerts", 0, "after"),
    ("alerts", 0, "on"),
    ("version",),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize(
    "value", [None, 7, -1.5, True, "text", [], {}, [None], [[]], {"a": {}}, ["a", 7], {"check": 1}]
)
def test_any_value_in_any_place_is_read_or_refused_in_plain_words(path: tuple[str | int, ...], value: object) -> None:
    import json

    from probes.yaml_reader import read_document

    whole: Any = read_document(GOOD, "good.yaml", SuiteError).data
    place = whole
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    text = json.dumps(whole)
    try:
        load_suite(text, "any.yaml", ENVIRON)
    except SuiteError as error:
        told = str(error).lower()
        jargon = [
            word
            for word in ("pydantic", "input should", "value error", "instance of", "[type", "nonetype")
            if word in told
        ]
        assert not jargon, told
    else:
        assert text

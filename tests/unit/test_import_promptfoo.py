"""The importer of promptfoo configurations: nothing is dropped in silence, and nothing is written that is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.finding import Status
from probes.errors import InputError
from runner.importers.promptfoo.asked import comma_separated
from runner.importers.promptfoo.assertions import ASSERTIONS
from runner.importers.promptfoo.naming import slug
from runner.importers.promptfoo.regex import python_pattern
from runner.importers.promptfoo.shorthand import assertion_of
from runner.importers.promptfoo.trouble import CannotCarry
from runner.preparing.prepare import AnyEnvironment, prepare
from tests.fakes.promptfoo import asking, asserting, imported, reasons, suite, written_to
from tests.fakes.rules import outcome
from tests.fakes.samples import answered

PAGE = Path(__file__).parents[2] / "docs" / "import-promptfoo.md"


# ------------------------------------------------------------------------------------------------ never in silence
MARK = re.compile(r"mark\d+x")
TYPES = st.sampled_from([*ASSERTIONS, *(f"not-{kind}" for kind in ASSERTIONS), "assert-set", "invented"])
MARKED = st.just("MARK")
ANY = st.recursive(
    MARKED, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MARKED, inner, max_size=2), max_leaves=4
)
ASSERTION = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "value": ANY, "threshold": st.sampled_from([0, 0.5, 3]) | MARKED, "weight": st.sampled_from([0, 2]) | MARKED,
        "metric": MARKED, "transform": MARKED, "provider": ANY, "config": ANY, "assert": st.just([]), "odd": ANY,
    },
)  # fmt: skip
TEST = st.fixed_dictionaries(
    {"vars": st.fixed_dictionaries({"q": MARKED}, optional={"more": ANY})},
    optional={
        "description": MARKED, "assert": st.lists(ASSERTION, max_size=3), "threshold": st.sampled_from([0, 0.5, 2]),
        "options": st.dictionaries(
            st.sampled_from(["transform", "prefix", "suffix", "provider", "storeOutputAs", "odd"]), MARKED, max_size=2
        ),
        "metadata": st.dictionaries(st.just("kind"), ANY), "provider": ANY, "odd": ANY,
    },
)  # fmt: skip
PROVIDER = st.just("openai:gpt-4o-mini") | st.fixed_dictionaries(
    {"id": st.sampled_from(["openai:chat:gpt-4o", "https://example.com/ask", "exec:MARK", "invented:MARK"])},
    optional={
        "label": MARKED, "delay": MARKED, "prompts": ANY, "transform": MARKED, "odd": ANY,
        "config": st.dictionaries(
            st.sampled_from(["temperature", "tools", "headers", "body", "apiKey", "apiBaseUrl", "odd"]), ANY, max_size=3
        ),
    },
)  # fmt: skip
CONFIGURATION = st.fixed_dictionaries(
    {"prompts": st.just(["Say {{q}}"]), "providers": st.lists(PROVIDER, min_size=1, max_size=2)},
    optional={
        "tests": st.lists(TEST, max_size=2), "defaultTest": TEST, "description": MARKED,
        "tags": st.dictionaries(MARKED, ANY),
        "env": ANY, "evaluateOptions": st.dictionaries(st.sampled_from(["repeat", "delay", "odd"]), MARKED), "odd": ANY,
        "scenarios": st.lists(
            st.fixed_dictionaries({"config": st.lists(TEST, max_size=1)}, optional={"odd": ANY}), max_size=1
        ),
    },
)  # fmt: skip


def marked(value: Any, marks: list[str], *, key: bool = False) -> Any:
    """The same with every text ``MARK`` made different from all others; ``marks`` gets those that are values."""
    if isinstance(value, dict):
        return {marked(name, marks, key=True): marked(inner, marks) for name, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner, marks) for inner in value]
    if not isinstance(value, str) or "MARK" not in value:
        return value
    marks.append(f"mark{len(marks)}x")
    return value.replace("MARK", f"key{len(marks)}" if key else marks[-1])


def one_a_line(value: Any) -> str:
    """YAML with every leaf in a line of its own, so that a line says which leaf is meant."""
    return json.dumps(value, indent=1)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONFIGURATION)
def test_whatever_stands_in_a_configuration_stands_in_the_suite_or_on_the_list(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    marks: list[str] = []
    text = one_a_line(marked(config, marks))
    lines = {mark: number for number, line in enumerate(text.splitlines(), 1) for mark in MARK.findall(line)}
    try:
        result = imported(tmp_path, text)
    except InputError:
        return  # nothing was written, and the reason was told: that is not silence
    written = "\n".join(line for line in result.suite.splitlines() if not line.lstrip().startswith("#"))
    spans = [(lost.place.line, ends_at(text, lost.place.line)) for lost in result.lost]
    silent = [
        mark
        for mark, line in lines.items()
        if mark not in written and not any(start <= line <= end for start, end in spans)
    ]
    assert silent == [], f"{text}\n{result.suite}\n{reasons(result)}"
    assert prepare(written_to(tmp_path, result), AnyEnvironment(), None).suite.probes


def ends_at(text: str, line: int) -> int:
    """Last line of the value that begins in a line, by indentation."""
    lines = text.splitlines()
    indent = len(lines[line - 1]) - len(lines[line - 1].lstrip())
    inside = lines[line - 1].rstrip().endswith(("{", "["))
    end = line
    while inside and end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > indent:
        end += 1
    return end


# ------------------------------------------------------------------------------------------------ the table
def test_the_page_shows_every_assertion_type_as_the_table_has_it() -> None:
    rows = re.findall(r"^\| `([a-z0-9:-]+)` \| (.*?) \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert rows == [(name, kind.becomes, kind.differs) for name, kind in ASSERTIONS.items()]


def test_the_page_says_how_many_types_are_carried() -> None:
    carried = sum(kind.convert is not None for kind in ASSERTIONS.values())
    assert f"{carried} of {len(ASSERTIONS)}" in PAGE.read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------ single rules
@pytest.mark.parametrize(
    ("javascript", "text", "matches"),
    [
        ("^ok$", "ok\n", False),
        ("^ok$", "ok", True),
        (r"^\d$", "٣", False),
        (r"(?<year>\d{4})-\k<year>", "2026-2026", True),
        (r"[\/\-$]", "$", True),
        ("a[^]b", "a\nb", True),
        ("a[]b", "ab", False),
    ],
)
def test_a_pattern_of_javascript_matches_the_same_in_python(javascript: str, text: str, matches: bool) -> None:
    assert bool(re.search(python_pattern(javascript), text)) is matches


def test_a_pattern_python_cannot_say_is_not_carried() -> None:
    with pytest.raises(CannotCarry, match="know nothing like"):
        python_pattern(r"\p{L}+")


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("yes", {"type": "equals", "value": "yes"}),
        ("not-contains: no", {"type": "not-contains", "value": "no"}),
        ("contains-any:a, b", {"type": "contains-any", "value": ["a", "b"]}),
        ("levenshtein(2):Rome", {"type": "levenshtein", "value": "Rome", "threshold": 2.0}),
        ("latency:", {"type": "latency", "value": "", "threshold": 0.75}),
        ("fn:output.length", {"type": "javascript", "value": "output.length"}),
        ("grade:polite", {"type": "llm-rubric", "value": "polite"}),
        ("see contains:a", {"type": "equals", "value": "see contains:a"}),
    ],
)
def test_an_assertion_in_one_cell_is_read_as_promptfoo_reads_it(text: str, assertion: dict[str, Any]) -> None:
    assert assertion_of(text) == assertion


def test_commas_within_quotes_separate_nothing() -> None:
    assert comma_separated('"a, ""b""", c,, "d\\"e"') == ['a, "b"', "c", 'd"e']


def test_an_id_is_made_of_plain_letters_and_is_never_too_long() -> None:
    assert slug("Wie lange? Größe / Übung") == "wie-lange-groe-ubung"
    assert len(slug("word " * 100)) <= 60


@pytest.mark.parametrize("entry", [{"equals": {"to": "a"}}, {"edit_distance": {"to": "a", "max": 0}}])
def test_white_space_around_an_answer_counts_only_without_trim(entry: dict[str, Any]) -> None:
    ((name, argument),) = entry.items()
    assert outcome(entry, answered(" a")).status is Status.PASS
    assert outcome({name: {**argument, "trim": False}}, answered(" a")).status is Status.FAIL
    assert outcome({name: {**argument, "trim": False}}, answered("a")).status is Status.PASS


# ------------------------------------------------------------------------------------------------ whole imports
def test_a_key_in_the_configuration_is_never_copied(tmp_path: Path) -> None:
    provider = {
        "id": "openai:gpt-4o",
        "config": {"apiKey": "sk-planted-4711", "headers": {"X-Api-Key": "planted-4712"}},
    }
    result = imported(tmp_path, {**asserting({"type": "contains", "value": "a"}), "providers": [provider]})
    assert "planted" not in result.suite + reasons(result)
    assert "api_key: ${OPENAI_API_KEY}" in result.suite
    assert "X-Api-Key: ${X_API_KEY}" in result.suite
    assert reasons(result).count("do not belong into files") == 2


def test_a_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("planted", encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    result = imported(inner, asserting({"type": "equals", "value": "file://../secret.txt"}))
    assert "planted" not in result.suite
    assert "lies outside" in reasons(result)


def test_a_hostile_description_stays_a_comment_or_a_text(tmp_path: Path) -> None:
    hostile = "x\nprobes: []\n# \u2028 \x1b[31m"
    result = imported(tmp_path, asking({"description": hostile, "vars": {"q": "a"}, "assert": [{"type": hostile}]}))
    assert len(suite(result)["probes"]) == 1
    assert suite(result)["probes"][0]["description"] == hostile
    assert "\x1b" not in "".join(line for line in result.suite.splitlines() if line.lstrip().startswith("#"))


def test_the_environment_is_read_under_endpoints_only(tmp_path: Path) -> None:
    provider = {"id": "openai:gpt-4o", "config": {"apiBaseUrl": "{{env.BASE}}/v1", "apiKey": "{{ env.KEY }}"}}
    config = {**asserting({"type": "contains", "value": "a {{env.X}}"}), "providers": [provider]}
    result = imported(tmp_path, config)
    assert suite(result)["endpoints"]["openai-gpt-4o"]["base_url"] == "${BASE}/v1"
    assert suite(result)["endpoints"]["openai-gpt-4o"]["api_key"] == "${KEY}"
    assert "reads the environment under endpoints only" in reasons(result)


def test_checks_of_all_probes_become_defaults_unless_one_restates_them(tmp_path: Path) -> None:
    tests: list[Any] = [{"vars": {"q": q}, "assert": [{"type": "contains", "value": q}]} for q in ("a", "b")]
    shared = {"assert": [{"type": "latency", "threshold": 1500}]}
    assert suite(imported(tmp_path, asking(*tests, defaultTest=shared)))["defaults"]["checks"] == [
        {"total_time": {"max": "1500ms"}}
    ]
    tests[0]["assert"].append({"type": "latency", "threshold": 10})
    assert "defaults" not in suite(imported(tmp_path, asking(*tests, defaultTest=shared)))


def test_braces_in_an_assertion_stay_what_they_are(tmp_path: Path) -> None:
    config = asking(*({"vars": {"q": q}, "assert": [{"type": "contains", "value": "a {{ b"}]} for q in "xy"))
    prepared = prepare(written_to(tmp_path, imported(tmp_path, config)), AnyEnvironment(), None)
    assert [check.argument_text for checks in prepared.checks.values() for check in checks] == ['"a {{ b"'] * 2


def test_a_key_that_no_converter_reads_is_listed_within_a_value_too(tmp_path: Path) -> None:
    result = imported(tmp_path, asserting({"type": "is-sql", "value": {"databaseType": "MySQL", "strict": True}}))
    assert "tests[0].assert[0].value.strict: not carried" in reasons(result)


def test_checks_of_meaning_bring_a_judge_along(tmp_path: Path) -> None:
    result = imported(
        tmp_path, asserting({"type": "llm-rubric", "value": "Is polite."}, {"type": "similar", "value": "a"})
    )
    made = suite(result)
    assert made["judge"] == {"endpoint": "judge", "embeddings": "embedder"}
    assert made["monitor"] == ["openai-gpt-4o-mini"]
    assert prepare(written_to(tmp_path, result), AnyEnvironment(), None).suite.judge is not None


def test_repeat_becomes_samples_and_weight_nothing_is_tracked(tmp_path: Path) -> None:
    config = {**asserting({"type": "contains", "value": "a", "weight": 0}), "evaluateOptions": {"repeat": 4}}
    result = suite(imported(tmp_path, config))
    assert result["defaults"]["samples"] == 4
    assert result["probes"][0]["checks"] == [{"contains": "a", "mode": "tracked"}]


def test_an_api_of_ones_own_becomes_an_endpoint_of_protocol_http(tmp_path: Path) -> None:
    provider = {
        "id": "https://api.example.com/ask",
        "config": {"body": {"q": "{{prompt}}", "l": "{{lang}}"}, "transformResponse": "json.answer[0].text"},
    }
    result = imported(tmp_path, {**asking({"vars": {"q": "a", "lang": "de"}}), "providers": provider})
    (endpoint,) = suite(result)["endpoints"].values()
    assert endpoint["request"] == {"method": "POST", "body": {"q": "{{prompt}}", "l": "{{vars.lang}}"}}
    assert endpoint["response"] == {"answer": "$.answer[0].text"}


def test_a_prompt_that_holdfast_cannot_render_is_listed_with_its_test(tmp_path: Path) -> None:
    config = asking({"vars": {"q": "a"}}, prompts=["{{q}}", "{{ q | replace('a', 'b') }}"])
    result = imported(tmp_path, config)
    assert len(suite(result)["probes"]) == 1
    assert "there is no filter 'replace'" in reasons(result)


def test_a_configuration_without_anything_to_ask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of its tests can be asked"):
        imported(tmp_path, {"providers": ["openai:gpt-4o"], "tests": []})


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a", "is a mapping"), ("a: [", "not YAML"), ("a: &x [*x]", "aliases"), ("[" * 100, "levels deep")],
)
def test_a_file_that_is_no_configuration_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        imported(tmp_path, text)
    assert refused.value.problems[0].line >= 1

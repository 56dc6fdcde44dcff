"""Every check in the table keeps the contract of a rule, whatever an endpoint answers, and is documented."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import checks
from checks.check import CheckContext
from checks.consulting import Consulting, consultants
from checks.faults import NO_ANSWER
from checks.finding import Outcome, Status
from checks.quote import REASON_CHARS
from checks.rules import CHECKS
from checks.run_checks import examined, run_checks
from probes.fault import Fault
from probes.route import Route
from probes.sample import Document, Finish, Timing, TokenUsage
from tests.fakes.rules import bound, spec
from tests.fakes.samples import answered

ROOT = Path(checks.__file__).parent
DOCS = (ROOT.parent / "docs" / "checks.md").read_text(encoding="utf-8")
KNOWN = CheckContext(baseline_answers=("You have 30 days.", "", "\ud800"))
WEIRD = {
    "none": None,
    "empty": "",
    "blank": " \t\r\n\u200b",
    "controls": "".join(map(chr, range(32))) + "\x7f\x9b31m",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 ok",
    "lone surrogates": "\ud800 days \udfff",
    "right to left": "\u202eيمكنك إرجاعها\u202c within 30 days",
    "combining": "a" + "\u0301" * 500,
    "one megabyte": "30 days " * 131_072,
    "one megabyte of quotes": "'\"`“„«>" * 150_000,
    "one megabyte of blanks": " " * 1_000_000,
    "one megabyte of apologies": "I'm sorry, " * 95_000,
    "one megabyte of brackets": "[" * 1_000_000,
    "a json megabyte": "[" + '{"total": 1},' * 75_000 + "1]",
    "json with lone surrogates": '{"total": "\\ud800", "due_date": "\ud800"}',
    "huge number": '{"total": ' + "9" * 4_000 + "}",
}


def _examples() -> list[tuple[str, Any]]:
    """Every check with every argument that its own schema gives as an example."""
    return [(name, example) for name, rule in CHECKS.items() for example in rule.argument.json_schema()["examples"]]


def _sections() -> dict[str, str]:
    """The section of the documentation by its heading."""
    parts = re.split(r"^### (.+)$", DOCS.split("\n## Adding")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_called_what_the_table_calls_it(name: str) -> None:
    assert CHECKS[name].name == name
    assert CHECKS[name].__module__ == f"checks.rules.{name}{'_' * keyword.iskeyword(name)}"


@pytest.mark.parametrize(("name", "argument"), _examples())
def test_an_example_is_accepted_and_fits_the_schema_that_editors_see(name: str, argument: Any) -> None:
    schema = CHECKS[name].argument.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(argument)
    assert bound({name: argument}).spec.check == name


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("nonsense", [{"no such option": 1}, {}, 3.5, True, []])
def test_nonsense_that_editors_refuse_is_refused_by_binding_too(name: str, nonsense: Any) -> None:
    rule = CHECKS[name]
    editor_accepts = jsonschema.Draft202012Validator(rule.argument.json_schema()).is_valid(nonsense)
    try:
        rule(rule.argument.validate_python(nonsense))
    except ValueError:
        accepted = False
    else:
        accepted = True
    assert editor_accepts or not accepted


@pytest.mark.parametrize(("name", "argument"), _examples())
@pytest.mark.parametrize("answer", WEIRD.values(), ids=list(WEIRD))
def test_no_answer_makes_a_check_raise_or_change_its_mind(name: str, argument: Any, answer: str | None) -> None:
    rule = bound({name: argument}).rule
    for sample in (answered(answer), answered(answer, finish=None)):
        first = rule.examine(sample, KNOWN)
        assert isinstance(first, Outcome)
        assert first == rule.examine(sample, KNOWN)
        assert bool(first.reason) is (first.status is not Status.PASS)
        assert first.reason.isprintable() or "\u200d" in first.reason
        first.reason.encode("utf-8")
        assert len(first.reason) <= REASON_CHARS
        if first.span is not None:
            assert 0 <= first.span[0] <= first.span[1] <= len(answer or "")


@settings(max_examples=30)
@given(
    answer=st.none() | st.text(max_size=60),
    tokens=st.none() | st.integers(0, 10**6),
    seconds=st.none() | st.floats(0, 1e6),
    finish=st.none() | st.sampled_from(Finish),
    names=st.none() | st.text(max_size=20),
)
@pytest.mark.parametrize(("name", "argument"), _examples())
def test_no_reply_makes_a_check_raise(
    name: str,
    argument: Any,
    answer: str | None,
    tokens: int | None,
    seconds: float | None,
    finish: Finish | None,
    names: str | None,
) -> None:
    sample = answered(
        answer,
        finish=finish,
        finish_raw=names,
        usage=TokenUsage(output_tokens=tokens),
        timing=Timing(first_token_s=seconds, total_s=seconds),
        route=Route(model=names, provider=names, cache=names),
    )
    (finding,) = run_checks([bound({name: argument})], "p", [sample], KNOWN)
    assert "itself broke" not in finding.reason
    assert bool(finding.reason) is (finding.status is not Status.PASS)


BAD = answered(
    "I'm sorry, but I can't help with that. TODO: call +1 202 555 0143, password: q7Rk2Lw9",
    finish=Finish.LENGTH,
    usage=TokenUsage(input_tokens=10**6, output_tokens=10**6, reasoning_tokens=10**6),
    timing=Timing(first_token_s=1e6, longest_gap_s=1e6, total_s=3e6),
    route=Route(model="stranger", cache="hit", provider="stranger", attempts=9),
    cost_usd=1e6,
    status=206,
    headers={"server": "stranger"},
    documents=(),
    citations=("nowhere",),
    filters={"answer.hate": "high, filtered"},
)
ALONE_IN_ITS_WORDS = replace(KNOWN, siblings=(BAD, answered("30 days", 1), answered("30 days", 2)))
BAD_FOR: dict[str, Any] = {
    "not_contains": "TODO",
    "refusal": "filter",
    "no_leak": {"prompt": "I'm sorry, but I can't help with that."},
    "injection": "TODO",
}
"""Arguments that make it bad, where the first example does not."""


ASKING = [name for name, rule in CHECKS.items() if issubclass(rule, Consulting)]
"""Checks of meaning: what they say once they are answered is in ``test_check_meaning``."""


@pytest.mark.parametrize("name", [name for name in CHECKS if name not in ASKING])
def test_every_check_can_fail(name: str) -> None:
    argument = BAD_FOR.get(name) or CHECKS[name].argument.json_schema()["examples"][0]
    assert bound({name: argument}).rule.examine(BAD, ALONE_IN_ITS_WORDS).status is Status.FAIL


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_broke_where_it_fails(name: str) -> None:
    argument = BAD_FOR.get(name) or CHECKS[name].argument.json_schema()["examples"][0]
    assert isinstance(getattr(CHECKS[name], "fault", None), Fault)
    told = examined(bound({name: argument}).rule, BAD, ALONE_IN_ITS_WORDS)
    assert told.fault is not None
    assert (told.fault is Fault.INSTRUMENT) is (told.status is Status.ERROR)


@pytest.mark.parametrize("name", ASKING)
def test_a_check_that_asks_is_an_error_while_nobody_was_asked_and_so_is_its_negation(name: str) -> None:
    for argument in CHECKS[name].argument.json_schema()["examples"]:
        for entry in ({name: argument}, {"not": {name: argument}}):
            rule = bound(entry).rule
            assert next(consultants(rule)).questions(BAD, KNOWN)
            assert examined(rule, BAD, KNOWN).status is Status.ERROR


LOOKS_BEYOND_THE_TEXT = {
    "no_refusal",
    "refusal",
    "no_truncation",
    "tool_calls",
    "finish",
    "first_token",
    "total_time",
    "longest_gap",
    "tokens_per_second",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost",
    "attempts",
    "header",
    "status",
    "route",
    "retrieved",
    "moderation",
    "all_of",
    "any_of",
    "not",
    "python",
}
"""Checks that have something to look at where an endpoint only retrieves; what is made of checks leaves it to its
parts, and local code is handed the whole sample."""


@pytest.mark.parametrize(("name", "argument"), _examples())
def test_a_check_of_the_text_is_an_error_where_an_endpoint_only_retrieves(name: str, argument: Any) -> None:
    only_retrieves = replace(BAD, answer=None, documents=(Document(id="a"),), finish=Finish.STOP)
    outcome = examined(bound({name: argument}).rule, only_retrieves, KNOWN)
    assert (outcome.reason == NO_ANSWER) is (name not in LOOKS_BEYOND_THE_TEXT)
    assert getattr(CHECKS[name], "reads_answer", True) is (name not in LOOKS_BEYOND_THE_TEXT)


def test_the_documentation_has_one_section_a_check() -> None:
    assert list(_sections()) == list(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_the_examples_of_a_documented_check_bind(name: str) -> None:
    blocks = re.findall(r"```yaml fragment\n(.*?)```", _sections()[name], flags=re.DOTALL)
    entries = [entry for block in blocks for entry in YAML(typ="safe", pure=True).load(block)]
    assert entries
    assert {bound(entry).spec.check for entry in entries} == {name}


@pytest.mark.parametrize("name", CHECKS)
def test_the_documentation_names_every_option(name: str) -> None:
    forms = CHECKS[name].argument.json_schema().get("anyOf", ())
    options = {option for form in forms for option in form.get("properties", ())}
    if name == "not_contains":
        options = set()  # "the same forms" as contains
    if name == "finish":
        options.discard("reasons")  # only ever written in its short form
    assert {option for option in options if option not in _sections()[name]} == set()


def test_the_first_example_of_the_documentation_binds() -> None:
    block = re.findall(r"```yaml fragment\n(.*?)```", DOCS, flags=re.DOTALL)[0]
    entries = YAML(typ="safe", pure=True).load(block)["checks"]
    assert [bound(entry).spec.check for entry in entries] == ["no_refusal", "contains", "finish", "similar"]
    assert spec(entries[3]).mode == "tracked"


IMPURE = {"os", "time", "asyncio", "pathlib", "socket", "subprocess", "random", "urllib", "httpx2", "io", "sqlite3"}


@pytest.mark.parametrize("file", sorted((*ROOT.glob("*.py"), *(ROOT / "rules").glob("*.py"))), ids=lambda f: f.stem)
def test_no_check_imports_a_clock_a_file_or_a_network(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & IMPURE
    assert not {name for name in names if name.startswith(("runner", "reports", "probes.transport", "probes.fire"))}

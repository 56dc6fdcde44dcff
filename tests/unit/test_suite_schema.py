"""The JSON Schema for editors agrees with what the loader takes and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, TypeAdapter

from checks.check import CheckContext
from checks.finding import Outcome, Status
from checks.rules import CHECKS, bind_suite
from probes.errors import SuiteError
from probes.sample import Sample
from probes.suite_file import load_suite, read_suite
from probes.yaml_reader import read_document
from runner.schema.suite_schema import suite_schema
from runner.starter import starter_text

ROOT = Path(__file__).parent.parent.parent
SUITES = [*sorted((ROOT / "probe_suites").glob("*.yaml")), ROOT / "runner" / "starter" / "suite.yaml"]
REFUSED = ROOT / "tests" / "refused_suites"
ENVIRON = dict.fromkeys(
    ("HOLDFAST_BASE_URL", "HOLDFAST_API_KEY", "HOLDFAST_MODEL", "SUPPORT_BOT_URL", "SUPPORT_BOT_KEY"),
    "https://gateway.example.com/v1",
)
SCHEMA = suite_schema(CHECKS)


class _Limits(BaseModel):
    model_config = ConfigDict(extra="forbid")
    max: int


class _Fake:
    """A rule with one option."""

    name: ClassVar[str] = "fake"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(_Limits)
    policy: ClassVar[bool] = False

    def __init__(self, argument: Any) -> None:
        self.given = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return Outcome(status=Status.PASS)


class _Bare(_Fake):
    """A rule without an argument."""

    name: ClassVar[str] = "bare"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(None)


FAKE = Draft202012Validator(suite_schema({"fake": _Fake, "bare": _Bare}))


def with_check(entry: object) -> dict[str, object]:
    return {
        "version": 1,
        "suite": "s",
        "endpoints": {"a": {"base_url": "http://127.0.0.1"}, "b": {"like": "a"}},
        "probes": [{"id": "p", "prompt": "Hello?", "checks": [entry]}],
    }


def faults(data: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]


def test_the_schema_is_a_schema_and_every_reference_in_it_leads_somewhere() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    targets = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert targets <= set(SCHEMA["$defs"])


@pytest.mark.parametrize(
    "entry",
    ["bare", {"bare": None}, {"fake": {"max": 3}}, {"fake": {"max": 3}, "mode": "tracked", "require": "2 of 3"}],
)
def test_a_check_is_known_by_its_bare_name_or_with_its_argument(entry: object) -> None:
    assert FAKE.is_valid(with_check(entry))


@pytest.mark.parametrize(
    "entry",
    ["fake", "unknown", {"fake": {"mx": 3}}, {"fake": {"max": 3}, "bare": None}, {"fake": {"max": 3}, "mode": "x"}, 7],
)
def test_a_check_that_does_not_exist_or_has_a_wrong_argument_is_marked(entry: object) -> None:
    assert not FAKE.is_valid(with_check(entry))


@pytest.mark.parametrize("path", SUITES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_ready_suite_loads_binds_and_fits_the_schema(path: Path) -> None:
    loaded = read_suite(path, ENVIRON)
    assert bind_suite(loaded.suite)[1] == ()
    assert faults(read_document(path.read_text(encoding="utf-8"), path.name, SuiteError).data) == []


@pytest.mark.parametrize(
    "name",
    [
        "unknown_key",
        "unknown_key_in_endpoint",
        "missing_suite_name",
        "missing_base_url",
        "wrong_version",
        "probe_without_question",
        "prompt_and_messages",
        "label_is_a_number",
        "stream_yes",
        "samples_zero",
        "unknown_role",
        "unknown_mode",
        "schedule_of_both_kinds",
        "unknown_alert_kind",
        "unknown_check",
        "api_key_in_file",
    ],
)
def test_the_editor_marks_what_the_loader_refuses(name: str) -> None:
    text = (REFUSED / f"{name}.yaml").read_text(encoding="utf-8")
    assert faults(read_document(text, name, SuiteError).data)


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (ROOT / "probe_suites" / "suite.schema.json").read_text(encoding="utf-8")
    generated = json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"
    assert committed == generated, "regenerate it: holdfast schema > probe_suites/suite.schema.json"


STARTER_PROMPTS = {
    "refund-window": "How do I return a keyboard bought two weeks ago?",
    "opening-hours": "When is your support desk open on Saturdays?",
    "invoice-json": "Extract total and due date: Invoice 4471, 1240.50 EUR, due 2026-07-01",
    "arithmetic": "7 items at 19 euros plus 14 shipping, what is the total?",
    "capital": "What is the capital of Australia? Answer in one sentence.",
    "translate": "Translate to German: The invoice is overdue.",
    "warranty": "Does the warranty cover water damage?",
    "contact": "Which e-mail address reaches the billing team? Answer with the address only.",
    "steps": "List the three steps to reset a password, numbered.",
    "sentiment": "Classify the sentiment as positive, negative or neutral: "
    "'The parcel came late, but the staff were lovely.'",
}


def test_the_starter_asks_exactly_what_the_demo_endpoint_answers() -> None:
    suite = read_suite(ROOT / "runner" / "starter" / "suite.yaml", ENVIRON).suite
    assert {probe.id: probe.conversation[-1].content for probe in suite.probes} == STARTER_PROMPTS
    assert [probe.id for probe in suite.probes if any(s.mode == "tracked" for s in probe.checks)] == ["arithmetic"]
    assert starter_text("suite.yaml").startswith("# yaml-language-server: $schema=./suite.schema.json")


def test_the_reference_names_every_key_and_its_whole_suites_load() -> None:
    page = (ROOT / "docs" / "suites.md").read_text(encoding="utf-8")
    nouns = ("Suite", "Endpoint", "Timeouts", "Probe", "Message", "Defaults", "Schedule", "Owner", "AlertRule")
    nouns = (
        *nouns,
        "DriftSettings",
        "Tolerance",
        "OAuth2",
        "Tls",
        "Prices",
        "RouteMap",
        "Spend",
        "Tool",
        "Turn",
        "Part",
        "CanarySettings",
        "CanaryMargin",
    )
    keys = {key for noun in nouns for key in SCHEMA["$defs"].get(noun, SCHEMA)["properties"]}
    assert {key for key in keys if f"`{key}`" not in page} == set()
    blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    assert len(blocks) == 2
    for block in blocks:
        suite = load_suite(block, "suites.md", ENVIRON).suite
        assert bind_suite(suite)[1] == ()


@pytest.mark.parametrize(
    ("endpoint", "fits"),
    [
        ({"api_key": {"file": "key"}}, True),
        ({"api_key": {"path": "key"}}, False),
        ({"api_key": "sk-in-the-file"}, False),
        ({"headers": {"X-A": {"file": "key"}, "X-B": "Bearer ${B}"}}, True),
        ({"proxy": {"file": "proxy"}}, True),
        ({"oauth2": {"token_url": "${URL}", "client_id": "me", "client_secret": {"file": "key"}}}, True),
        ({"oauth2": {"token_url": "https://a", "client_id": "me", "client_secret": "in-the-file"}}, False),
        ({"tls": {"certificate": "a.pem", "key_password": "${PASSWORD}"}}, True),
    ],
)
def test_a_secret_is_written_as_a_variable_or_a_file(endpoint: dict[str, object], fits: bool) -> None:
    data = with_check("no_refusal")
    data["endpoints"] = {"a": {"base_url": "http://127.0.0.1", **endpoint}}
    assert (faults(data) == []) == fits

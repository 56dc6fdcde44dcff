"""Classes of what broke from YAML to store, reports and the one who is told, through the installed command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace
from tests.fakes.slack import FakeSlack

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "runs.schema.json").read_text(encoding="utf-8"))
SUITE = """\
version: 1
suite: classed
owner: {team: support}
owners:
  retrieval_miss: {team: search team, contact: "#search", notify: search}
  unreachable: {team: platform}
endpoints:
  production: {base_url: "${HOLDFAST_BASE_URL}", model: m, api_key: "${HOLDFAST_API_KEY}", retries: 0}
probes:
  - id: capital
    prompt: What is the capital of Australia?
    checks:
      - contains: 4711 never said
        class: retrieval_miss
      - starts_with: 4712 never said
  - id: greeting
    prompt: Say hello.
    checks:
      - no_refusal
drift:
  tolerance: {latency: 100%}
alerts:
  - {notify: everybody, resolve_after: 1}
"""
WELL = SUITE.replace("contains: 4711 never said", "not_contains: 4711 never said").replace(
    "starts_with: 4712 never said", "no_refusal"
)


@pytest.fixture
def told(place: Workplace) -> Any:
    """A place with the suite and two notifiers: ``everybody`` takes JSON, ``search`` is the console."""
    with FakeSlack() as receiver:
        settings = {"everybody": {"type": "webhook", "url": receiver.receiver_url}, "search": {"type": "console"}}
        (place.folder / "holdfast.yaml").write_text(json.dumps({"notifiers": settings}), encoding="utf-8")
        (place.folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
        yield place, receiver


def test_what_broke_is_classed_counted_stored_shown_and_told_to_its_owner(told: tuple[Workplace, FakeSlack]) -> None:
    place, receiver = told
    ran = place.run("run", "suite.yaml", "--format", "json", "--report", "out")
    value = json.loads(ran.stdout)
    jsonschema.validate(value, SCHEMA)
    capital, greeting = value["runs"][0]["probes"]
    assert [check["class"] for check in capital["checks"]] == ["retrieval_miss", "wrong_answer"]
    assert capital["faults"] == value["runs"][0]["faults"] == {"retrieval_miss": 1, "wrong_answer": 1}
    assert (greeting["checks"][0]["class"], greeting["faults"]) == (None, {})

    assert "class: retrieval_miss\n  owner: search team #search" in ran.stderr
    assert "4711" in ran.stderr and "4712" not in ran.stderr
    ((_, notice, _),) = receiver.requests
    assert (notice["faults"], notice["team"]) == (["wrong_answer"], "support")
    assert "4712" in str(notice["facts"]) and "4711" not in str(notice["facts"])

    stored = json.loads(place.run("show", "suite.yaml", "--format", "json").stdout)
    assert stored["runs"][0]["probes"] == value["runs"][0]["probes"]
    shown = place.run("show", "suite.yaml").stdout
    assert "what broke: wrong_answer x1, retrieval_miss x1" in shown
    cases = Xml.fromstring(place.run("show", "suite.yaml", "--format", "junit").stdout).iter("failure")
    assert {"retrieval_miss", "wrong_answer"} <= {case.get("type") for case in cases}
    assert "retrieval_miss" in place.run("show", "suite.yaml", "--format", "markdown").stdout
    page = (place.folder / "out" / "classed-production.html").read_text(encoding="utf-8")
    assert "retrieval_miss</span> x1" in page
    assert place.run("replay", "suite.yaml").returncode == 0


def test_each_hears_the_end_of_what_they_were_told(told: tuple[Workplace, FakeSlack]) -> None:
    place, receiver = told
    place.run("run", "suite.yaml")
    (place.folder / "suite.yaml").write_text(WELL, encoding="utf-8")
    over = place.run("run", "suite.yaml")
    assert "RESOLVED" in over.stderr and "class: retrieval_miss" in over.stderr
    assert [body["event"] for _, body, _ in receiver.requests] == ["opened", "resolved"]
    assert receiver.requests[-1][1]["faults"] == ["wrong_answer"]


def test_an_outage_is_told_with_the_owner_of_its_class(
    told: tuple[Workplace, FakeSlack], endpoint: RunningEndpoint
) -> None:
    place, receiver = told
    endpoint.set_scenario("outage")
    value = place.json("run", "suite.yaml")
    jsonschema.validate(value, SCHEMA)
    failure = value["runs"][0]["probes"][0]["samples"][0]["failure"]
    assert (failure["class"], failure["fault"]) == ("overloaded", "unreachable")
    ((_, notice, _),) = receiver.requests
    assert (notice["kind"], notice["faults"], notice["team"]) == ("availability", ["unreachable"], "platform")

"""How a canary is told: goldens of every format, its schema, and nothing an endpoint writes comes alive."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from jsonschema import Draft202012Validator

from reports.canary.formats import FORMATS
from reports.canary.html import render
from reports.canary.record import CanaryRecord
from tests.fakes.canaries import a_canary, a_hostile_canary
from tests.fakes.records import NOW

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SCHEMA = json.loads((ROOT / "docs" / "canary.schema.json").read_text(encoding="utf-8"))


def page(record: CanaryRecord) -> str:
    return render(record, generated_at=NOW, version="0.1.0")


PIECES: dict[str, Callable[[], str]] = {
    "canary.txt": lambda: FORMATS["text"](a_canary(80, slower=1.6)),
    "canary.json": lambda: FORMATS["json"](a_canary(80, slower=1.6)),
    "canary.xml": lambda: FORMATS["junit"](a_canary(12, ended="all 12 pairs were asked")),
    "canary.md": lambda: FORMATS["markdown"](a_canary(80, slower=1.6)),
    "canary.html": lambda: page(a_canary(80, slower=1.6)),
}


@pytest.mark.parametrize("name", PIECES)
def test_the_output_is_the_golden_one(name: str) -> None:
    told, path = PIECES[name](), GOLDEN / name
    if os.environ.get("HOLDFAST_UPDATE_GOLDEN") == "1":
        path.write_text(told, encoding="utf-8", newline="")
    assert told == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("record", [a_canary(80, slower=1.6), a_canary(3), a_canary(0), a_hostile_canary()])
def test_the_json_fits_its_schema(record: CanaryRecord) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads(FORMATS["json"](record)))


def test_text_without_colour_holds_no_control_characters_of_an_endpoint() -> None:
    for name in ("text", "markdown"):
        told = FORMATS[name](a_hostile_canary())
        assert not {"\x1b", "\u202e", "\x00", "\x9b"} & set(told)


def test_a_hostile_canary_is_well_formed_xml() -> None:
    root = Xml.fromstring(FORMATS["junit"](a_hostile_canary()))
    assert root.attrib["failures"] != "0"


def test_not_enough_evidence_is_an_error_in_junit_and_never_a_pass() -> None:
    root = Xml.fromstring(FORMATS["junit"](a_canary(3, ended="all 3 pairs were asked")))
    assert root.attrib["failures"] == "0"
    assert int(root.attrib["errors"]) >= 2


def test_a_page_of_hostile_texts_has_no_markup_of_theirs() -> None:
    told = page(a_hostile_canary())
    assert "<script" not in told
    assert "<img" not in told
    assert "onerror=alert" not in told.replace("onerror=alert(2)&gt;", "")
    assert "\u202e" not in told


def test_a_page_of_no_pairs_is_still_a_page() -> None:
    assert "INCONCLUSIVE" in page(a_canary(0, ended="the time was up"))

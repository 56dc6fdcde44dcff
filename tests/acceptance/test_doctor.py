"""``holdfast doctor`` as a whole process: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Workplace
from tests.fakes.receivers import ROUTING_KEY, FakeReceivers

pytestmark = pytest.mark.slow


def test_a_new_installation_is_examined_asked_and_told_and_all_is_well(place: Workplace) -> None:
    assert place.run("init", "suites").returncode == 0
    with FakeReceivers() as fake:
        settings = f'notifiers: {{pager: {{type: pagerduty, routing_key: "${{KEY}}", url: "{fake.pagerduty_url}"}}}}\n'
        (place.folder / "suites" / "holdfast.yaml").write_text(settings, encoding="utf-8")
        done = place.run("doctor", "suites", "--probe", "--notify", "--format", "json", env={"KEY": ROUTING_KEY})
        assert (fake.open_pages, len(fake.pages)) == ([], 1)
    report = json.loads(done.stdout)
    assert (done.returncode, report["exit_code"], report["schema"]) == (0, 0, "holdfast.doctor/1"), done.stdout
    assert {entry["state"] for entry in report["diagnoses"]} == {"fine", "note"}
    told = " ".join(entry["told"] for entry in report["diagnoses"])
    assert "answered probe" in told and "the test message was taken" in told
    assert "sk-planted-4711" not in done.stdout + done.stderr and ROUTING_KEY not in done.stdout + done.stderr
    assert not (place.folder / ".holdfast").exists(), "it made no store"


def test_what_is_missing_is_named_with_what_to_do_and_ends_with_2(place: Workplace) -> None:
    assert place.run("init", "suites").returncode == 0
    done = place.run("doctor", "suites", env={"HOLDFAST_API_KEY": ""})
    assert done.returncode == 2, done.stdout
    assert "HOLDFAST_API_KEY is empty" in done.stdout and "-> set HOLDFAST_API_KEY where holdfast runs" in done.stdout


def test_an_endpoint_nobody_answers_at_ends_with_1(place: Workplace) -> None:
    assert place.run("init", "suites").returncode == 0
    done = place.run("doctor", "suites", env={"HOLDFAST_BASE_URL": "http://127.0.0.1:9/v1"})
    assert done.returncode == 1, done.stdout
    assert "no connection to 127.0.0.1:9" in done.stdout

"""What reports say of judges: their words beside the checks, their cost in the run's, and nothing that acts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from checks.finding import Status
from probes.failure import Failure, FailureClass
from probes.sample import TokenUsage
from reports.consultation import CalibrationResult, Consultation, Place
from reports.formats import html
from reports.formats.json_format import render
from reports.summary import Report, RunRecord
from tests.fakes.records import HOSTILE, NOW, a_finding, a_probe, a_run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "runs.schema.json").read_text(encoding="utf-8"))
PLACES = (Place(probe="refund-window", sample_id="run-0042-refund-window-0", position=0),)
SAID = Consultation(
    purpose="rubric/1",
    kind="verdict",
    endpoint="judge",
    places=PLACES,
    model="judge-1",
    fingerprint="fp_1",
    usage=TokenUsage(input_tokens=400, output_tokens=30),
    cost_usd=0.5,
    verdict="FAIL",
    text=f"Because of this. {HOSTILE}",
)
SILENT = replace(
    SAID,
    vote=1,
    verdict="",
    text=None,
    cost_usd=None,
    usage=TokenUsage(),
    failure=Failure(kind=FailureClass.SPEND_CAP, message="not asked: a cap is reached", status=None),
)
MOVED = CalibrationResult(
    endpoint="judge", asked="a", at=NOW, agree=1, total=2, tolerate=0, told=(f"case 2: {HOSTILE}",)
)


def a_judged_run(**changes: Any) -> RunRecord:
    found = a_finding("rubric", '"Is kind."', statuses=(Status.ERROR,) * 3, reason=f"{MOVED}")
    record = a_run((a_probe(findings=[found]),))
    return replace(record, **{"consultations": (SAID, SILENT), "calibration": MOVED, **changes})


def as_json(record: RunRecord) -> dict[str, Any]:
    told = json.loads(render([record], exit_code=3))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    return told["runs"][0]  # type: ignore[no-any-return]


def test_the_json_of_a_run_tells_who_judged_at_what_cost_and_whether_it_still_agrees() -> None:
    judge = as_json(a_judged_run())["judge"]
    assert (judge["endpoints"], judge["models"], judge["fingerprints"]) == (["judge"], ["judge-1"], ["fp_1"])
    assert (judge["asked"], judge["unanswered"], judge["cost_usd"]) == (2, 1, 0.5)
    assert judge["usage"]["input_tokens"] == 400
    assert (judge["calibration"]["agree"], judge["calibration"]["moved"]) == (1, True)
    assert as_json(a_judged_run(consultations=(), calibration=None))["judge"] is None


def test_what_judges_cost_is_part_of_what_the_run_cost() -> None:
    without = as_json(a_judged_run(consultations=(), calibration=None))["cost_usd"]
    assert as_json(a_judged_run())["cost_usd"] == without + 0.5
    assert as_json(a_judged_run(consultations=(replace(SAID, cost_usd=None),)))["cost_usd"] is None


def test_the_page_shows_the_judges_words_beside_the_checks_and_lets_nothing_act() -> None:
    report = Report(run=a_judged_run(), recent=(), baseline=None, history={})
    page = html.render_report(report, generated_at=NOW, version="1")
    assert "Because of this." in page and "2 verdicts by a judge" in page
    assert "no verdict: not asked: a cap is reached" in page
    assert "Judge: instrument changed: calibration 1 of 2 agree" in page
    assert "<script" not in page and "<img" not in page and "\u202e" not in page and "\x1b" not in page


def test_a_calibration_that_was_not_answered_is_not_called_a_changed_instrument() -> None:
    unknown = replace(MOVED, unanswered=1)
    assert unknown.moved
    assert str(unknown) == "the judge could not be calibrated: calibration 1 of 2 agree, 1 without a reply"

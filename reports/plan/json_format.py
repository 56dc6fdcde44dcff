"""A plan as the one JSON object ``holdfast.plan/1``. Feeds scripts. Its schema is docs/plan.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from checks.plan.alarms import MEASURED_IN, WHOLE_RUNS
from checks.plan.forecast import Outlook
from reports.formats.json_format import json_text
from reports.plan import wording
from reports.plan.record import SuitePlan

SCHEMA = "holdfast.plan/1"


def render(plan: SuitePlan) -> str:
    """One object and nothing else, pure ASCII; every key is always there."""
    return json_text(plan_object(plan))


def plan_object(plan: SuitePlan) -> dict[str, Any]:
    """The object."""
    return {
        "schema": SCHEMA,
        "suite": plan.suite,
        "endpoint": plan.endpoint,
        "summary": wording.verdict(plan),
        "scheduled": plan.scheduled,
        "runs_per_year": plan.judge.runs_per_year,
        "probes": plan.probes,
        "samples_per_run": plan.shape.samples,
        "threshold": _threshold(plan),
        "false_alarms": _false_alarms(plan),
        "noise": {
            "recorded_runs": plan.recorded_runs,
            "assumed_because": plan.unrecorded or None,
            "formed_runs": plan.formed_runs,
            "baseline_runs": plan.baseline_runs,
            "assumptions": {o.stream: wording.ASSUMPTIONS[o.stream] for o in plan.outlooks if _assumed(o)},
            "trials": plan.repeats,
            "seed": plan.seed,
        },
        "horizons": [asdict(wait) for wait in plan.horizons],
        "streams": [_outlook(outlook) for outlook in plan.outlooks],
        "monthly": asdict(plan.monthly),
        "options": {
            "horizon": plan.compared_within.name,
            "choices": [
                {
                    "name": option.name,
                    "runs_factor": option.runs_factor,
                    "samples_factor": option.samples_factor,
                    "ln_c": option.ln_c,
                    "monthly": asdict(option.monthly),
                    "streams": [_outlook(outlook) for outlook in option.outlooks],
                }
                for option in plan.options
            ],
        },
        "notes": list(plan.notes),
    }


def _assumed(outlook: Outlook) -> bool:
    return not outlook.recorded and outlook.stream in wording.ASSUMPTIONS


def _threshold(plan: SuitePlan) -> dict[str, Any]:
    judge = plan.judge
    return {
        "streams": plan.streams,
        "installation_streams": judge.streams,
        "installation": [asdict(share) for share in plan.installation],
        "ln_c_events": judge.ln_c_discrete,
        "ln_c_runs": judge.ln_c_step,
        "ln_c_days": judge.ln_c_day,
        "formula": "ln c = ln(runs a year x streams of the installation / false alarms a year)",
    }


def _false_alarms(plan: SuitePlan) -> dict[str, Any]:
    told = plan.false_alarms
    return {
        "budget_per_year": told.budget,
        "exact": {
            "per_year_at_most": told.exact_per_year,
            "new_baseline_at_most": told.exact_new_baseline,
            "formula": "sum over streams of runs a year / c; delta for each stream of events and new baseline",
        },
        "measured": {
            "new_baseline": told.measured_new_baseline,
            "new_baseline_at_most": told.measured_new_baseline_most,
            "events_per_year_at_most": told.measured_events_per_year_most,
            "whole_runs_per_stream": WHOLE_RUNS.share,
            "whole_runs_per_stream_at_most": WHOLE_RUNS.most,
            "measured_in": MEASURED_IN,
        },
    }


def _outlook(outlook: Outlook) -> dict[str, Any]:
    return {
        "stream": outlook.stream,
        "kind": outlook.kind,
        "change": wording.CHANGES[outlook.stream],
        "samples": outlook.samples,
        "recorded": outlook.recorded,
        "blind": outlook.blind or None,
        "found": [asdict(found) for found in outlook.found],
    }

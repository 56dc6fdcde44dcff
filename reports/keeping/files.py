"""Runs of a baseline file in the form in which their texts may be kept here. Feeds ``baseline import``; pure."""

from __future__ import annotations

from dataclasses import replace

from checks.baseline_file import CheckCount, FileProbe, FileRun
from checks.drift.observation import SampleFacts
from reports.keeping.samples import TELLS_NO_TEXT
from reports.keeping.texts import Pen


def kept_file_run(pen: Pen, run: FileRun) -> FileRun:
    """A run that was exported elsewhere, perhaps by an installation that keeps more."""
    return run if pen.whole else replace(run, probes=tuple(_probe(pen, probe) for probe in run.probes))


def _probe(pen: Pen, probe: FileProbe) -> FileProbe:
    if probe.observed.answers_as == pen.answers_as:
        return probe
    samples = tuple(_facts(pen, facts) for facts in probe.observed.samples)
    observed = replace(probe.observed, samples=samples, answers_as=pen.answers_as)
    return replace(probe, observed=observed, checks=tuple(_check(pen, check) for check in probe.checks))


def _facts(pen: Pen, facts: SampleFacts) -> SampleFacts:
    return replace(
        facts,
        answer=pen.said(facts.answer),
        route=None if facts.route is None else pen.line(facts.route),
        documents=None if facts.documents is None else pen.line(facts.documents),
    )


def _check(pen: Pen, check: CheckCount) -> CheckCount:
    told = pen.line(check.argument) if check.check in TELLS_NO_TEXT else pen.named(check.argument)
    return replace(check, argument=told)

"""Runs as JUnit XML, one test suite a run. Feeds CI servers.

A test case per probe and check, one ``answered`` per probe, one per drift stream of the suite, and one per probe
stream in alarm. Not measured is an error, never a pass. Tracked checks never fail a case: their rate is the
``checks`` stream's matter. Shape: the schema that Jenkins' xUnit plugin and GitLab read (testsuites, testsuite,
testcase with failure, error or skipped).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from checks.drift.result import SUITE_SCOPE, StreamResult, StreamState
from checks.finding import Finding, Status
from checks.verdict import Health
from probes.failure import SENTENCES
from reports import tally, verdict_words, wording
from reports.escaping import one_line, visible
from reports.summary import ProbeRecord, RunRecord

Fate = Literal["passed", "failure", "error", "skipped"]
_FATES: dict[Status, Fate] = {
    Status.PASS: "passed",
    Status.FAIL: "failure",
    Status.ERROR: "error",
    Status.SKIPPED: "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    classname: str
    name: str
    fate: Fate = "passed"
    message: str = ""
    kind: str = ""
    """The ``type`` attribute of a failure or error: of a broken check its class."""
    time_s: float = 0.0
    output: str = ""
    """Worth reading although it failed nothing."""


def render(records: Sequence[RunRecord], *, exit_code: int) -> str:
    """The document with its XML declaration; characters that XML 1.0 forbids are replaced by visible signs."""
    root = Xml.Element("testsuites", name="holdfast")
    for record in records:
        root.append(_suite(record))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(record.duration_s for record in records):.3f}")
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(record: RunRecord) -> Xml.Element:
    cases = list(_cases(record))
    fates = [case.fate for case in cases]
    if record.health in (Health.FAILING, Health.UNKNOWN) and not {"failure", "error"} & set(fates):
        cases.append(_whole(record))  # nothing broken or unknown is ever green
        fates.append(cases[-1].fate)
    suite = Xml.Element(
        "testsuite",
        name=one_line(f"{record.suite}.{record.endpoint}"),
        timestamp=record.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        time=f"{record.duration_s:.3f}",
        tests=str(len(cases)),
        failures=str(fates.count("failure")),
        errors=str(fates.count("error")),
        skipped=str(fates.count("skipped")),
    )
    properties = Xml.SubElement(suite, "properties")
    told = {"run_id": record.run_id, "trigger": record.trigger, "health": record.health.value}
    why = {name: reason for name in verdict_words.WITHHELD if (reason := getattr(record, name))}
    for name, value in {**told, **why, "verdict": verdict_words.verdict_sentence(record)}.items():
        Xml.SubElement(properties, "property", name=name, value=one_line(value, 1000))
    suite.extend(map(_element, cases))
    return suite


def _element(case: _Case) -> Xml.Element:
    element = Xml.Element(
        "testcase", classname=one_line(case.classname), name=one_line(case.name), time=f"{case.time_s:.3f}"
    )
    if case.fate == "skipped":
        Xml.SubElement(element, "skipped", message=one_line(case.message, 500))
    elif case.fate != "passed":
        fate = Xml.SubElement(element, case.fate, message=one_line(case.message, 500), type=one_line(case.kind))
        fate.text = visible(case.message)
    if case.output:
        Xml.SubElement(element, "system-out").text = visible(case.output)
    return element


def _cases(record: RunRecord) -> Iterator[_Case]:
    place = f"{record.suite}.{record.endpoint}"
    for probe in record.probes:
        yield _answered(probe, f"{place}.{probe.probe}")
        for finding in probe.findings:
            yield _checked(finding, f"{place}.{probe.probe}")
    for result in record.drift:
        if result.key.scope == SUITE_SCOPE:
            yield _drifted(record, result, f"{place}.drift")
        elif result.state is StreamState.ALARM:
            yield _drifted(record, result, f"{place}.{result.key.scope}.drift")


def _answered(probe: ProbeRecord, classname: str) -> _Case:
    lost = tally.failures(probe.samples)
    told = "\n".join(
        f"{entry.count} x {entry.kind}: {SENTENCES[entry.kind]} {one_line(entry.message, 500)}" for entry in lost
    )
    time_s = sum(sample.timing.total_s or 0.0 for sample in probe.samples)
    if any(sample.failure is None for sample in probe.samples):
        return _Case(classname=classname, name="answered", time_s=time_s, output=told)
    message = told or "no sample was taken"
    return _Case(classname=classname, name="answered", fate="error", message=message, kind="could not measure")


def _checked(finding: Finding, classname: str) -> _Case:
    name = f"{finding.label} {one_line(finding.argument, 80)}".strip()
    told = f"{finding.passed} of {finding.total} passed. {finding.reason}".strip()
    fate = _FATES[finding.status]
    if finding.mode == "tracked" and fate == "failure":
        return _Case(classname=classname, name=name, output=f"tracked, not a contract: {told}")
    kind = "could not measure" if fate == "error" else finding.fault or finding.mode
    return _Case(classname=classname, name=name, fate=fate, message=told, kind=kind)


def _drifted(record: RunRecord, result: StreamResult, classname: str) -> _Case:
    sentence = wording.stream_sentence(result, wording.since_words(record, result))
    told = sentence + (f". {result.note}" if result.note else "")
    name = result.key.dimension
    if result.state is StreamState.ALARM:
        return _Case(classname=classname, name=name, fate="failure", message=told, kind="drift")
    if result.state is StreamState.COLLECTING:
        missing = f"collecting: {wording.collecting_words([result])}"
        return _Case(classname=classname, name=name, fate="skipped", message=missing)
    return _Case(classname=classname, name=name, output=told)


def _whole(record: RunRecord) -> _Case:
    fate: Fate = "failure" if record.health is Health.FAILING else "error"
    told = verdict_words.verdict_sentence(record)
    return _Case(classname=f"{record.suite}.{record.endpoint}", name="run", fate=fate, message=told, kind=record.health)

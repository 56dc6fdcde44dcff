"""A canary as JUnit XML: a test case a dimension and a broken contract. Feeds CI servers.

Not enough evidence is an error, never a pass.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from checks.canary.verdict import CanaryVerdict, DimensionVerdict
from reports.canary import wording
from reports.canary.record import CanaryRecord
from reports.escaping import one_line, visible


def render(record: CanaryRecord) -> str:
    """The document with its XML declaration."""
    suite = Xml.Element(
        "testsuite",
        name=one_line(f"{record.suite}.canary.{record.candidate}"),
        timestamp=record.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        time=f"{record.duration_s:.3f}",
    )
    properties = Xml.SubElement(suite, "properties")
    for name, value in (("canary_id", record.canary_id), ("verdict", record.result.verdict.value)):
        Xml.SubElement(properties, "property", name=name, value=one_line(value))
    place = f"{record.suite}.canary"
    for told in record.result.dimensions:
        suite.append(_dimension(told, place, decided=record.result.decided))
    for broken in record.result.broken:
        name = f"{broken.probe}: {broken.check} {broken.argument}"
        case = Xml.SubElement(suite, "testcase", classname=one_line(place), name=one_line(name), time="0.000")
        _told(case, CanaryVerdict.FAIL, broken.reason, "contract")
    whole = Xml.SubElement(suite, "testcase", classname=one_line(place), name="verdict", time="0.000")
    if record.result.verdict is not CanaryVerdict.PASS:
        _told(whole, record.result.verdict, wording.reason(record), "verdict")
    root = Xml.Element("testsuites", name="holdfast")
    root.append(suite)
    for element in (suite, root):
        for count, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            element.set(count, str(len(list(suite.iter(tag)))))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _dimension(told: DimensionVerdict, place: str, *, decided: bool) -> Xml.Element:
    """The case of a dimension; one that is open after a verdict is skipped, for the canary went on without it."""
    case = Xml.Element("testcase", classname=one_line(place), name=one_line(told.dimension), time="0.000")
    if told.silent or (decided and told.verdict is CanaryVerdict.INCONCLUSIVE):
        Xml.SubElement(case, "skipped", message=one_line(told.reason, 500))
    elif told.verdict is not CanaryVerdict.PASS:
        _told(case, told.verdict, told.reason, "worse")
    return case


def _told(case: Xml.Element, verdict: CanaryVerdict, reason: str, kind: str) -> None:
    failing = verdict is CanaryVerdict.FAIL
    tag, type_ = ("failure", kind) if failing else ("error", "not enough evidence")
    Xml.SubElement(case, tag, message=one_line(reason, 500), type=type_).text = visible(reason)

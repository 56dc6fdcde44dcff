"""A canary as Markdown, for pull requests and CI step summaries. No markup of an endpoint's comes alive."""

from __future__ import annotations

from collections.abc import Iterator

from reports.canary import wording
from reports.canary.record import CanaryRecord
from reports.escaping import markdown_code, markdown_prose


def render(record: CanaryRecord) -> str:
    """The verdict, why, a row a dimension, broken contracts, and one pair of answers."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: CanaryRecord) -> Iterator[str]:
    verdict = record.result.verdict
    names = (markdown_code(name) for name in (record.candidate, record.production, record.suite))
    candidate, production, suite = names
    yield f"### {wording.MARKS[verdict]} {verdict.value}: {candidate} against {production} of {suite}"
    yield ""
    yield markdown_prose(wording.reason(record)) + "."
    yield ""
    yield "| dimension | verdict | evidence | finding |"
    yield "| --- | --- | --- | --- |"
    for told in record.result.dimensions:
        mark = f"{wording.MARKS[told.verdict]} {told.verdict.value}" if not told.silent else "not judged"
        evidence = wording.evidence_words(told, record)
        yield f"| {markdown_code(told.dimension)} | {mark} | {evidence} | {markdown_prose(told.reason)} |"
    yield from _broken(record)
    if record.broken_on_both:
        yield ""
        yield markdown_prose(wording.broken_words(record)) + "."
    yield from _examples(record)
    yield ""
    yield f"{markdown_prose(', '.join(wording.facts(record)))}."
    if record.note:
        yield ""
        yield markdown_prose(record.note) + "."


def _broken(record: CanaryRecord) -> Iterator[str]:
    if record.result.broken:
        yield ""
        yield "Contracts that production keeps and the candidate breaks:"
        yield ""
    for broken in record.result.broken[:20]:
        check = markdown_code(f"{broken.check} {broken.argument}".strip(), 120)
        yield f"- {check} of {markdown_code(broken.probe)}: {markdown_code(broken.reason, 200)}"


def _examples(record: CanaryRecord) -> Iterator[str]:
    for example in record.examples[:1]:
        yield ""
        yield f"For example {markdown_code(example.probe)}: {markdown_code(example.question, 200)}"
        yield ""
        yield f"- production: {markdown_code(example.production or '(no answer)', 300)}"
        yield f"- candidate: {markdown_code(example.candidate or '(no answer)', 300)}"
        yield f"- {markdown_code(example.why, 300)}"

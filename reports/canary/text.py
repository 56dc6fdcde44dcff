"""A canary for people at a terminal: the verdict first, then each dimension. Colour is never the message."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.canary.verdict import CanaryVerdict
from reports.canary import wording
from reports.canary.record import CanaryRecord, Example
from reports.canary.wording import broken_words
from reports.console import plain_table, printed
from reports.escaping import one_line

_STYLES = {
    CanaryVerdict.PASS: "bold green",
    CanaryVerdict.FAIL: "bold red",
    CanaryVerdict.INCONCLUSIVE: "bold magenta",
}
_INDENT = (0, 0, 0, 2)


def render(record: CanaryRecord, *, colour: bool = False, width: int = 100) -> str:
    """Lines of at most ``width`` columns, plain unless ``colour`` asks for ANSI sequences."""
    return printed(_parts(record), colour=colour, width=width)


def _parts(record: CanaryRecord) -> Iterator[RenderableType]:
    verdict = record.result.verdict
    yield Text.assemble(
        (f"{wording.MARKS[verdict]} {verdict.value}", _STYLES[verdict]), f"  {one_line(wording.headline(record))}"
    )
    yield Padding(Text(one_line(wording.reason(record), 500)), _INDENT)
    yield Padding(Text(" \u00b7 ".join(map(one_line, wording.facts(record))), style="dim"), _INDENT)
    yield Text()
    yield Padding(_dimensions(record), _INDENT)
    if record.result.broken:
        yield Text()
        yield Text("Contracts that production keeps and the candidate breaks", style="bold")
        yield Padding(_broken(record), _INDENT)
    if record.broken_on_both:
        yield Text()
        yield Text(one_line(broken_words(record), 500))
    for example in record.examples[:1]:
        yield Text()
        yield from _example(example)
    if record.note:
        yield Text()
        yield Text(one_line(record.note, 500), style="dim")


def _dimensions(record: CanaryRecord) -> Table:
    table = plain_table("", "dimension", "verdict", "evidence", "finding")
    for told in record.result.dimensions:
        table.add_row(
            Text(wording.MARKS[told.verdict] if not told.silent else " ", style=_STYLES[told.verdict]),
            Text(told.dimension),
            Text(told.verdict.value if not told.silent else "not judged"),
            Text(wording.evidence_words(told, record)),
            Text(one_line(told.reason, 300)),
        )
    return table


def _broken(record: CanaryRecord) -> Table:
    table = plain_table("check", "probe", "why")
    for broken in record.result.broken[:20]:
        name = one_line(f"{broken.check} {broken.argument}", 60)
        table.add_row(Text(name), Text(one_line(broken.probe, 60)), Text(one_line(broken.reason, 300)))
    return table


def _example(example: Example) -> Iterator[RenderableType]:
    yield Text(f"For example {one_line(example.probe, 60)}: {one_line(example.question, 200)}", style="bold")
    yield Padding(Text(f"production  {one_line(example.production or '(no answer)', 300)}"), _INDENT)
    yield Padding(Text(f"candidate   {one_line(example.candidate or '(no answer)', 300)}"), _INDENT)
    yield Padding(Text(f"why         {one_line(example.why, 300)}"), _INDENT)

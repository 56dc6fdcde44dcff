"""A plan for people at a terminal: what will be found, what it costs, how often it will be wrong. Feeds the command."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.plan.search import CHANCES
from reports.console import plain_table, printed
from reports.escaping import one_line
from reports.plan import wording
from reports.plan.record import SuitePlan
from reports.wording import count

_INDENT = (0, 0, 0, 2)
_CHANCE_WORDS = {0.5: "1 in 2", 0.9: "9 in 10"}
_LONGEST = 600


def render(plan: SuitePlan, *, width: int = 100) -> str:
    """Lines of at most ``width`` columns, without colour."""
    return printed(_parts(plan), colour=False, width=width)


def _parts(plan: SuitePlan) -> Iterator[RenderableType]:
    yield _line(wording.headline(plan), 0)
    yield _line(wording.verdict(plan))
    yield Text()
    yield _line("threshold", 0)
    yield _line(wording.installed_words(plan))
    yield from map(_line, wording.threshold(plan))
    yield Text()
    yield _line("false alarms", 0)
    yield from map(_line, wording.false_alarm_lines(plan))
    yield Text()
    yield _line("the smallest change that is found, and in how many runs", 0)
    if any(wait.runs for wait in plan.horizons):
        yield Padding(_found(plan), _INDENT)
    yield from map(_line, _about(plan))
    yield Text()
    yield _line(f"a month: {wording.monthly_words(plan.monthly)} ({wording.money_source(plan.monthly)})", 0)
    yield Text()
    yield _line(f"asking more: what is found within a {plan.compared_within.name}, every second time", 0)
    yield Padding(_options(plan), _INDENT)
    yield from (_line(f"note: {note}", 0) for note in plan.notes)


def _line(text: str, indent: int = 2) -> RenderableType:
    return Padding(Text(one_line(text, _LONGEST)), (0, 0, 0, indent))


def _found(plan: SuitePlan) -> Table:
    waits = [(wait, chance) for wait in plan.horizons if wait.runs for chance in CHANCES]
    table = plain_table(
        "stream", *(f"{wait.name}, {count(wait.runs, 'run')}\n{_CHANCE_WORDS[chance]}" for wait, chance in waits)
    )
    table.columns[0].no_wrap = True
    for outlook in plan.outlooks:
        if outlook.blind:
            continue
        cells = (wording.found_words(outlook, wording.found_of(outlook, wait.name, chance)) for wait, chance in waits)
        table.add_row(outlook.stream, *cells)
    return table


def _about(plan: SuitePlan) -> Iterator[str]:
    yield from (f"{outlook.stream}: {outlook.blind}" for outlook in plan.outlooks if outlook.blind)
    yield from wording.noise_lines(plan)
    trials = f"{plan.repeats} trials of every size with the judge itself, seed {plan.seed}"
    yield f"from {trials}; runs: where the middle of the trials lies, with 90 % confidence"
    yield "sizes are steps of a table: one step more or less is within chance"
    if capped := wording.capped(plan):
        yield f"only {max(wait.simulated for wait in plan.horizons)} runs of a {' and a '.join(capped)} were simulated"


def _options(plan: SuitePlan) -> Table:
    streams = [outlook.stream for outlook in plan.options[0].outlooks]
    table = plain_table("a month", "requests", "tokens", "dollars", "ln c", *streams)
    table.columns[0].no_wrap = True
    for option in plan.options:
        requests, tokens, usd = wording.monthly_words(option.monthly).rsplit(", ", 2)
        cells = (
            wording.size_words(outlook, wording.found_of(outlook, plan.compared_within.name, 0.5))
            for outlook in option.outlooks
        )
        table.add_row(option.name, requests.split()[0], tokens.split()[0], usd, f"{option.ln_c:.1f}", *cells)
    return table

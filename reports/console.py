"""How reports are laid out for a terminal: nothing but the arguments decides what comes out. Feeds text."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from reports.escaping import one_line

_LONGEST_COMMAND = 1000


def printed(parts: Iterable[RenderableType], *, colour: bool, width: int) -> str:
    """The parts as lines of at most ``width`` columns, without trailing blanks, ended by a line feed."""
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},  # what is told depends on the arguments alone
    )
    for part in parts:
        console.print(part, crop=False)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n")) + "\n"


def command(text: str, *, indent: int, style: str = "") -> Group:
    """A command, never wrapped and never cropped: it is there to be copied."""
    line = Text(" " * indent + one_line(text, _LONGEST_COMMAND), style=style, no_wrap=True, overflow="ignore")
    return Group(line)  # a bare text would lose that it must not wrap, a padding would crop it


def plain_table(*columns: str) -> Table:
    """A table without lines; a header only where columns have names."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table

"""How reports are laid out for a terminal: nothing but the arguments decides what comes out. Feeds text."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table


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


def plain_table(*columns: str) -> Table:
    """A table without lines; a header only where columns have names."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table

"""Text of a CSV file to rows, each with its line. Feeds ``data_file``. RFC 4180, with any line ends.

Cells are texts exactly as written: nothing is guessed to be a number or a date.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from probes.rows import Refusing, Row, Table

MOST_CHARACTERS = csv.field_size_limit()
"""Of one cell: what Python's reader takes."""
_QUOTES = 'a cell with quotes, commas or line ends stands in double quotes, with "" for a quote in it'


def csv_rows(text: str, refusing: Refusing) -> Table:
    """The rows below the header; what is wrong goes to ``refusing``."""
    lines = _rows(text, refusing)
    line, header = next(lines, (1, []))
    columns = tuple(name.strip() for name in header)
    if not _fit(columns, line, refusing):
        return Table(columns=columns)
    rows = []
    for line, cells in lines:
        if len(cells) != len(columns):
            refusing.at(
                line, f"this row has {_cells(len(cells))}, the header has {len(columns)}", _ragged(cells, columns)
            )
        else:
            rows.append(Row(values=dict(zip(columns, cells, strict=True)), spot=refusing.spot(line)))
    return Table(columns=columns, rows=tuple(rows))


def _rows(text: str, refusing: Refusing) -> Iterator[tuple[int, list[str]]]:
    """Cells with the line their row begins in; blank lines are no rows."""
    reader, line = csv.reader(StringIO(text, newline=""), strict=True), 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as trouble:
            refusing.at(line, *_broken(trouble))
            return
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _broken(trouble: csv.Error) -> tuple[str, str]:
    said = str(trouble)
    if "field limit" in said:
        return f"a cell is longer than {MOST_CHARACTERS:,} characters", "close its quotes, or shorten it"
    if "end of data" in said:
        return "a quoted cell of this row is never closed", _QUOTES
    return "a quoted cell of this row goes on after its closing quote", _QUOTES


def _fit(columns: tuple[str, ...], line: int, refusing: Refusing) -> bool:
    """True where the header can name cells."""
    twice = [name for name, times in Counter(columns).items() if times > 1 and name]
    if not columns or "" in columns:
        refusing.at(line, "a column has no name", "the first row names every column")
    if twice:
        refusing.at(line, f"two columns are called {twice[0]!r}", "give each column a name of its own")
    return bool(columns) and "" not in columns and not twice


def _ragged(cells: list[str], columns: tuple[str, ...]) -> str:
    return _QUOTES if len(cells) > len(columns) else f"columns are {', '.join(columns)}"[:200]


def _cells(number: int) -> str:
    return f"{number} cell" if number == 1 else f"{number} cells"

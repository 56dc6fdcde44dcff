"""Whether everything on one side finds a partner of its own on the other. Feeds ``json_difference``.

Augmenting paths after Kuhn (1955), "The Hungarian method for the assignment problem"; O(n^3) for n on a side.
"""

from __future__ import annotations

from collections.abc import Sequence


def perfect_matching(fits: Sequence[Sequence[bool]]) -> int | None:
    """The first row left without a partner, or None where each row gets a column of its own.

    Args:
        fits: For each row, which columns it may be paired with.
    """
    row_of: dict[int, int] = {}
    for row in range(len(fits)):
        if not _pair(row, fits, row_of):
            return row
    return None


def _pair(row: int, fits: Sequence[Sequence[bool]], row_of: dict[int, int]) -> bool:
    """Give a row a column, moving others on where needed. Breadth first, so that a long chain needs no deep stack."""
    came_from: dict[int, int] = {}
    waiting = [row]
    for current in waiting:
        for column, fit in enumerate(fits[current]):
            if not fit or column in came_from:
                continue
            came_from[column] = current
            if column not in row_of:
                _move_along(column, came_from, row_of, row)
                return True
            waiting.append(row_of[column])
    return False


def _move_along(column: int, came_from: dict[int, int], row_of: dict[int, int], first: int) -> None:
    while True:
        row = came_from[column]
        previous = next((taken for taken, owner in row_of.items() if owner == row), None)
        row_of[column] = row
        if row == first or previous is None:
            return
        column = previous

"""One literal table a kind of plug, widened by entry points of other packages. Fails loudly on a name taken twice."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from probes.errors import UsageError

Plug = TypeVar("Plug")


def with_entry_points(table: Mapping[str, Plug], group: str) -> dict[str, Plug]:
    """The built-in plugs and those other packages declare under ``group`` (for example ``holdfast.checks``).

    Raises:
        UsageError: another package uses a name that is already taken.
    """
    plugs = dict(table)
    for point in entry_points(group=group):
        if point.name in plugs:
            raise UsageError(f"{group}: the name {point.name!r} from {point.value} is already taken")
        plugs[point.name] = point.load()
    return plugs

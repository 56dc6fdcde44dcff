"""The formats a run can be told in, one line each; other packages add theirs as ``holdfast.formats`` entry points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from probes.registry import with_entry_points
from reports.formats import json_format, junit, markdown, text
from reports.summary import RunRecord


class Format(Protocol):
    """One way to tell runs. A module with this function fulfils it."""

    def render(self, records: Sequence[RunRecord], *, exit_code: int) -> str:
        """The runs as text that ends in a line feed.

        Args:
            records: Runs, in the order in which they were fired.
            exit_code: What the command will end with (0 healthy, 1 failing, 3 could not measure).
        """
        ...


FORMATS: Mapping[str, Format] = {
    "text": text,
    "json": json_format,
    "junit": junit,
    "markdown": markdown,
}


def formats() -> dict[str, Format]:
    """The built-in formats and those of other packages.

    Raises:
        UsageError: another package uses a name that is already taken.
    """
    return with_entry_points(FORMATS, "holdfast.formats")

"""Cron lines as cron means them. APScheduler counts weekdays from Monday and steps from there; cron from Sunday.

Feeds ``schedule``: a line is translated before APScheduler sees it.
"""

from __future__ import annotations

import re

NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)


def translated(line: str) -> str:
    """The line with its weekdays by name.

    Raises:
        ValueError: not five fields, a weekday that is none, or days of month and of week in one line: cron fires on
            either, APScheduler on both, so neither reading would be what everybody expects.
    """
    fields = line.split()
    if len(fields) != 5:
        raise ValueError(f"it has {len(fields)} fields, not five")
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError("it names days of the month and of the week; keep one of them")
    if fields[4] != "*":
        fields[4] = ",".join(NAMES[day] for day in sorted(weekdays(fields[4])))
    return " ".join(fields)


def weekdays(field: str) -> frozenset[int]:
    """Days of a weekday field: 0 is Sunday, 6 Saturday (cron also writes Sunday as 7)."""
    return frozenset(day % 7 for day in expanded(field, 0, 7, {name: day for day, name in enumerate(NAMES)}))


def expanded(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers a field stands for: ``*``, lists, ranges, steps.

    Raises:
        ValueError: a part that cannot be read, or a number outside low to high.
    """
    found: set[int] = set()
    for part in field.lower().split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} cannot be read")
        every, first, last, step = match.groups()
        start = low if every else _number(first, names)
        end = high if every or (step and not last) else _number(last or first, names)
        if every and names:
            end = 6  # all days, Sunday once
        if not low <= start <= end <= high or step == "0":
            raise ValueError(f"{part!r} is outside {low}-{high}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number here")
    return int(text)

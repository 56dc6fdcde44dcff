"""Cron lines as cron means them. APScheduler counts weekdays from Monday and steps from there; cron from Sunday.

Feeds ``slots`` and ``schedule``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """What the five fields of a line stand for, each in order."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""

    def on(self, day: date) -> bool:
        """True where the line fires on this day."""
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays


def parsed(line: str) -> CronFields:
    """The numbers that a line stands for.

    Raises:
        ValueError: as ``translated``, or a part that cannot be read.
    """
    translated(line)
    minute, hour, day, month, weekday = line.split()
    return CronFields(
        minutes=tuple(sorted(expanded(minute, 0, 59))),
        hours=tuple(sorted(expanded(hour, 0, 23))),
        days=expanded(day, 1, 31),
        months=expanded(month, 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
        weekdays=weekdays(weekday),
    )


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
    field = re.sub(r"\*", "0-6", field)  # all days, Sunday once, so that steps begin anew on Sundays
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
        if not low <= start <= end <= high or (step and not int(step)):
            raise ValueError(f"{part!r} is outside {low}-{high}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number here")
    return int(text)

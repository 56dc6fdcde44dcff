"""Maintenance windows as suites and settings write them: a cron line in a zone, or two instants. Feeds ``runner``.

Pure nouns; whether an instant lies in a window is ``runner.schedule.windows``'s to say.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from probes.duration import PositiveDuration, format_duration
from probes.forms import SuiteModel
from probes.nearest import nearest

LONGEST_RECURRING_S = 7 * 86_400.0
LONGEST_SINGLE_S = 31 * 86_400.0
LONGEST_REASON = 200


def _instant(value: object) -> object:
    """An aware instant; a time without a zone would mean another hour on every machine."""
    told = value.isoformat() if isinstance(value, datetime) else value
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        at = None
    if at is None:
        raise ValueError(f"{str(told)!r} is not an instant; write it like 2026-12-01T22:00:00+01:00")
    if at.tzinfo is None:
        raise ValueError(f"{told!r} has no time zone; write it like {at.isoformat()}+01:00, or with Z for UTC")
    return at


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, absolute or too long, a folder of zones
        near = nearest(name, sorted(available_timezones()))
        hint = f"did you mean {near!r}?" if near else "like Europe/Berlin, or UTC"
        raise ValueError(f"there is no time zone {name!r} ({hint})") from None
    return name


Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "examples": ["2026-12-01T22:00:00+01:00"]})
]


class Window(SuiteModel):
    """A time in which runs are made and labelled, and neither alert nor teach the judge anything."""

    cron: str | None = None
    """When it begins, again and again: five fields, like 0 2 * * sun. With for."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Zone of the cron line, like Europe/Berlin. Default UTC."""
    for_s: PositiveDuration | None = Field(default=None, alias="for")
    """How long it lasts from there, in real time: over a change of the clock too. At most 7d."""
    begins: Instant | None = Field(default=None, alias="from")
    """When it begins, once, with its zone, like 2026-12-01T22:00:00+01:00. With until."""
    ends: Instant | None = Field(default=None, alias="until")
    """When it is over. At most 31d later."""
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    """Why, for those who read the runs."""

    @model_validator(mode="after")
    def _whole(self) -> Window:
        again, once = (self.cron, self.for_s), (self.begins, self.ends)
        if None not in again and once == (None, None):
            _not_longer(self.for_s or 0.0, LONGEST_RECURRING_S)
        elif None not in once and again == (None, None):
            self._check_span()
        else:
            raise ValueError('a window has either cron and for, or from and until; like cron: "0 2 * * sun", for: 2h')
        return self

    def _check_span(self) -> None:
        assert self.begins is not None  # only asked where both are there
        assert self.ends is not None
        if self.ends <= self.begins:
            raise ValueError(f"until {self.ends.isoformat()} is not after from {self.begins.isoformat()}")
        _not_longer((self.ends - self.begins).total_seconds(), LONGEST_SINGLE_S)

    @property
    def lasts(self) -> timedelta:
        """From its begin to its end."""
        if self.begins is not None and self.ends is not None:
            return self.ends - self.begins
        return timedelta(seconds=self.for_s or 0.0)


def _not_longer(seconds: float, most_s: float) -> None:
    if seconds > most_s:
        told, most = format_duration(seconds), format_duration(most_s)
        raise ValueError(f"a window of {told} is too long to be blind on purpose; at most {most}")

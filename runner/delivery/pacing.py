"""How fast each channel is told: group wait and interval, digests, messages a minute. From settings to the outbox.

The keys stand beside a notifier's own. Words and meaning after Alertmanager's ``group_wait`` and ``group_interval``
(https://prometheus.io/docs/alerting/latest/configuration/#route); docs/alerts.md says where we differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.duration import parse_duration
from probes.errors import Problem, SettingsError
from probes.positions import Document, Fault

KEYS = ("group_wait", "group_interval", "digest_over", "per_minute")
PAGE_WAIT_S, WAIT_S = 5.0, 30.0
"""How long a page, and anything calmer, waits for company."""
RENEWALS = 12
PAGE_LONGEST_S, LONGEST_S = 60.0, 300.0
"""The wait is renewed while more keeps coming: up to so many times itself, and no longer than this."""
INTERVAL_S = 300.0
DIGEST_OVER = 3
PER_MINUTE = {"slack": 20, "apprise": 20, "console": 6000, "alertmanager": 600}
"""Messages a minute by ``type``. Slack takes about one a second and channel; people read far less."""
PER_MINUTE_ELSE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The pace of one channel."""

    group_wait_s: float | None = None
    """Seconds an incident waits for others to be told with, counted anew from each that joins (``longest_s``); None: by
    severity, and none for machines."""
    group_interval_s: float = INTERVAL_S
    """Seconds in which openings are counted: beyond ``digest_over`` of them, more wait until some have left it."""
    digest_over: int = DIGEST_OVER
    """More incidents than this at once are told in one digest."""
    per_minute: int = PER_MINUTE_ELSE

    def wait_s(self, severity: str, *, digests: bool) -> float:
        """Seconds a notice of this severity waits for company. ``digests``: the channel is read by people."""
        if self.group_wait_s is not None:
            return self.group_wait_s
        if not digests:
            return 0.0
        return PAGE_WAIT_S if severity == "page" else WAIT_S

    def longest_s(self, severity: str) -> float:
        """Seconds after which a notice of this severity waits for company no more, on a channel read by people."""
        wait_s = self.wait_s(severity, digests=True)
        return max(wait_s, min(RENEWALS * wait_s, PAGE_LONGEST_S if severity == "page" else LONGEST_S))


def paces(notifiers: Mapping[str, Mapping[str, Any]], document: Document) -> dict[str, Pace]:
    """The pace of every notifier of the settings.

    Raises:
        SettingsError: values that are no pace; all of them, with their places.
    """
    problems: list[Problem] = []
    built: dict[str, Pace] = {}
    for name, entry in notifiers.items():
        fields: dict[str, Any] = {"per_minute": PER_MINUTE.get(str(entry.get("type")), PER_MINUTE_ELSE)}
        for key in (key for key in KEYS if key in entry):
            try:
                fields |= _field(key, entry[key])
            except ValueError as error:
                fault = Fault(path=("notifiers", name, key), message=f"notifier {name!r}: {key}: {error}", hint="")
                problems.append(document.problem(fault))
        if not problems:
            built[name] = Pace(**fields)
    if problems:
        raise SettingsError(problems)
    return built


def _field(key: str, value: object) -> dict[str, float | int]:
    if key in ("group_wait", "group_interval"):
        seconds = parse_duration(value)
        if seconds < 0:
            raise ValueError(f"{value!r} is below 0")
        return {f"{key}_s": seconds}
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{value!r} is not a whole number of 1 or more")
    return {key: value}

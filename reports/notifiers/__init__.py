"""The channels that notices can go to, one line each; other packages add theirs as ``holdfast.notifiers``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from probes.registry import with_entry_points
from reports.notice import Notifier
from reports.notifiers.alertmanager import AlertmanagerNotifier
from reports.notifiers.apprise import AppriseNotifier
from reports.notifiers.console import ConsoleNotifier
from reports.notifiers.pagerduty import PagerDutyNotifier
from reports.notifiers.slack import SlackNotifier
from reports.notifiers.webhook import WebhookNotifier

NOTIFIERS: Mapping[str, Callable[..., Notifier]] = {
    "alertmanager": AlertmanagerNotifier,
    "apprise": AppriseNotifier,
    "console": ConsoleNotifier,
    "pagerduty": PagerDutyNotifier,
    "slack": SlackNotifier,
    "webhook": WebhookNotifier,
}
"""By ``type`` in the settings. Called with the other settings as keywords; ``ValueError`` for a wrong value."""


def notifiers() -> dict[str, Callable[..., Notifier]]:
    """The built-in channels and those of other packages.

    Raises:
        UsageError: another package uses a name that is already taken.
    """
    return with_entry_points(NOTIFIERS, "holdfast.notifiers")

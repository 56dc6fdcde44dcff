"""A notice as alerts of Alertmanager's API v2: pure, so that goldens can hold them. Feeds the Alertmanager notifier.

Wire format: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (postableAlerts). Labels are an
alert's identity, so only what stays the same over an incident is a label; everything told is an annotation. An alert
is over once ``endsAt`` has passed on Alertmanager's clock. Without ``endsAt`` it would be over after Alertmanager's
``resolve_timeout``, so an open one always says when it ends, and is sent again long before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reports.escaping import one_line, unmentioned, web_link
from reports.notice import AlertEvent, Notice

CLOCKS_DIFFER_S = 300.0
"""A resolved alert ends this long before the notice: over at once, even where Alertmanager's clock is behind ours. An
end that is not yet past would count as open, and the later end told before would stay."""
LABEL_CHARS, TEXT_CHARS, FACT_CHARS, FACTS = 200, 1000, 400, 20
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
RESERVED = frozenset({"alertname", "suite", "endpoint", "kind", "severity"})

Alert = dict[str, Any]


def alerts(notice: Notice, own: Mapping[str, str], until: datetime, told: Iterable[str]) -> list[Alert]:
    """The incident's alert; and, where it was told at other severities before, those alerts, ended.

    Args:
        notice: What to tell.
        own: Labels of the settings.
        until: When an open alert ends by itself, where nothing sends it again.
        told: Severities under which the incident was told before. The severity is a label, for routes, so another
            severity is another alert.
    """
    over = notice.event is AlertEvent.RESOLVED
    others = sorted(set(told) - {notice.severity})
    main = _alert(notice, notice.severity, own, None if over else until)
    return [main, *(_alert(notice, severity, own, None) for severity in others)]


def _alert(notice: Notice, severity: str, own: Mapping[str, str], until: datetime | None) -> Alert:
    """One alert, over where ``until`` is None."""
    begins, ends = notice.opened_at, until
    if ends is None:
        ends = notice.at - timedelta(seconds=CLOCKS_DIFFER_S)
        begins = min(begins, ends)
    report = web_link(notice.report)
    return {
        "labels": _labels(notice, severity, own),
        "annotations": dict(_annotations(notice)),
        "startsAt": _rfc3339(begins),
        "endsAt": _rfc3339(ends),
        **({"generatorURL": report} if report else {}),
    }


def _labels(notice: Notice, severity: str, own: Mapping[str, str]) -> dict[str, str]:
    words = re.split(r"[^a-zA-Z0-9]+", notice.kind)
    named = {
        "alertname": "Holdfast" + "".join(word.capitalize() for word in words),
        "suite": notice.suite,
        "endpoint": notice.endpoint,
        "kind": notice.kind,
        "severity": severity,
        **own,
    }
    return {name: line for name, text in named.items() if (line := one_line(text, LABEL_CHARS))}


def _annotations(notice: Notice) -> Iterator[tuple[str, str]]:
    """What templates of receivers read; ``summary``, ``description`` and ``runbook_url`` are names many look for.

    Those templates copy texts into chats, mostly unescaped: what an endpoint may have written calls nobody there.
    """
    facts = [unmentioned(one_line(fact, FACT_CHARS)) for fact in notice.facts[:FACTS]]
    if len(notice.facts) > FACTS:
        facts.append(f"and {len(notice.facts) - FACTS} more, see the report")
    texts = {
        "summary": unmentioned(one_line(notice.headline, TEXT_CHARS)),
        "description": "\n".join(facts),
        "failures": unmentioned(", ".join(notice.failures)),
        "faults": ", ".join(notice.faults),
        "owner": " ".join(filter(None, (notice.team, notice.contact))),
        "runbook_url": notice.runbook,
        "report": notice.report,
        **{title.replace(" ", "_"): unmentioned(text) for title, text in notice.bearings},
        **{title.replace(" ", "_"): text for title, text in notice.commands},
        "acknowledged": notice.acknowledged,
        "silenced": notice.silenced,
        "before": unmentioned(notice.before),
        "after": unmentioned(notice.after),
        "incident": notice.incident_id,
        "run": notice.run_id,
    }
    for name, text in texts.items():
        clean = text if name == "description" else one_line(text, TEXT_CHARS)
        if clean:
            yield name, clean


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

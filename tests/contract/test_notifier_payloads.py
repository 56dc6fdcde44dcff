"""What leaves for each receiver, held as golden files: read off the wire, not off a function of ours."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.notice import AlertEvent, Notifier
from reports.notifiers import NOTIFIERS
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import ROUTING_KEY, FakeReceivers

GOLDEN = Path(__file__).parent.parent / "golden"
DOCS = Path(__file__).parents[2] / "docs"
HEADINGS = {
    "slack": "Slack",
    "pagerduty": "PagerDuty",
    "alertmanager": "Alertmanager",
    "apprise": "E-mail and the rest: Apprise",
    "webhook": "Webhooks",
}
MAKES: dict[str, Callable[[FakeReceivers], Notifier]] = {
    "alertmanager": lambda fake: NOTIFIERS["alertmanager"](url=fake.alertmanager_url, labels={"region": "eu"}),
    "apprise": lambda fake: NOTIFIERS["apprise"](urls=[fake.apprise_url], tags=["production"]),
    "pagerduty": lambda fake: NOTIFIERS["pagerduty"](routing_key=ROUTING_KEY, url=fake.pagerduty_url),
    "webhook": lambda fake: NOTIFIERS["webhook"](url=fake.receiver_url),
}
EVENTS = (AlertEvent.OPENED, AlertEvent.UPDATED, AlertEvent.RESOLVED)


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("event", EVENTS)
def test_payloads_are_exactly_as_agreed(name: str, event: AlertEvent) -> None:
    """``HOLDFAST_UPDATE_GOLDEN=1 pytest tests/contract/test_notifier_payloads.py`` writes what is; read it then."""
    with FakeReceivers() as fake:
        asyncio.run(MAKES[name](fake).deliver(a_notice(event), {"severities": "page"}))
        ((_, body, _),) = fake.requests
    rendered = json.dumps(body, indent=2, ensure_ascii=True) + "\n"
    golden = GOLDEN / f"{name}_{event}.json"
    if os.environ.get("HOLDFAST_UPDATE_GOLDEN") == "1":
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


def test_every_golden_payload_belongs_to_a_notifier_of_the_table() -> None:
    assert set(MAKES) == set(NOTIFIERS) - {"console", "slack"}, "these two are held elsewhere"


@pytest.mark.parametrize("name", NOTIFIERS)
def test_every_notifier_has_its_row_in_the_docs_with_all_its_settings(name: str) -> None:
    docs = Path(__file__).parents[2] / "docs"
    rows = [line for line in (docs / "alerts.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert [row for row in rows if f"`{name}`" in row.split("|")[1]]
    told = "".join((docs / page).read_text(encoding="utf-8") for page in ("alerts.md", "channels.md"))
    settings = inspect.signature(NOTIFIERS[name]).parameters.keys() - {"stream"}
    assert [setting for setting in settings if f"`{setting}`" not in told] == []


@pytest.mark.parametrize("name", sorted(set(NOTIFIERS) - {"console"}))
def test_every_notifier_has_a_table_in_the_docs_of_its_settings_and_of_nothing_else(name: str) -> None:
    sections = re.split(r"^## ", (DOCS / "channels.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [part for part in sections if HEADINGS[name] == part.splitlines()[0]]
    assert names_of(section, "key") == list(inspect.signature(NOTIFIERS[name]).parameters)


def test_the_docs_name_every_field_of_a_notice_as_json_and_no_other() -> None:
    fields = json.loads((GOLDEN / "webhook_opened.json").read_text(encoding="utf-8"))
    assert sorted(names_of((DOCS / "alerts.md").read_text(encoding="utf-8"), "field")) == sorted(fields)


def names_of(page: str, head: str) -> list[str]:
    """The names in code in the first column of the one table with this head."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, flags=re.MULTILINE)
    return [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]

"""What leaves for each receiver, held as golden files: read off the wire, not off a function of ours."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.messages.notice import AlertEvent, Notifier
from reports.notifiers import NOTIFIERS
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import ROUTING_KEY, FakeReceivers

GOLDEN = Path(__file__).parent.parent / "golden"
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

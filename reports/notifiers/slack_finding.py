"""Looks in a channel for a message of ours whose receipt never reached us, so that it is not posted twice.

Wire format: https://docs.slack.dev/reference/methods/conversations.history (scope ``channels:history`` or
``groups:history``, a channel id). Where the scope is missing nothing is found, and the notice is posted again.
Feeds the Slack notifier.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reports.notifiers.slack_calls import Refusal, read

if TYPE_CHECKING:
    from slack_sdk import WebClient

CLOCKS_APART = timedelta(minutes=10)
"""Slack's clock and ours may differ by this much."""
MESSAGES = 200
"""Newest messages of the channel that are looked through."""


def found(client: WebClient, channel: str, mark: str, since: datetime) -> dict[str, str] | None:
    """Channel and ts of our message that carries this mark; None where there is none or nobody may look.

    Raises:
        DeliveryError: Slack did not answer the question, and may yet.
    """
    oldest = f"{(since - CLOCKS_APART).timestamp():.6f}"
    asked = {"channel": channel, "oldest": oldest, "limit": str(MESSAGES)}
    history = read(client, "conversations.history", asked)
    if isinstance(history, Refusal):
        if history.error.permanent:
            return None
        raise history.error
    messages = history.get("messages")
    ts = carrying(messages if isinstance(messages, list) else [], mark)
    return {"channel": channel, "ts": ts} if ts else None


def carrying(messages: Sequence[Any], mark: str) -> str:
    """The ts of the oldest message by a bot whose blocks carry a mark; empty where none does. Messages are hostile."""
    whole = re.compile(rf"(?<![\w-]){re.escape(mark)}(?![\w-])")
    for message in reversed(messages):
        ours = isinstance(message, Mapping) and message.get("bot_id") and isinstance(message.get("ts"), str)
        if ours and whole.search(json.dumps(message.get("blocks", ""), ensure_ascii=False)):
            return str(message["ts"])
    return ""

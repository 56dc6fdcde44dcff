"""Slack, through slack-sdk: one message an incident with a bot token, one message a notice with an incoming webhook.

Wire format: https://docs.slack.dev/reference/methods/chat.postMessage and chat.update;
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. The outbox repeats what fails, so the SDK's
own retries are off. Neither tokens nor webhook addresses reach exceptions, logs or ``repr``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from probes.errors import DeliveryError
from reports.notice import AlertEvent, Delivery, Digest, Notice
from reports.notifiers.posting import address
from reports.notifiers.replies import timeout
from reports.notifiers.slack_blocks import Block, blocks, fallback_text, thread_text
from reports.notifiers.slack_calls import Fields, Refusal, call, hook
from reports.notifiers.slack_digest import digest_blocks, digest_fallback, digest_update
from reports.notifiers.slack_finding import found

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.webhook import WebhookClient

_UNREAD: Fields = {"parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
"""Nothing is looked for in texts but the links we write."""
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message cannot be updated (deleted, or too old): the notice is posted anew."""
_SILENT = logging.Logger("holdfast.slack", level=logging.CRITICAL + 1)
"""For the SDK, which writes webhook addresses into debug logs."""


class SlackNotifier:
    """One Slack channel."""

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        bot_token: str | None = None,
        channel: str | None = None,
        base_url: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """Either ``webhook_url``, or ``bot_token`` and ``channel``.

        Args:
            webhook_url: Address of an incoming webhook. A secret. Its messages can never be updated.
            bot_token: Token of a bot with the scope ``chat:write``. A secret.
            channel: Where the bot posts: a channel id, or a name that ``chat.postMessage`` understands.
            base_url: Slack's Web API, or a stand-in for it; not for webhooks.
            timeout_s: Seconds one delivery may take.

        Raises:
            ValueError: both ways are given, or neither wholly; or a value is no text, or no address.
        """
        texts = (webhook_url, bot_token, channel, base_url)
        if not all(text is None or isinstance(text, str) for text in texts):
            raise ValueError("slack's webhook_url, bot_token, channel and base_url are texts")
        if bool(webhook_url) == bool(bot_token) or bool(bot_token) != bool(channel):
            raise ValueError("slack needs either webhook_url, or bot_token and channel")
        _addresses(webhook_url=webhook_url, base_url=base_url)
        self._webhook_url, self._bot_token, self._channel = webhook_url, bot_token, channel or ""
        self._base_url = base_url.rstrip("/") + "/" if base_url else None
        self._timeout_s = timeout(timeout_s)

    def __repr__(self) -> str:
        return f"SlackNotifier({'webhook' if self._webhook_url else 'bot in ' + self._channel})"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Post, or update the message that ``receipt`` (channel and ts) names. A webhook's receipt is empty.

        Raises:
            DeliveryError: not delivered; nothing in it is secret.
        """
        again = "" if notice.event in (AlertEvent.OPENED, AlertEvent.RESOLVED) else thread_text(notice)
        return await self._send(_payload(fallback_text(notice), blocks(notice)), dict(receipt or {}), again)

    async def deliver_digest(self, digest: Digest, receipt: Mapping[str, str] | None) -> Delivery:
        """Post a digest, or update its message; updates and reminders are said below it, too. As ``deliver``.

        Raises:
            DeliveryError: not delivered; nothing in it is secret.
        """
        again = digest_update(digest) if receipt else ""
        return await self._send(_payload(digest_fallback(digest), digest_blocks(digest)), dict(receipt or {}), again)

    async def find(self, mark: str, since: datetime) -> Mapping[str, str] | None:
        """The message of ours that carries this mark. Needs a bot that may read the channel's history.

        Raises:
            DeliveryError: Slack did not answer the question, and may yet.
        """
        if self._webhook_url:
            return None  # an incoming webhook can read nothing
        return await asyncio.to_thread(found, self._web(), self._channel, mark, since)

    async def _send(self, payload: Fields, receipt: dict[str, str], again: str) -> Delivery:
        """``again``: said once more in the message's thread, because an edit wakes nobody."""
        send = self._through_webhook if self._webhook_url else self._through_bot
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await asyncio.to_thread(send, payload, receipt, again)
        except TimeoutError:
            outcome = DeliveryError(f"Slack did not answer within {self._timeout_s:g} s")
        if isinstance(outcome, DeliveryError):
            raise outcome  # outside every handler: no chain of foreign exceptions, which may quote an address
        return Delivery(receipt=outcome)

    # -------------------------------------------------------------------------------------------- webhook
    def _through_webhook(self, payload: Fields, receipt: dict[str, str], _again: str) -> dict[str, str] | DeliveryError:
        refusal = hook(self._webhook(), payload)
        return refusal.error if refusal else receipt

    def _webhook(self) -> WebhookClient:
        from reports.notifiers.slack_clients import DirectWebhookClient  # here: it costs a tenth of a second

        return DirectWebhookClient(self._webhook_url or "", timeout=self._seconds, logger=_SILENT, retry_handlers=[])

    # -------------------------------------------------------------------------------------------- bot
    def _through_bot(self, payload: Fields, receipt: dict[str, str], again: str) -> dict[str, str] | DeliveryError:
        client = self._web()
        fields = {**payload, **_UNREAD}
        if not receipt.get("ts"):
            return _posted(call(client, "chat.postMessage", {**fields, "channel": self._channel}))
        place = {"channel": receipt.get("channel", self._channel), "ts": receipt["ts"]}
        updated = call(client, "chat.update", {**fields, **place})
        if isinstance(updated, Refusal):
            if updated.code in _GONE:
                return _posted(call(client, "chat.postMessage", {**fields, "channel": self._channel}))
            return updated.error
        if again:
            reply = {"channel": place["channel"], "thread_ts": place["ts"], "text": again}
            said = call(client, "chat.postMessage", {**reply, **_UNREAD})
            if isinstance(said, Refusal):
                return said.error
        return place

    def _web(self) -> WebClient:
        from reports.notifiers.slack_clients import DirectWebClient

        where: Fields = {"base_url": self._base_url} if self._base_url else {}
        return DirectWebClient(self._bot_token, timeout=self._seconds, logger=_SILENT, retry_handlers=[], **where)

    @property
    def _seconds(self) -> Any:
        return self._timeout_s  # the SDK says int and hands it to the socket, which takes fractions


def _addresses(**urls: str | None) -> None:
    for key, url in urls.items():
        if url:
            address(url, "slack's", key)


# ------------------------------------------------------------------------------------------------ payloads
def _payload(text: str, layout: list[Block]) -> Fields:
    return {
        "text": text,
        "blocks": layout,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _posted(reply: Mapping[str, Any] | Refusal) -> dict[str, str] | DeliveryError:
    if isinstance(reply, Refusal):
        return reply.error
    return {name: str(reply[name]) for name in ("channel", "ts") if name in reply}

"""E-mail and more than a hundred other channels, through Apprise: one text a notice, told to each address.

Apprise (https://github.com/caronc/apprise) says of a delivery only whether it worked, so every failure is tried again.
Its addresses are secrets, and its logs quote them: they are off. An address that took a notice is not told it again
because another did not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from probes.errors import DeliveryError
from reports.escaping import one_line, unmentioned, visible
from reports.messages import digest as digests
from reports.notice import AlertEvent, Delivery, Digest, Notice
from reports.notifiers.console import foreign_lines, own_lines
from reports.notifiers.replies import repeat_key, timeout

if TYPE_CHECKING:
    from apprise import Apprise

TITLE_CHARS = 200
BODY_CHARS = 8000
REMEMBERED = 1000
_NOISY = ("apprise", "urllib3", "requests", "requests_oauthlib")
"""Loggers that quote addresses, at one level or another."""


class AppriseNotifier:
    """A list of Apprise addresses that are all told."""

    def __init__(self, *, urls: str | Sequence[str], tags: Sequence[str] = (), timeout_s: float = 14.0) -> None:
        """
        Args:
            urls: Apprise addresses, like ``mailtos://user:password@mail.example.com?to=oncall@example.com``. Secrets.
            tags: Put before each title, like ``[production]``, for filters of mailboxes.
            timeout_s: Seconds one delivery may take. Apprise waits up to 5.5 s of them between two mails.

        Raises:
            ValueError: there is no address, one of them is none that Apprise knows (told by its number, never
                quoted), or a value has the wrong type.
        """
        entries = [urls] if isinstance(urls, str) else urls
        if not isinstance(entries, Sequence) or not entries or not all(isinstance(url, str) for url in entries):
            raise ValueError("apprise's urls are a list of texts")
        if isinstance(tags, str) or not isinstance(tags, Sequence) or not all(isinstance(tag, str) for tag in tags):
            raise ValueError("apprise's tags are a list of texts")
        self._timeout_s = timeout(timeout_s)
        self._tags = "".join(f"[{one_line(tag, 50)}] " for tag in tags)
        _silence()
        self._channels = tuple(_channel(str(url), number) for number, url in enumerate(entries, 1))
        self._took: dict[tuple[str, int], None] = {}

    def __repr__(self) -> str:
        return f"AppriseNotifier({len(self._channels)} urls)"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Tell every address that has not taken this notice yet, each in a thread of its own.

        Raises:
            DeliveryError: an address did not take it; to be tried again. Told by number and service, never quoted.
        """
        over = notice.event is AlertEvent.RESOLVED
        state = notice.ended_as if over else f"{notice.severity.upper()} {notice.event}:"
        title, lines = f"{state} {notice.headline}", [*map(unmentioned, foreign_lines(notice)), *own_lines(notice)]
        return await self._deliver(repeat_key(notice), title, "\n".join(lines), _kind(notice.severity, over=over))

    async def deliver_digest(self, digest: Digest, receipt: Mapping[str, str] | None) -> Delivery:
        """Tell every address one text about many incidents, as ``deliver`` does.

        Raises:
            DeliveryError: an address did not take it.
        """
        told = sorted(map(repeat_key, digest.news))
        key, over = " ".join((digest.digest_id, *told)), digests.is_over(digest)
        kind = _kind(digests.severity(digest), over=over)
        return await self._deliver(key, digests.headline(digest), unmentioned(visible(digests.text(digest))), kind)

    async def _deliver(self, key: str, title: str, body: str, kind: str) -> Delivery:
        owed = [number for number in range(len(self._channels)) if (key, number) not in self._took]
        whole = self._tags + unmentioned(one_line(title, TITLE_CHARS))
        await asyncio.gather(*(self._tell(key, number, whole, body[:BODY_CHARS], kind) for number in owed))
        missed = [number for number in owed if (key, number) not in self._took]
        self._forget()
        if missed:
            named = ", ".join(f"{number + 1} ({_service(self._channels[number])})" for number in missed)
            raise DeliveryError(f"Apprise could not deliver to address {named} of {len(self._channels)}")
        return Delivery(receipt={})

    async def _tell(self, key: str, number: int, title: str, body: str, kind: str) -> None:
        """One address, in a thread. One that takes it after ``timeout_s`` has taken it all the same."""

        def tell() -> None:
            if _send(self._channels[number], title, body, kind):
                self._took[key, number] = None

        with contextlib.suppress(TimeoutError):  # the thread ends by the limits on Apprise's own sockets
            async with asyncio.timeout(self._timeout_s):
                await asyncio.to_thread(tell)

    def _forget(self) -> None:
        for remembered in list(self._took)[:-REMEMBERED]:
            del self._took[remembered]


def _silence() -> None:
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


def _channel(url: str, number: int) -> Apprise:
    # here: a tenth of a second that installations without Apprise need not spend
    from apprise import Apprise, AppriseAsset

    # nothing is kept on disk, no keys are made, no plugins are looked for, no redirect carries a secret elsewhere
    asset = AppriseAsset(
        app_id="Holdfast",
        storage_mode="memory",
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
        http_redirects=False,
    )
    channel = Apprise(asset=asset)
    if not channel.add(url) or len(channel) != 1:
        raise ValueError(f"apprise's urls: text {number} is no address that Apprise knows; see its list of services")
    return channel


def _send(channel: Apprise, title: str, body: str, kind: str) -> bool:
    try:
        return bool(channel.notify(title=title, body=body, notify_type=kind, body_format="text"))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return False  # a plugin broke; the text of its error may quote the address


def _service(channel: Apprise) -> str:
    return one_line(str(channel[0].service_name), 40)


def _kind(severity: str, *, over: bool) -> str:
    return "success" if over else {"page": "failure", "ticket": "warning"}.get(severity, "info")

"""Who is told when things happen on the wire: the request whose task is running. Feeds ``network`` and ``stopwatch``.

Connecting, sending and reading over HTTP/1.1 all happen in the task of the request they are for, so a context
variable names it. Connections that carry several requests at once (HTTP/2) tell nobody.
"""

from __future__ import annotations

import typing
from contextvars import ContextVar


class Timeline(typing.Protocol):
    """Takes note of the steps of one request, each at the instant of the call unless it says otherwise."""

    def connecting(self) -> None:
        """A connection is being opened for this request."""

    def resolved(self) -> None:
        """The name has an address. Not called where there was no name."""

    def connected(self) -> None:
        """TCP stands."""

    def securing(self) -> None:
        """The TLS handshake begins."""

    def secured(self) -> None:
        """TLS stands."""

    def sending(self) -> None:
        """The first bytes of the request are about to be handed to the operating system."""

    def arrived(self, age_s: float, *, stamped: bool) -> None:
        """The bytes that are handed on now reached this machine ``age_s`` seconds ago; ``stamped`` is True where the
        kernel says so."""


CURRENT: ContextVar[Timeline | None] = ContextVar("timeline", default=None)
"""The request under way in this task."""

"""The settings without what only sending needs, for commands that send nothing. Feeds ``settings``.

Whoever is woken at night pastes a command into a shell of their own, in which the daemon's tokens are not set. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from probes.environment import names_in
from probes.positions import Document

SENDING = ("notifiers", "heartbeat", "listen_token", "pushgateway")
"""Keys whose values only those need who send, or answer requests."""


def for_reading(document: Document, environ: Mapping[str, str]) -> Document:
    """The document without those of its parts for sending that take a variable which is not set."""
    values = document.data
    unset = {key for key in SENDING if any(name not in environ for name in names_in(values.get(key)))}
    if "listen_token" in unset:
        unset.add("listen")  # without its token it may be refused
    return replace(document, data={key: value for key, value in values.items() if key not in unset})

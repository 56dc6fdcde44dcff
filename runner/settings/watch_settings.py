"""What the settings say of watching the watcher: an outbound heartbeat, and addresses that prove the own network.

Feeds ``settings``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from probes.duration import PositiveDuration, at_least
from probes.errors import SettingsError
from probes.maintenance import Window
from probes.positions import Document, Fault
from runner.schedule.windows import window_problem

LEAST_EVERY_S = 10.0
MOST_TARGETS = 10


def _address(url: SecretStr) -> SecretStr:
    """The complaint names no part of the address: whoever knows it can speak for this daemon."""
    text = url.get_secret_value()
    try:
        told = urlsplit(text)
        usable = told.scheme in ("http", "https") and bool(told.hostname) and (told.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text:
        raise ValueError("the heartbeat's url is not an http or https address")
    return url


class Heartbeat(BaseModel):
    """Where somebody else waits to hear that this daemon is alive."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    url: Annotated[SecretStr, AfterValidator(_address)]
    """Asked with GET while all is well, with POST and ``/fail`` at the end of its path while it is not."""
    every_s: Annotated[PositiveDuration, at_least(LEAST_EVERY_S)] = Field(default=60.0, alias="every")
    """At least 10s. Default 1m."""


def _target(value: object) -> object:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not (host.strip("[]") and port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535) or "/" in host:
        raise ValueError(f"{value!r} is not HOST:PORT; write it like 1.1.1.1:443")
    if _is_loopback(host.strip("[]")):
        raise ValueError(
            f"{value!r} is this machine itself, which needs no network; name an address beyond it, like 1.1.1.1:443"
        )
    return value


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower().rstrip(".").rpartition(".")[2] == "localhost"
    return address.is_loopback or address.is_unspecified


Target = Annotated[str, BeforeValidator(_target)]
Targets = Annotated[tuple[Target, ...], Field(max_length=MOST_TARGETS)]


def parted(target: str) -> tuple[str, int]:
    """Host and port of a target; an IPv6 address without its brackets."""
    host, _, port = target.rpartition(":")
    return host.strip("[]"), int(port)


def refuse_windows(windows: Sequence[Window], document: Document) -> None:
    """Refuse windows whose cron lines cannot be kept.

    Raises:
        SettingsError: with every one of them, at its place in the file.
    """
    told = ((index, window_problem(window)) for index, window in enumerate(windows))
    faults = [Fault(path=("maintenance", index, "cron"), message=message) for index, message in told if message]
    if faults:
        raise SettingsError([document.problem(fault) for fault in faults])

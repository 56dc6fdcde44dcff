"""What the settings say of the gateway that ``holdfast run`` pushes metrics to. Feeds ``settings`` and ``pushing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from probes.forms import Name

DEFAULT_JOB = "holdfast-run"
"""Not the daemon's: a figure of one run must not be taken for its."""


def _address(url: SecretStr) -> SecretStr:
    """The complaint quotes nothing of the address: a password may be in it."""
    if not usable(url.get_secret_value()):
        raise ValueError("the pushgateway's url is not an http or https address; write it like http://127.0.0.1:9091")
    return url


def usable(url: str) -> bool:
    """Whether this is the address of a gateway."""
    try:
        told = urlsplit(url)
        return told.scheme in ("http", "https") and bool(told.hostname) and (told.port or 1) > 0 and _plain(url)
    except ValueError:
        return False


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not set(" ?#") & set(url)


def _sendable(headers: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    told = "".join(f"{name}{value.get_secret_value()}" for name, value in headers.items())
    if not (told.isascii() and told.isprintable()):
        raise ValueError("headers of the pushgateway must be printable ASCII")
    return headers


class Pushgateway(BaseModel):
    """A Prometheus pushgateway, for figures of runs that end before anybody could ask for them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[SecretStr, AfterValidator(_address)]
    """Its address without ``/metrics``; user and password may be in it."""
    job: Name = DEFAULT_JOB
    """The ``job`` label of what is pushed. Default ``holdfast-run``."""
    headers: Annotated[Mapping[str, SecretStr], AfterValidator(_sendable)] = Field(default_factory=dict)
    """Added to each push, for example ``Authorization``."""

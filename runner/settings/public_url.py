"""The address at which people reach the daemon's pages, as settings give it. Feeds ``settings``."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from reports.escaping import web_link


def _public_url(value: object) -> object:
    if not isinstance(value, str) or web_link(value) is None:
        raise ValueError("public_url is an http or https address, like https://holdfast.example.com")
    parts = urlsplit(value)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("public_url stands in messages: leave out user, password, query and fragment")
    return value.rstrip("/")


PublicUrl = Annotated[str, BeforeValidator(_public_url)]
"""Without a slash at its end."""

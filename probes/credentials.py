"""Secrets of endpoints: refused where they stand in the file, gathered where they come from the environment.

Feeds ``suite_file``; what it gathers is removed from everything that is stored, logged or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from probes.environment import REFERENCE, Expansion, has_reference
from probes.positions import Fault, YamlPath

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key", "x-auth-token", "x-goog-api-key"}
)
NO_SECRETS = frozenset({"like", "protocol", "model", "stream", "timeout", "concurrency", "retries"})
"""Keys whose values stay readable although they may come from the environment: reports must be able to name a model."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def secrets_of(expansion: Expansion) -> frozenset[str]:
    """Every environment value that went into endpoints, other than into keys that hold no secret."""
    inside = [used for path, used in expansion.used.items() if not (len(path) > 2 and path[2] in NO_SECRETS)]
    return frozenset().union(*inside)


def credential_faults(endpoints: object, expanded: object, root: YamlPath) -> Iterator[Fault]:
    """Secrets written into the file, and secrets that no header can carry. No fault quotes one."""
    for name, endpoint, filled in _mappings(endpoints, expanded):
        path = (*root, name)
        if endpoint.get("api_key") is not None:
            yield from _key_faults(endpoint["api_key"], filled["api_key"], (*path, "api_key"))
        for header, value, sent in _items(endpoint.get("headers"), filled.get("headers")):
            yield from _header_faults(header, value, sent, (*path, "headers", header))
        yield from _address_faults(endpoint.get("base_url"), (*path, "base_url"))


def _mappings(written: object, filled: object) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, one, other in _items(written, filled):
        if isinstance(one, dict):
            yield name, one, other


def _items(written: object, filled: object) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(written, Mapping) and isinstance(filled, Mapping):
        yield from ((key, value, filled[key]) for key, value in written.items())


def _key_faults(written: object, filled: object, path: YamlPath) -> Iterator[Fault]:
    if not isinstance(written, str) or not has_reference(written) or REFERENCE.sub("", written):
        message = "an API key stands in the file; keys come from the environment only"
        yield Fault(
            path=path, message=message, hint="write api_key: ${NAME}, and replace this key: it has been written"
        )
    elif not filled:
        yield Fault(path=path, message=f"the API key {written} is set but empty", hint="set it to the key")
    elif not _fits_a_header(str(filled)):
        yield _unsendable(written, path)


def _header_faults(header: str, written: object, filled: object, path: YamlPath) -> Iterator[Fault]:
    if not _HEADER_NAME.fullmatch(header):
        yield Fault(path=path, message=f"{header!r} cannot be a header name", hint="like X-Route", at_key=True)
    elif header.lower() in SECRET_HEADERS and written and not has_reference(written):
        message = f"a credential stands in the file, in the header {header}; they come from the environment only"
        yield Fault(path=path, message=message, hint="write it as ${NAME}, for example Bearer ${NAME}")
    elif isinstance(filled, str) and not _fits_a_header(filled):
        yield _unsendable(str(written) if has_reference(written) else f"the header {header}", path)


def _address_faults(written: object, path: YamlPath) -> Iterator[Fault]:
    try:
        literal = isinstance(written, str) and not has_reference(written) and bool(urlsplit(written).password)
    except ValueError as trouble:
        yield Fault(
            path=path, message=f"{written!r} is not an address: {trouble}", hint="like https://gateway.example.com/v1"
        )
        return
    if literal:
        message = "a password stands in the file, in base_url; they come from the environment only"
        yield Fault(path=path, message=message, hint="use api_key: ${NAME} or a header")


def _unsendable(what: str, path: YamlPath) -> Fault:
    message = f"{what} holds a line break or another character that no header can carry"
    return Fault(path=path, message=message, hint="a file with the key often ends in a line break: strip it")


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()

"""Secrets of endpoints: refused where they stand in the file, gathered where they come from the environment.

Feeds ``suite_file``; what it gathers is removed from everything that is stored, logged or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from probes.environment import REFERENCE, Expansion, has_reference
from probes.hostile import keeps_header
from probes.positions import Fault, YamlPath
from probes.secret_files import FILE

SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key", "x-auth-token", "x-goog-api-key"}
)
NO_SECRETS = frozenset(
    {"like", "protocol", "model", "deployment", "api_version", "gateway", "cache", "stream", "timeout"}
    | {"concurrency", "retries"}
)
"""Keys whose values stay readable although they may come from the environment: reports must be able to name a model."""
NO_SECRETS_BELOW = frozenset(
    {("oauth2", key) for key in ("client_id", "scope", "audience")}
    | {("tls", key) for key in ("ca", "certificate", "key")}
)
"""The same, one level deeper."""
SECRETS_BELOW = (("oauth2", "client_secret"), ("tls", "key_password"))
"""Keys whose whole value is a secret."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def secrets_by_endpoint(expansion: Expansion, files: Mapping[YamlPath, str]) -> dict[str, frozenset[str]]:
    """By endpoint as written: every value from the environment and from key files, but for keys that hold no secret.

    The path of a key file is no secret itself.
    """
    found: dict[str, set[str]] = {}
    for path, used in expansion.used.items():
        if len(path) > 2 and (path[2] in NO_SECRETS or path[:-1] in files or path[2:] in NO_SECRETS_BELOW):
            continue
        found.setdefault(str(path[1]), set()).update(used)
    for path, secret in files.items():
        found.setdefault(str(path[1]), set()).add(secret)
    return {name: frozenset(values) for name, values in found.items()}


def credential_faults(endpoints: object, expanded: object, root: YamlPath) -> Iterator[Fault]:
    """Secrets written into the file, and secrets that no header can carry. No fault quotes one."""
    for name, endpoint, filled in _mappings(endpoints, expanded):
        path = (*root, name)
        if endpoint.get("api_key") is not None:
            yield from _key_faults(endpoint["api_key"], filled["api_key"], (*path, "api_key"))
        for key, inner in SECRETS_BELOW:
            yield from _inner_faults(endpoint, filled, (*path, key, inner))
        for header, value, sent in _items(endpoint.get("headers"), filled.get("headers")):
            yield from _header_faults(header, value, sent, (*path, "headers", header))
        yield from _route_faults(endpoint.get("route"), (*path, "route", "headers"))
        yield from _address_faults(endpoint.get("base_url"), (*path, "base_url"))
        yield from _password_faults(endpoint.get("proxy"), (*path, "proxy"))
        client = endpoint.get("oauth2")
        yield from _password_faults(
            client.get("token_url") if isinstance(client, Mapping) else None, (*path, "oauth2", "token_url")
        )


def _mappings(written: object, filled: object) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, one, other in _items(written, filled):
        if isinstance(one, dict):
            yield name, one, other


def _items(written: object, filled: object) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(written, Mapping) and isinstance(filled, Mapping):
        yield from ((key, value, filled[key]) for key, value in written.items())


def _key_faults(written: object, filled: object, path: YamlPath) -> Iterator[Fault]:
    yield from _own_secret(
        written, filled, path, "API key", "an API key stands in the file; keys come from the environment only"
    )


def _inner_faults(endpoint: Mapping[str, Any], filled: Mapping[str, Any], path: YamlPath) -> Iterator[Fault]:
    _, _, key, inner = path
    written, sent = endpoint.get(str(key)), filled.get(str(key))
    if isinstance(written, Mapping) and isinstance(sent, Mapping) and written.get(inner) is not None:
        message = f"a {inner} stands in the file; secrets come from the environment only"
        yield from _own_secret(written[inner], sent[inner], path, str(inner), message)


def _own_secret(written: object, filled: object, path: YamlPath, what: str, in_file: str) -> Iterator[Fault]:
    """A value that is nothing but a secret: from a file (read and told of there), or all of it from the environment."""
    key = path[-1]
    if isinstance(written, Mapping):
        return
    if not isinstance(written, str) or not has_reference(written) or REFERENCE.sub("", written):
        hint = f"write {key}: ${{NAME}} or {key}: {{{FILE}: PATH}}, and replace this one: it has been written"
        yield Fault(path=path, message=in_file, hint=hint)
    elif not filled:
        yield Fault(path=path, message=f"the {what} {written} is set but empty", hint="set it to the key")
    elif not _fits_a_header(str(filled)):
        yield _unsendable(written, path)


def _header_faults(header: str, written: object, filled: object, path: YamlPath) -> Iterator[Fault]:
    if not _HEADER_NAME.fullmatch(header):
        yield Fault(path=path, message=f"{header!r} cannot be a header name", hint="like X-Route", at_key=True)
    elif isinstance(written, Mapping):
        return  # from a file: read, and told of there
    elif header.lower() in SECRET_HEADERS and written and not has_reference(written):
        message = f"a credential stands in the file, in the header {header}; they come from the environment only"
        yield Fault(path=path, message=message, hint="write it as ${NAME}, for example Bearer ${NAME}")
    elif isinstance(filled, str) and not _fits_a_header(filled):
        yield _unsendable(str(written) if has_reference(written) else f"the header {header}", path)


def _route_faults(route: object, path: YamlPath) -> Iterator[Fault]:
    """Response headers that tell who answered: a secret one would end up in reports, so none is ever read."""
    named = route.get("headers") if isinstance(route, Mapping) else None
    for field, header in named.items() if isinstance(named, Mapping) else ():
        if not isinstance(header, str) or has_reference(header):
            continue
        if not _HEADER_NAME.fullmatch(header):
            message, hint = f"{header!r} cannot be a header name", "like x-served-by"
            yield Fault(path=(*path, field), message=message, hint=hint)
        elif not keeps_header(header):
            message = f"the value of {header} may be a secret, so it is never kept and cannot tell who answered"
            yield Fault(path=(*path, field), message=message, hint="like x-served-by")


def _address_faults(written: object, path: YamlPath) -> Iterator[Fault]:
    try:
        urlsplit(written) if isinstance(written, str) else None
    except ValueError as trouble:
        yield Fault(
            path=path, message=f"{written!r} is not an address: {trouble}", hint="like https://gateway.example.com/v1"
        )
        return
    yield from _password_faults(written, path)


def _password_faults(written: object, path: YamlPath) -> Iterator[Fault]:
    """A password that stands in an address as written."""
    key = path[-1]
    try:
        password = urlsplit(written).password if isinstance(written, str) and not _only_reference(written) else None
    except ValueError:
        password = None
    if password and not has_reference(password):
        message = f"a password stands in the file, in {key}; they come from the environment only"
        hint = "use api_key: ${NAME} or a header" if key == "base_url" else "write it as ${NAME}"
        yield Fault(path=path, message=message, hint=hint)


def _only_reference(written: str) -> bool:
    return has_reference(written) and not REFERENCE.sub("", written)


def _unsendable(what: str, path: YamlPath) -> Fault:
    message = f"{what} holds a line break or another character that no header can carry"
    return Fault(path=path, message=message, hint="a file with the key often ends in a line break: strip it")


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()

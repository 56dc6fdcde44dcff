"""``{file: PATH}`` where a secret stands: the file's content put in its place while a suite is loaded.

Works on the plain values of ``endpoints``, after the environment and before ``like``. Feeds ``suite_file``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.files_beside import FileId, Unreadable, read_file
from probes.positions import Fault, YamlPath

MOST_BYTES = 64 * 1024
FILE = "file"
PLACES: tuple[tuple[str, ...], ...] = (("api_key",), ("proxy",), ("oauth2", "client_secret"), ("tls", "key_password"))
"""Keys of an endpoint whose value is a secret; the values of ``headers`` are too."""
ABSENT = "http://unset.invalid"
"""Stands for a secret in a suite that is only read, on a machine that need not hold its secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFiles:
    """Endpoints with their secrets read."""

    endpoints: Any = field(repr=False)
    secrets: Mapping[YamlPath, str] = field(repr=False)
    """What was read, by the path of the ``{file: ...}`` that asked for it."""
    files: frozenset[FileId] = frozenset()
    """The files themselves: none of them may be attached to a question."""
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Reading:
    folder: Path
    at_hand: bool
    secrets: dict[YamlPath, str] = field(default_factory=dict)
    files: set[FileId] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


def read_secret_files(endpoints: Any, root: YamlPath, *, folder: Path, at_hand: bool) -> SecretFiles:
    """Put the content of every secret's file in its place.

    Args:
        endpoints: Plain values, the environment already in them.
        root: Where they stand in the document.
        folder: Where relative paths start.
        at_hand: False for a suite that is only read: no file is touched then.
    """
    reading = _Reading(folder=folder, at_hand=at_hand)
    if isinstance(endpoints, Mapping):
        endpoints = {name: _endpoint(reading, value, (*root, name)) for name, value in endpoints.items()}
    return SecretFiles(
        endpoints=endpoints,
        secrets=reading.secrets,
        files=frozenset(reading.files),
        faults=tuple(reading.faults),
    )


def _endpoint(reading: _Reading, endpoint: Any, path: YamlPath) -> Any:
    for place in (*PLACES, *_headers(endpoint)):
        endpoint = _replaced(reading, endpoint, place, path)
    return endpoint


def _headers(endpoint: Any) -> Iterator[tuple[str, ...]]:
    headers = endpoint.get("headers") if isinstance(endpoint, Mapping) else None
    yield from (("headers", name) for name in headers) if isinstance(headers, Mapping) else ()


def _replaced(reading: _Reading, value: Any, place: tuple[str, ...], path: YamlPath) -> Any:
    """The value with what stands at ``place`` below it read, if that is a mapping; the rest as it is."""
    if not place:
        return _secret(reading, value, path) if isinstance(value, Mapping) else value
    key, *rest = place
    if not isinstance(value, Mapping) or key not in value:
        return value
    return {**value, key: _replaced(reading, value[key], tuple(rest), (*path, key))}


def _secret(reading: _Reading, value: Mapping[str, Any], path: YamlPath) -> str:
    named = value.get(FILE)
    if set(value) != {FILE} or not isinstance(named, str) or not named:
        message = f"{path[-1]} is neither a text nor {{file: PATH}}"
        reading.faults.append(Fault(path=path, message=message, hint="like {file: /run/secrets/key}"))
        return ABSENT
    if not reading.at_hand:
        return ABSENT
    try:
        content = read_file(reading.folder / named, MOST_BYTES)
        secret = _text(content.data)
    except Unreadable as trouble:
        reading.faults.append(Fault(path=(*path, FILE), message=f"the file of {path[-1]} cannot be used: {trouble}"))
        return ABSENT
    reading.secrets[path] = secret
    reading.files.add(content.identity)
    return secret


def _text(data: bytes) -> str:
    """The content without the one line break that editors and ``echo`` leave at the end."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable("it holds characters that no header can carry") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Unreadable("it is empty")
    if not text.isprintable() or text != text.strip():
        raise Unreadable("it holds a second line, a blank at an end, or a character that no header can carry")
    return text

"""Certificates and proxies of endpoints, checked while a suite is loaded: before anything is sent.

Works on the plain values of ``endpoints``, after ``like``. Feeds ``suite_file``.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probes.files_beside import FileId, Unreadable, read_file
from probes.positions import Fault, YamlPath

MOST_BYTES = 4 * 2**20
"""Of one PEM file; a whole system's certificate authorities are a quarter of a megabyte."""
FILES = ("ca", "certificate", "key")


@dataclass(slots=True, kw_only=True)
class Certifying:
    """One suite's certificates while they are checked."""

    folder: Path
    """Where relative paths start."""
    faults: list[Fault] = field(default_factory=list)
    files: set[FileId] = field(default_factory=set)
    """Keys and client certificates found: none of them may be attached to a question."""

    def endpoints(self, endpoints: Any, root: YamlPath) -> Any:
        """The endpoints with every path below ``tls`` made absolute."""
        if not isinstance(endpoints, Mapping):
            return endpoints
        return {name: self._endpoint(value, (*root, name)) for name, value in endpoints.items()}

    def _endpoint(self, endpoint: Any, path: YamlPath) -> Any:
        if not isinstance(endpoint, Mapping):
            return endpoint
        self.faults += proxy_faults(endpoint.get("proxy"), (*path, "proxy"))
        self.faults += _doubled(endpoint, path)
        tls = endpoint.get("tls")
        if not isinstance(tls, Mapping):
            return endpoint
        return {**endpoint, "tls": self._tls(tls, (*path, "tls"))}

    def _tls(self, tls: Mapping[str, Any], path: YamlPath) -> dict[str, Any]:
        named = {key: tls[key] for key in FILES if isinstance(tls.get(key), str)}
        placed = {key: str(self.folder.absolute() / written) for key, written in named.items()}
        usable = [self._readable(key, named[key], placed[key], (*path, key)) for key in placed]
        if all(usable):
            password = tls.get("key_password")
            self._fitting(placed, password if isinstance(password, str) else "", path)
        return {**tls, **placed}

    def _readable(self, key: str, written: str, placed: str, path: YamlPath) -> bool:
        try:
            content = read_file(Path(placed), MOST_BYTES)
        except Unreadable as trouble:
            self.faults.append(Fault(path=path, message=f"{written!r} cannot be used as {key}: {trouble}"))
            return False
        if key != "ca":
            self.files.add(content.identity)
        return True

    def _fitting(self, placed: Mapping[str, str], password: str, path: YamlPath) -> None:
        if "ca" in placed and (told := _ca_trouble(placed["ca"])):
            self.faults.append(Fault(path=(*path, "ca"), message=told, hint=_PEM))
        if "certificate" in placed:
            told, hint = _pair_trouble(placed["certificate"], placed.get("key"), password)
            if told:
                self.faults.append(Fault(path=(*path, "certificate"), message=told, hint=hint))
        elif "key" in placed:
            message = "a key without its certificate proves nothing"
            self.faults.append(Fault(path=(*path, "key"), message=message, hint="name the certificate too"))


_PEM = "a PEM file, with lines like -----BEGIN CERTIFICATE-----"


def _ca_trouble(ca: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca)
    except (ssl.SSLError, OSError):
        return "ca holds no certificate that can be read"
    return ""


def _pair_trouble(certificate: str, key: str | None, password: str) -> tuple[str, str]:
    """What keeps a certificate and its key from being used, and what would help. Empty where nothing does."""
    asked: list[str] = []

    def told() -> str:
        asked.append(password)
        return password

    try:
        # always with a password at hand: OpenSSL would else ask for one on the terminal
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, told)
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or "").upper():
            return "the certificate and the key do not belong together", "the key is the one it was requested with"
        if asked and password:
            return "key_password does not open the key", ""
        if asked:
            return "the key is encrypted", "give its password as key_password: ${NAME}"
        return "certificate and key cannot be read", _PEM + "; a key left out must stand in the certificate's file"
    except (OSError, ValueError):
        return "certificate and key cannot be read", _PEM
    return "", ""


def proxy_faults(proxy: object, path: YamlPath) -> Iterator[Fault]:
    """What is wrong with a proxy's address. Never quotes it: it may hold a password."""
    if not isinstance(proxy, str):
        return
    hint = "like http://proxy.example.com:3128"
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable:
        yield Fault(path=path, message="proxy is not the address of an HTTP proxy", hint=hint)
    elif parts.path not in ("", "/") or parts.query or parts.fragment:
        yield Fault(path=path, message="the address of a proxy ends with its port", hint=hint)


def _doubled(endpoint: Mapping[str, Any], path: YamlPath) -> Iterator[Fault]:
    headers = endpoint.get("headers")
    names = [str(name) for name in headers] if isinstance(headers, Mapping) else []
    double = next((name for name in names if name.lower() == "authorization"), None)
    if endpoint.get("oauth2") is not None and double is not None:
        message = f"oauth2 fills the header {double}, and headers would replace the token"
        yield Fault(path=(*path, "headers", double), message=message, hint="keep one of them", at_key=True)

"""Whom to trust and who we are: ``endpoint.tls`` as an SSL context. Feeds ``pools``.

Without ``tls.ca`` the system's authorities are trusted; ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are honoured.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import httpcore2

from probes.endpoint import Tls


class BadCertificate(Exception):
    """A certificate file of the suite cannot be used. The sentence names keys of the suite, never what is in files."""


def trusting(tls: Tls | None) -> ssl.SSLContext:
    """A context that checks certificates and host names. Takes tens of milliseconds: keep it.

    Raises:
        BadCertificate: a file of ``tls`` cannot be read or used.
    """
    if tls is None:
        return httpcore2.default_ssl_context()
    context = httpcore2.default_ssl_context() if tls.ca is None else _trusting_only(tls.ca)
    if tls.certificate is not None:
        _show(context, tls, tls.certificate)
    return context


def _trusting_only(authorities: str) -> ssl.SSLContext:
    _readable("tls.ca", authorities)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=authorities)
    except (ssl.SSLError, OSError) as error:
        raise BadCertificate("tls.ca holds no certificate in PEM form.") from error
    return context


def _show(context: ssl.SSLContext, tls: Tls, certificate: str) -> None:
    _readable("tls.certificate", certificate)
    if tls.key is not None:
        _readable("tls.key", tls.key)
    holder = "tls.certificate" if tls.key is None else "tls.key"
    # without a password of its own OpenSSL would ask for one at the terminal
    password = "" if tls.key_password is None else tls.key_password.get_secret_value()
    try:
        context.load_cert_chain(certificate, tls.key, lambda: password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            message = f"the key in {holder} does not belong to tls.certificate."
        elif not _is_certificate(certificate):
            message = "tls.certificate holds no certificate in PEM form."
        elif password:
            message = f"{holder} holds no key in PEM form, or tls.key_password does not open it."
        else:
            message = f"{holder} holds no key in PEM form, or one that needs tls.key_password."
        raise BadCertificate(message) from error


def _is_certificate(path: str) -> bool:
    """True where the file holds a certificate, whatever else it holds."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError):
        return False
    return True


def _readable(key: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise BadCertificate(f"the file of {key} cannot be read: {error.strerror}.") from error

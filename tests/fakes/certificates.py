"""Certificates for tests, made on the spot with the ``openssl`` command: an authority of our own and what it signs.

Feeds the tests of TLS. Nothing here is ever stored in the repository.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

HAVE_OPENSSL = shutil.which("openssl") is not None
WHY_NOT = "needs the openssl command to make certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Two PEM files."""

    certificate: Path
    key: Path

    def served(self, *, clients_of: Path | None = None, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
        """A context for a server with this certificate; with ``clients_of`` it wants one of that authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if clients_of is not None:
            context.load_verify_locations(clients_of)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Authority:
    """A certificate authority in a folder; ``file`` is what to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl("req", "-x509", *_NEW_KEY, "-days", "2", "-subj", "/CN=test authority", "-keyout", self._key, "-out",
                 self.file)  # fmt: skip

    def signs(
        self, name: str, *, host: str = "IP:127.0.0.1", days: int = 2, key_password: str | None = None
    ) -> Certificate:
        """A certificate for this host; with negative ``days`` one that has expired."""
        key, request, certificate = (self._folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        _openssl("req", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={host}\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial",
                 "-days", str(days), "-extfile", extensions, "-out", certificate)  # fmt: skip
        if key_password is not None:
            locked = self._folder / f"{name}.locked"
            _openssl("pkey", "-aes256", "-in", key, "-out", locked, "-passout", f"pass:{key_password}")
            key = locked
        return Certificate(certificate=certificate, key=key)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)

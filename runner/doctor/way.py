"""The way to an endpoint, stage by stage: name, connection, certificate, an answer. Sends no credentials and no probe.

Feeds ``examination``. What answers is asked one plain ``GET`` of its base address, which no provider charges for; any
answer counts, also 401 and 404: something speaks HTTP there. Its ``Date`` tells how far clocks differ.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from probes.clock import Clock
from probes.endpoint import Endpoint
from probes.network.certificates import BadCertificate, trusting
from probes.network.pools import Address, address_of
from runner.doctor.diagnosis import Diagnosis, State

SOON_DAYS = 14
"""A certificate that ends sooner than this is wrong: there must be time to act."""
SECURE, PLAIN = 443, 80
MOST_HEADER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What was found on the way to one endpoint."""

    found: tuple[Diagnosis, ...]
    skew_s: float | None = None
    """How far its clock is ahead of ours; None where it told no time."""


class _Lost(Exception):
    """The way ends here; the diagnosis says why."""

    def __init__(self, told: str, advice: str) -> None:
        self.told, self.advice = told, advice
        super().__init__(told)


async def walked(subject: str, endpoint: Endpoint, clock: Clock) -> Way:
    """Go as far as it goes; every stage has the endpoint's own limits for connecting and for a first answer."""
    walk = _Walk(subject=subject, endpoint=endpoint, clock=clock, found=[])
    try:
        await walk.all()
    except _Lost as lost:
        walk.say(State.WRONG, lost.told, lost.advice)
    return Way(found=tuple(walk.found), skew_s=walk.skew_s)


@dataclass(slots=True, kw_only=True)
class _Walk:
    subject: str
    endpoint: Endpoint
    clock: Clock
    found: list[Diagnosis]
    skew_s: float | None = None

    def say(self, state: State, told: str, advice: str = "") -> None:
        self.found.append(Diagnosis(area="endpoint", subject=self.subject, state=state, told=told, advice=advice))

    async def all(self) -> None:
        proxy = self.endpoint.proxy
        address = _address(self.endpoint.base_url if proxy is None else proxy.get_secret_value())
        secure = address.url.scheme == b"https"
        host, port = address.url.host.decode("ascii"), address.url.port or (SECURE if secure else PLAIN)
        await self._resolved(host, port)
        reader, writer = await self._connected(host, port, self._context() if secure else None)
        try:
            self.say(State.FINE, f"{'its proxy ' if proxy else ''}{host}:{port} takes connections")
            if secure:
                self._certificate(writer.get_extra_info("ssl_object"))
            if proxy is None:
                await self._answered(reader, writer, address)
            else:
                self.say(State.NOTE, "the way behind the proxy was not walked", "ask it once with --probe")
        finally:
            writer.transport.abort()

    async def _resolved(self, host: str, port: int) -> None:
        limit = self.endpoint.timeout.connect_s
        try:
            async with asyncio.timeout(limit):
                await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise _Lost(f"{host} was not resolved within {limit:g} s", "look at this machine's resolver") from None
        except (OSError, UnicodeError):
            raise _Lost(f"{host} does not resolve", "check the host in base_url, and this machine's resolver") from None

    async def _connected(
        self, host: str, port: int, context: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        limit = self.endpoint.timeout.connect_s
        name = host if context else None
        try:
            async with asyncio.timeout(limit):
                return await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=name, limit=MOST_HEADER_BYTES
                )
        except ssl.SSLCertVerificationError as error:
            advice = "renew it, or name the authority that signed it in tls: {ca: FILE}"
            raise _Lost(f"its certificate is not trusted: {error.verify_message}", advice) from None
        except ssl.SSLError as error:
            raise _Lost(f"no TLS at {host}:{port} ({error.reason})", "check port and scheme of base_url") from None
        except TimeoutError:
            raise _Lost(f"no connection to {host}:{port} within {limit:g} s", _FIREWALL) from None
        except OSError as error:
            words = error.strerror or str(error) or type(error).__name__
            raise _Lost(f"no connection to {host}:{port}: {words}", _FIREWALL) from None

    def _context(self) -> ssl.SSLContext:
        try:
            return trusting(self.endpoint.tls)
        except BadCertificate as error:
            raise _Lost(str(error), "mend tls: of the endpoint (docs/credentials.md)") from None

    def _certificate(self, secured: ssl.SSLObject) -> None:
        ends = (secured.getpeercert() or {}).get("notAfter")
        if not isinstance(ends, str):
            self.say(State.NOTE, "the certificate does not say when it ends")
            return
        at = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
        days = (at - self.clock.now()).days
        told = f"the certificate is trusted and ends on {at:%Y-%m-%d}, in {days} days"
        if days < SOON_DAYS:
            self.say(State.WRONG, told, "renew it before it takes the endpoint away")
        else:
            self.say(State.FINE, told)

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
        target = address.url.target.decode("ascii").partition("?")[0]  # what is asked there may be a key
        lines = (f"GET {target} HTTP/1.1", f"Host: {address.host.decode('ascii')}", "Accept: */*", "Connection: close")
        limit = self.endpoint.timeout.first_token_s
        try:
            async with asyncio.timeout(limit):
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise _Lost(f"connected, but no answer within {limit:g} s", "look at the endpoint's own logs") from None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise _Lost("connected, but what came is no HTTP answer", "check scheme and port of base_url") from None
        self._understood(head.decode("latin-1").split("\r\n"))

    def _understood(self, lines: list[str]) -> None:
        version, _, rest = lines[0].partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/") or not (status.isascii() and status.isdigit()):
            raise _Lost("connected, but what came is no HTTP answer", "check scheme and port of base_url")
        told = f"answers HTTP {status} to a request without credentials"
        if status in ("502", "503", "504"):
            self.say(State.WRONG, told, "the gateway stands and what is behind it does not: look there")
        else:
            self.say(State.FINE, told)
        self.skew_s = next(_ahead(lines, self.clock.now()), None)


_FIREWALL = "is it running, and does a firewall or a missing proxy: keep us from it?"


def _address(text: str) -> Address:
    try:
        return address_of(text)
    except httpx2.InvalidURL:
        raise _Lost("its address is none", "mend base_url or proxy") from None


def _ahead(lines: list[str], now: datetime) -> Iterator[float]:
    """Seconds by which a ``Date`` header (RFC 9110, section 6.6.1) is ahead of ``now``."""
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "date":
            try:
                at = parsedate_to_datetime(value.strip())
            except ValueError:
                continue
            yield ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()

"""How a secret may be spelled by whoever repeats it: in addresses, JSON, HTML, base64, hexadecimal. Feeds
``secret_patterns`` and ``no_leak``.

Nobody can list every encoding; these are the ones that servers, proxies and JSON libraries make of their own accord.
Mixtures of them are found by ``secret_patterns``.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST_ENCODED = 8
"""Characters. Encodings of shorter secrets are left out: four letters of base64 occur in ordinary text."""
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def all_forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every spelling of every secret, longest first, so that no rest of a longer one stays. Blank ones are dropped."""
    found = {form for secret in secrets for form in forms_of(secret)}
    return tuple(sorted((form for form in found if form.strip()), key=lambda form: (-len(form), form)))


def forms_of(secret: str) -> set[str]:
    """One secret as it is and as others may write it."""
    percent = {quote(secret, safe="", errors="replace"), quote(secret, errors="replace"), _plus(secret)}
    as_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms = {secret, html.escape(secret), *percent, *as_json}
    forms |= {_PERCENT.sub(lambda match: match[0].lower(), form) for form in percent}
    forms |= {form.replace("/", "\\/") for form in as_json}
    return forms | _encoded(secret) if len(secret) >= SHORTEST_ENCODED else forms


def _plus(secret: str) -> str:
    return quote_plus(secret, errors="replace")


def _encoded(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "replace")
    cores = {core(raw, offset) for offset in range(3)}
    alone = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    return alone | cores | {found.translate(_URL_SAFE) for found in cores} | {raw.hex(), raw.hex().upper()}


_URL_SAFE = str.maketrans("+/", "-_")


def core(raw: bytes, offset: int) -> str:
    """The letters that base64 makes of these bytes alone, where they begin ``offset`` bytes after a multiple of three.

    That is how a secret looks inside the base64 of something longer: a header, a whole request.
    """
    first = (0, 2, 3)[offset]
    return b64encode(bytes(offset) + raw).decode()[first : (offset + len(raw)) * 8 // 6]

"""What a column may hold: instants, texts, whole numbers and JSON, with the care that foreign text needs. Feeds rows.

Everything here round-trips exactly, with two stated exceptions: a lone surrogate (half of a character, which no
database can hold) becomes U+FFFD, and a whole number past 64 bits (no credible count) becomes None.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from probes.errors import StoreError

T = TypeVar("T")
_INT64 = range(-(2**63), 2**63)


def instant_text(at: datetime) -> str:
    """An aware instant as ISO-8601 in UTC. Always as long, so that the order of the texts is the order of time.

    Raises:
        StoreError: the instant has no time zone.
    """
    if at.tzinfo is None:
        raise StoreError(f"an instant without a time zone cannot be stored: {at.isoformat()}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    """The instant behind ``instant_text``, aware, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def clean_text(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD; two that belong together become their character."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole_number(value: int | None) -> int | None:
    """The number, or None past 64 bits: an endpoint may claim any count, a column holds only these."""
    return value if value is not None and int(value) in _INT64 else None


def real_number(value: float | None) -> float | None:
    """The number, or None where it is not finite: ``Retry-After: inf`` is nobody's duration."""
    return value if value is not None and math.isfinite(value) else None


def finite(value: Any) -> Any:
    """Parsed JSON of an endpoint with every NaN and infinity (which Python reads, JSON lacks) replaced by None."""
    if isinstance(value, float):
        return real_number(value)
    if isinstance(value, Mapping):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return value


def to_json(value: Any) -> str:
    """Compact JSON text; floats keep their last digit (``repr``).

    Raises:
        StoreError: the value holds NaN, an infinity, or something that is not JSON. Our own states must not.
    """
    try:
        return clean_text(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    except (ValueError, TypeError) as error:
        raise StoreError(f"a value cannot be stored as JSON: {error}") from error


def from_json(text: str) -> Any:
    """The value behind ``to_json``.

    Raises:
        StoreError: the text is not JSON; somebody else wrote into the store.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise StoreError(f"the store holds a value that is not JSON: {error}") from error


class Codec(Generic[T]):
    """One frozen dataclass (or a tuple of them) to JSON text and back.

    Fields that a newer version wrote are passed over, fields that an older one did not know get their defaults.
    """

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self._adapter = adapter

    def plain(self, value: T, *, brief: bool = False) -> Any:
        """The value as dicts, lists and scalars; ``brief`` leaves out what is at its default."""
        return self._adapter.dump_python(value, mode="json", exclude_defaults=brief)

    def dump(self, value: T) -> str:
        """JSON text. Numbers that endpoints made up and JSON lacks become null."""
        return to_json(finite(self.plain(value)))

    def build(self, plain: Any) -> T:
        """The value behind ``plain``.

        Raises:
            StoreError: it is not of this shape.
        """
        try:
            return self._adapter.validate_python(plain)
        except ValueError as error:
            raise StoreError("the store holds a row that this version cannot read") from error

    def load(self, text: str) -> T:
        """The value behind ``dump``. Raises StoreError as ``build`` does."""
        return self.build(from_json(text))


def in_utc(noun: T) -> T:
    """The dataclass with its instants in ``datetime.UTC`` itself: pydantic hands out a zone object of its own."""
    moved = {
        field.name: value.astimezone(UTC)
        for field in fields(noun)  # type: ignore[arg-type]
        if isinstance(value := getattr(noun, field.name), datetime)
    }
    return replace(noun, **moved)  # type: ignore[type-var]

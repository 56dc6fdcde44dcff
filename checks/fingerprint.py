"""A fingerprint of a probe's checks: another one where they judge otherwise. Feeds the engine, and by it the judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from checks.run_checks import BoundCheck


def fingerprint(bound: Sequence[BoundCheck]) -> str:
    """The first 16 hex digits of a SHA-256 over the checks of one probe; empty where there are none.

    In it are each check's name, version, argument as written, ``mode``, ``require``, ``when`` and turn, and the
    versions of checks within checks. Not in it are their order, the order of keys, and ``severity``.
    """
    if not bound:
        return ""
    told = sorted(_text(_judging(check)) for check in bound)
    return hashlib.sha256(_text(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _judging(check: BoundCheck) -> list[Any]:
    """Everything of a check that decides what it says, as plain values."""
    spec = check.spec
    when = None if spec.when is None else spec.when.model_dump(mode="json")
    return [*_rule(check), _plain(spec.argument), spec.mode, str(spec.require), when, check.turn]


def _rule(check: BoundCheck) -> list[Any]:
    parts: Sequence[BoundCheck] = getattr(check.rule, "parts", ())
    return [check.spec.check, getattr(check.rule, "version", 1), [_rule(part) for part in parts]]


def _plain(value: Any) -> Any:
    """The argument with the order of keys taken out: an editor or a tool may write a mapping in any."""
    if isinstance(value, Mapping):
        return sorted([str(key), _text(_plain(inner))] for key, inner in value.items())
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, default=str)

"""Notifiers from settings: each ``type`` names a plug, the other keys are its own settings. Feeds ``settings``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from probes.errors import Problem, SettingsError
from probes.nearest import did_you_mean
from probes.positions import Document, Fault
from reports.notice import Notifier
from runner.delivery.pacing import KEYS as PACE_KEYS

ROOT = "notifiers"


def build_notifiers(entries: Mapping[str, Mapping[str, Any]], document: Document) -> dict[str, Notifier]:
    """Every notifier of the settings, ready to send. Nothing is sent here.

    Raises:
        SettingsError: unknown types or keys, or values a notifier refuses; all of them, with their places.
    """
    if not entries:
        return {}
    from reports.notifiers import notifiers  # brings HTTP clients along, which most commands do without

    known = notifiers()
    built: dict[str, Notifier] = {}
    problems: list[Problem] = []
    for name, entry in entries.items():
        outcome = _built(name, entry, known)
        if isinstance(outcome, Fault):
            problems.append(document.problem(outcome))
        else:
            built[name] = outcome
    if problems:
        raise SettingsError(problems)
    return built


def _built(name: str, entry: Mapping[str, Any], known: Mapping[str, Callable[..., Notifier]]) -> Notifier | Fault:
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in known:
        told = "needs a type" if kind is None else f"has an unknown type {kind!r}"
        hint = did_you_mean(str(kind), known)
        return Fault(path=(ROOT, name, "type"), message=f"notifier {name!r} {told}", hint=hint)
    factory, settings = known[kind], {key: value for key, value in entry.items() if key not in ("type", *PACE_KEYS)}
    accepted = inspect.signature(factory).parameters
    for key in settings:
        if key not in accepted:
            hint = did_you_mean(key, (*accepted, *PACE_KEYS))
            return Fault(path=(ROOT, name, key), message=f"unknown key {key!r} of a {kind} notifier", hint=hint)
    missing = [key for key, of in accepted.items() if of.default is of.empty and of.kind is of.KEYWORD_ONLY]
    if missing := [key for key in missing if key not in settings]:
        told = f"notifier {name!r} of type {kind} needs {' and '.join(missing)}"
        return Fault(path=(ROOT, name), message=told, hint="docs/alerts.md says of each what it takes")
    try:
        return factory(**settings)
    except (ValueError, TypeError) as error:
        return Fault(path=(ROOT, name, *_meant(settings, str(error))), message=f"notifier {name!r}: {error}", hint="")


def _meant(settings: Mapping[str, Any], told: str) -> tuple[str, ...]:
    """The key that a notifier's refusal speaks of, where it names one."""
    return next(((key,) for key in settings if re.search(rf"\b{re.escape(key)}\b", told)), ())

"""What alert rules and dependencies must fulfil beside the rest of a suite: labels that exist, nobody who waits for
himself. Feeds ``suite_file``.

Works on plain values and steps over what has the wrong type, like ``suite_rules``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probes.nearest import did_you_mean
from probes.positions import Fault, YamlPath
from probes.suite_rules import label_values


def alert_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything wrong between alert rules and the rest of a suite; of probes with cases spread out."""
    rules, labels = data.get("alerts"), label_values(data)
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            yield from _unknown_labels(rule.get("when"), ("alerts", index, "when"), labels)
            yield from _unknown_scopes(rule.get("severity"), ("alerts", index, "severity"), labels)
    yield from _own_dependency(data.get("depends_on"), data.get("suite"))


def _unknown_labels(when: object, path: YamlPath, labels: Mapping[str, set[str]]) -> Iterator[Fault]:
    for label, wanted in when.items() if isinstance(when, Mapping) else ():
        values = wanted if isinstance(wanted, list) else [wanted]
        for place, value in enumerate(values):
            if isinstance(label, str) and isinstance(value, str):
                at = (*path, label, place) if isinstance(wanted, list) else (*path, label)
                yield from _unknown(label, value, at, labels)


def _unknown_scopes(severity: object, path: YamlPath, labels: Mapping[str, set[str]]) -> Iterator[Fault]:
    for name in severity if isinstance(severity, Mapping) else ():
        label, equals, value = str(name).partition("=")
        if equals:
            yield from _unknown(label, value, (*path, name), labels, at_key=True)


def _unknown(
    label: str, value: str, path: YamlPath, labels: Mapping[str, set[str]], *, at_key: bool = False
) -> Iterator[Fault]:
    """Told nowhere, such a rule would tell of nothing, and nobody would notice."""
    if label not in labels:
        near = did_you_mean(label, labels, otherwise="there are") if labels else "no probe has labels"
        yield Fault(path=path, message=f"no probe has the label {label!r}", hint=near, at_key=True)
    elif value not in labels[label]:
        near = did_you_mean(value, sorted(labels[label]), otherwise="there are")
        yield Fault(path=path, message=f"no probe has {label}: {value}", hint=near, at_key=at_key)


def _own_dependency(depends_on: object, suite: object) -> Iterator[Fault]:
    entries = depends_on if isinstance(depends_on, list) else [depends_on]
    for index, entry in enumerate(entries):
        if isinstance(entry, str) and entry.partition("/")[0] == suite:
            path: YamlPath = ("depends_on", index) if isinstance(depends_on, list) else ("depends_on",)
            hint = "name the suites whose failure explains failures here"
            yield Fault(path=path, message=f"the suite {suite!r} would wait for itself", hint=hint)

"""How a configuration is run: repeats, concurrency, time limits, tags; and what has no place in a suite.

Feeds ``conversion``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.templates import js_text
from runner.importers.promptfoo.trouble import LOCAL_CODE

_LOST = {
    "env": "not carried: set these where Holdfast runs; a suite holds no values of the environment",
    "outputPath": "not carried: say --output or --report where it runs",
    "sharing": "not carried: Holdfast shares nothing",
    "writeLatestResults": "not carried: every run is stored",
    "extensions": f"not carried: {LOCAL_CODE}",
    "nunjucksFilters": f"not carried: {LOCAL_CODE}",
    "tracing": "not carried: Holdfast sends a traceparent header with every request",
    "redteam": "not carried: Holdfast generates no attacks",
    "derivedMetrics": "not carried: Holdfast counts passes, not scores",
    "assertionTemplates": "nothing refers to it",
    "metadata": "not carried: it is about the configuration itself",
}
_LOST_RUNNING = {
    "delay": "not carried: say requests_per_minute at the endpoint",
    "cache": "nothing to carry: Holdfast always asks",
    "showProgressBar": "nothing to carry: progress is shown on a terminal",
    "maxEvalTimeMs": "not carried: a run has no limit of its own",
    "generateSuggestions": "not carried: Holdfast suggests no prompts",
}
_PARTS = ("commandLineOptions", "evaluateOptions")
"""The first goes before."""
_NUMBERS = {"repeat": 1_000, "maxConcurrency": 1_000, "timeoutMs": 86_400_000}
"""The most of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What holds for all endpoints and all probes."""

    samples: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    """Keys of every endpoint."""


def running(config: Located) -> Running:
    """Repeats, concurrency and limits of ``evaluateOptions`` and ``commandLineOptions``."""
    endpoint: dict[str, Any] = {}
    given = {key: _given(config, key, most) for key, most in _NUMBERS.items()}
    if given["maxConcurrency"]:
        endpoint["concurrency"] = given["maxConcurrency"]
    if given["timeoutMs"]:
        endpoint["timeout"] = {"total": f"{given['timeoutMs']}ms"}
    for part in _PARTS:
        options = config.at(part)
        if options is not None:
            for key, why in _LOST_RUNNING.items():
                options.lost_at(key, why)
    return Running(samples=given["repeat"] or 1, labels=_labels(config), endpoint=endpoint)


def _given(config: Located, key: str, most: int) -> int:
    """The number of the part that goes before; the other part's is on the list. 0 where there is none."""
    number = 0
    for part in _PARTS:
        options = config.at(part)
        if options is None:
            continue
        if number:
            options.lost_at(key, f"not carried: {_PARTS[0]}.{key} goes before it")
        else:
            number = _whole(options, key, most)
    return number


def lose_the_rest(config: Located) -> None:
    """List the keys of the top that have no place in a suite."""
    for key, why in _LOST.items():
        found = config.at(key)
        if found is not None and not all(leaf.key in config.ledger.carried for leaf in found.leaves()):
            found.lost(why)


def _whole(options: Located, key: str, most: int) -> int:
    found = options.at(key)
    if found is None:
        return 0
    value = found.plain
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        found.lost(f"not carried: {value!r} is no whole number up to {most}")
        return 0
    found.taken()
    return value


def _labels(config: Located) -> dict[str, str]:
    tags = config.at("tags")
    labels: dict[str, str] = {}
    for key, value in [] if tags is None else tags.items():
        if isinstance(value.value, (dict, list)) or value.value is None:
            value.lost("not carried: a label is one text")
        else:
            labels[key] = js_text(value.taken())
    return labels

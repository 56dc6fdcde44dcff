"""The texts of probes with their templates filled in, while a suite is loaded. Feeds ``suite_file``.

Works on the plain values of ``probes``; whatever has the wrong type is left for the models to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from probes.positions import Fault, YamlPath


def with_rendered(probes: object) -> tuple[object, list[Fault]]:
    """The probes with their prompts and messages rendered; whatever has the wrong type is left for the models."""
    faults: list[Fault] = []
    if not isinstance(probes, list):
        return probes, faults
    return [_rendered_probe(probe, ("probes", index), faults) for index, probe in enumerate(probes)], faults


def _rendered_probe(probe: object, path: YamlPath, faults: list[Fault]) -> object:
    if not isinstance(probe, dict):
        return probe
    variables = probe.get("vars")
    fill = partial(_filled, variables=variables if isinstance(variables, dict) else {}, faults=faults)
    rendered = dict(probe)
    if "prompt" in probe:
        rendered["prompt"] = fill(probe["prompt"], (*path, "prompt"))
    for key, text in (("messages", "content"), ("turns", "prompt")):
        entries = probe.get(key)
        if isinstance(entries, list):
            rendered[key] = [
                {**entry, text: _each_text(entry[text], (*path, key, index, text), fill)}
                if isinstance(entry, dict) and text in entry
                else entry
                for index, entry in enumerate(entries)
            ]
    return rendered


def _each_text(content: object, path: YamlPath, fill: Callable[[object, YamlPath], object]) -> object:
    """A text, or the texts of a list of parts, rendered."""
    if not isinstance(content, list):
        return fill(content, path)
    return [
        {**part, "text": fill(part["text"], (*path, index, "text"))}
        if isinstance(part, dict) and "text" in part
        else part
        for index, part in enumerate(content)
    ]


def needs_rendering(text: str) -> bool:
    """True where the text holds an expression or a statement; anything else is sent exactly as written."""
    return "{{" in text or "{%" in text


def _filled(text: object, path: YamlPath, *, variables: Mapping[str, Any], faults: list[Fault]) -> object:
    if not isinstance(text, str) or not needs_rendering(text):
        return text
    from probes.templating import render  # brings Jinja along, which most suites do without

    outcome = render(text, variables, path)
    if isinstance(outcome, Fault):
        faults.append(outcome)
        return text
    return outcome

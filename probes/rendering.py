"""The texts of probes with their templates filled in, while a suite is loaded. Feeds ``suite_file``.

Works on the plain values of ``probes``, one for each case; whatever has the wrong type is left for the models to
refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from probes.check_spec import RESERVED_CHECK_KEYS
from probes.positions import Fault, YamlPath
from probes.unfolded import Unfolded

Fill = Callable[[object, YamlPath], object]
_NUMBER = re.compile(r"\s*\{\{([^{}]+?)\|\s*(int|float)\s*\}\}\s*")


def with_rendered(unfolded: Unfolded) -> tuple[object, list[Fault]]:
    """The probes with their prompts, messages and arguments of checks rendered, and what is wrong with templates."""
    faults: list[Fault] = []
    probes, sites = unfolded.probes, unfolded.sites
    if not isinstance(probes, list):
        return probes, faults
    rendered = [
        probe if sites[index].blank else _rendered_probe(probe, ("probes", index), faults, case=bool(sites[index].id))
        for index, probe in enumerate(probes)
    ]
    return rendered, faults


def _rendered_probe(probe: object, path: YamlPath, faults: list[Fault], *, case: bool) -> object:
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
    return _with_checks(rendered, path, partial(_filled_anywhere, fill=fill)) if case or variables else rendered


def _with_checks(probe: dict[str, Any], path: YamlPath, fill: Fill) -> dict[str, Any]:
    """The probe with the arguments of its checks rendered, those of its turns included."""
    if "checks" in probe:
        probe = {**probe, "checks": _checks(probe["checks"], (*path, "checks"), fill)}
    turns = probe.get("turns")
    if isinstance(turns, list):
        places = [(*path, "turns", index) for index in range(len(turns))]
        told = [
            _with_checks(turn, place, fill) if isinstance(turn, dict) else turn
            for turn, place in zip(turns, places, strict=True)
        ]
        probe = {**probe, "turns": told}
    return probe


def _checks(entries: object, path: YamlPath, fill: Fill) -> object:
    if not isinstance(entries, list):
        return entries
    return [
        {key: value if key in RESERVED_CHECK_KEYS else fill(value, (*path, index, key)) for key, value in entry.items()}
        if isinstance(entry, dict)
        else entry
        for index, entry in enumerate(entries)
    ]


def _filled_anywhere(value: object, path: YamlPath, *, fill: Fill) -> object:
    """A value with every text in it rendered; keys stay as they are."""
    if isinstance(value, dict):
        return {key: _filled_anywhere(inner, (*path, key), fill=fill) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled_anywhere(inner, (*path, index), fill=fill) for index, inner in enumerate(value)]
    wanted = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return fill(value, path) if wanted is None else _number(wanted, path, fill)


def _number(wanted: re.Match[str], path: YamlPath, fill: Fill) -> object:
    """``{{ total | float }}`` and nothing else: a number, where every other template gives text."""
    text = fill("{{" + wanted[1] + "}}", path)
    try:
        return int(str(text)) if wanted[2] == "int" else float(str(text))
    except ValueError:  # Jinja's own filter would make it 0
        return text


def _each_text(content: object, path: YamlPath, fill: Fill) -> object:
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

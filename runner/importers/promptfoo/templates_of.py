"""``$ref: '#/assertionTemplates/NAME'`` replaced by what it names. Feeds ``conversion``."""

from __future__ import annotations

from typing import Any

from runner.importers.located import Located

_START = "#/assertionTemplates/"
_DEEPEST = 20
_LOOP = "$ref back"
"""Marks a reference that never ends."""


def with_templates(config: Located) -> Located:
    """The configuration with its templates of assertions in place; a reference that leads nowhere stays."""
    templates = config.at("assertionTemplates")
    if templates is None:
        return config
    return _replaced(config, dict(templates.items()), 0)


def unresolved(assertion: Located) -> str:
    """Why an assertion is still a reference; empty where it is none."""
    reference = assertion.at("$ref")
    if reference is None:
        return ""
    name = str(reference.plain).removeprefix(_START)
    return (
        f"template {name!r} leads back to itself"
        if assertion.at(_LOOP) is not None
        else f"there is no template {name!r}"
    )


def _replaced(node: Located, templates: dict[str, Located], depth: int) -> Located:
    reference = node.at("$ref")
    if reference is not None and isinstance(reference.value, str) and reference.value.startswith(_START):
        named = templates.get(reference.value.removeprefix(_START))
        if named is not None and depth < _DEEPEST:
            reference.taken()
            return _replaced(named, templates, depth + 1)
        if named is not None:
            return node.made({"$ref": reference, _LOOP: reference})
    value: Any = node.value
    if isinstance(value, dict):
        value = {key: _replaced(inner, templates, depth) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_replaced(inner, templates, depth) for inner in value]
    else:
        return node
    return Located(value=value, place=node.place, steps=node.steps, ledger=node.ledger, leaf=node.leaf)

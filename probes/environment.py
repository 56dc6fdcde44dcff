"""``${NAME}`` in configuration to values of the environment. Feeds suites (under ``endpoints``) and settings.

Pure: the environment is an argument. The values are secrets by default, so no fault ever quotes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.nearest import nearest
from probes.positions import Fault, YamlPath

REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
"""``$${`` (a literal ``${``), or a reference with its name; the last group is empty where the brace never closes."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Values with their references replaced."""

    value: Any = field(repr=False)
    used: Mapping[YamlPath, frozenset[str]] = field(repr=False)
    """The values that came from the environment, by the path of the text they stand in."""
    faults: tuple[Fault, ...]


def expand(value: Any, environ: Mapping[str, str], path: YamlPath = ()) -> Expansion:
    """Replace every ``${NAME}`` in every text below ``value``; keys are left alone.

    Args:
        value: Plain values as ``yaml_reader`` makes them.
        environ: The environment.
        path: Where ``value`` stands in its document, for faults.
    """
    walk = _Walk(environ)
    expanded = walk.value(value, path)
    return Expansion(value=expanded, used=walk.used, faults=tuple(walk.faults))


def has_reference(value: object) -> bool:
    """True for text that takes anything from the environment."""
    return isinstance(value, str) and any(match[1] is not None for match in REFERENCE.finditer(value))


def names_in(value: Any) -> Iterator[str]:
    """The variables that every text below ``value`` takes, as often as it takes them; what names none is left out."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, str):
        found = (match[1] for match in REFERENCE.finditer(value) if match[2])
        yield from (name for name in found if NAME.fullmatch(name))


class _Walk:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.used: dict[YamlPath, frozenset[str]] = {}
        self.faults: list[Fault] = []

    def value(self, value: Any, path: YamlPath) -> Any:
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return self.text(value, path) if isinstance(value, str) else value

    def text(self, text: str, path: YamlPath) -> str:
        def replaced(match: re.Match[str]) -> str:
            if match[1] is None:
                return "${"
            found = self.named(match, path)
            self.used[path] = self.used.get(path, frozenset()) | ({found} if found else frozenset())
            return found

        return REFERENCE.sub(replaced, text)

    def named(self, match: re.Match[str], path: YamlPath) -> str:
        name = match[1]
        if not match[2]:
            self.fault(path, "a ${ is never closed", "write ${NAME}, or $${ for a literal ${")
        elif not NAME.fullmatch(name):
            hint = "write ${NAME}; defaults such as ${NAME:-x} are not known here, and $${ is a literal ${"
            self.fault(path, f"'${{{name[:60]}}}' does not name an environment variable", hint)
        elif name not in self.environ:
            self.fault(path, f"the environment variable {name} is not set", self.missing_hint(name))
        else:
            return self.environ[name]
        return ""

    def missing_hint(self, name: str) -> str:
        near = nearest(name, self.environ, alike=80)
        return f"{near} is set: did you mean that?" if near else f"export {name}=... before the command"

    def fault(self, path: YamlPath, message: str, hint: str) -> None:
        self.faults.append(Fault(path=path, message=message, hint=hint))

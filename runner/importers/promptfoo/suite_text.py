"""The suite as YAML text with remarks as comments. Feeds ``conversion``.

What comes from foreign files is hostile: a comment holds one line of printable characters, whatever it is made of.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

WIDTH = 110
_REMARK_CHARS = 160
_FLOW_DEPTH = 2
_FLOW_CHARS = 80
"""Mappings that fit are written in one line."""


def yaml_of(value: Any) -> str:
    """Block YAML of plain values; texts of several lines as blocks."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = WIDTH
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _data: True
    stream = io.StringIO()
    yaml.dump(_ready(value), stream)
    return str(stream.getvalue())


def _ready(value: Any, depth: int = 0) -> Any:
    if isinstance(value, Mapping):
        made = {str(key): _ready(inner, depth + 1) for key, inner in value.items()}
        return _flowing(made) if depth >= _FLOW_DEPTH else made
    if isinstance(value, (list, tuple)):
        # an entry of one key reads better as `- contains: 30 days`
        return [
            _ready(inner, depth + 1 if len(inner) > 1 else 0) if isinstance(inner, Mapping) else inner
            for inner in value
        ]
    if isinstance(value, str) and "\n" in value and _fits_block(value):
        return LiteralScalarString(value)
    return value


def _fits_block(text: str) -> bool:
    """True where a block scalar gives the very same text back."""
    printable = all(character == "\n" or character.isprintable() for character in text)
    return (
        printable and not any(line != line.rstrip() for line in text.split("\n")) and not text.startswith((" ", "\n"))
    )


def comment(text: str) -> str:
    """A comment line that cannot become anything else."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return f"# {plain if len(plain) <= _REMARK_CHARS else plain[: _REMARK_CHARS - 1] + '…'}"


def listed(entries: Sequence[tuple[Any, Sequence[str]]], indent: str = "  ") -> str:
    """A block list whose entries have remarks above them."""
    lines: list[str] = []
    for value, remarks in entries:
        lines += ["", *(indent + comment(remark) for remark in remarks)]
        lines += yaml_of([value]).rstrip("\n").split("\n")
    return "\n".join(lines[1:]) + "\n"


def _flowing(made: dict[str, Any]) -> Any:
    """A small mapping of plain values in one line."""
    from ruamel.yaml.comments import CommentedMap

    values = [one for value in made.values() for one in (value if isinstance(value, list) else [value])]
    plain = all(isinstance(one, (str, int, float)) and not set(str(one)) & set("{}$\n") for one in values)
    if not plain or not made or sum(len(str(one)) + 4 for one in [*made, *values]) > _FLOW_CHARS:
        return made
    flowing = CommentedMap(made)
    flowing.fa.set_flow_style()
    return flowing

"""YAML 1.2 text to plain Python values, with the position of every value. Feeds suites and settings.

Only mappings, lists, text, numbers, true/false and null come out: no dates, no custom tags, no ruamel types.
Values are built here from ruamel's node tree rather than by its constructors, because nodes know their lines, and
because one pass can then report several faults.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from probes.errors import InputError, Problem, SettingsError
from probes.positions import Document, Fault, Positions, YamlPath

MAX_BYTES = 1024 * 1024
MAX_NODES = 200_000
"""Values after aliases are followed: more is an alias bomb, not a suite."""
MAX_DEPTH = 60

_TRUE, _FALSE = ("true", "yes", "on", "y"), ("false", "no", "off", "n")  # beyond true and false only under %YAML 1.1
_TAG = "tag:yaml.org,2002:"
_SYNTAX_HINTS = {
    "cannot start any token": "indent with spaces, not tabs; put text that begins with @ or ` in quotes",
    "mapping values are not allowed": "put text that contains ': ' in quotes, and check the indentation",
    "expected ',' or": "inside { } and [ ], put text with braces, brackets or commas in quotes",
    "undefined alias": "a * begins an alias; put text that begins with * in quotes",
    "expected the node content": "a bracket or brace is not closed",
    "could not find expected ':'": "a key needs a colon and a space after it",
    "found unexpected end of stream": "a quote is not closed",
}


_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MASKED = re.compile("\\$\ue000([A-Za-z_][A-Za-z0-9_]*)\ue001")


def _masked(text: str) -> str:
    """``{key: ${NAME}}`` is no YAML, yet everyone writes it: stand-ins of the same length hide those braces."""
    return text if "\ue000" in text or "\ue001" in text else _REFERENCE.sub("$\ue000\\1\ue001", text)


def _unmasked(text: str) -> str:
    return _MASKED.sub(r"${\1}", text)


def read_document(text: str, file: str, error: type[InputError]) -> Document:
    """One YAML mapping with the position of every value.

    Args:
        text: The file's content.
        file: Its name, for problems.
        error: The error to raise: ``SuiteError`` or ``SettingsError``.

    Raises:
        InputError: (the given class) no mapping can be read: not YAML, several documents, or too large; or a suite is
            empty. Settings may be: every line of them is optional.
    """

    def refused(message: str, hint: str = "", place: tuple[int, int] = (1, 1)) -> InputError:
        return error([Problem(file=file, line=place[0], column=place[1], message=message, hint=hint)])

    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refused("the file is larger than 1 MiB", "split it into several")
    root = _compose(text, refused)
    if root is None or (isinstance(root, ScalarNode) and not root.value):
        if issubclass(error, SettingsError):
            return Document(file=file, data={}, positions=Positions())
        raise refused("the file is empty", "start with version: 1")
    if not isinstance(root, MappingNode):
        raise refused("the top of the file must be keys with values", "like suite: support-bot", _place(root))
    builder = _Builder()
    try:
        data = builder.build(root, (), ())
    except _TooLargeError as trouble:
        raise refused(str(trouble), "write it out, or share settings with like: and defaults:") from None
    positions = Positions(values=builder.values, keys=builder.keys)
    return Document(file=file, data=data, positions=positions, faults=tuple(builder.faults))


def _compose(text: str, refused: Callable[..., InputError]) -> Node | None:
    yaml = YAML(typ="safe", pure=True)  # "safe" has the same marks as "rt", and prints nothing about odd comments
    yaml.max_depth = MAX_DEPTH
    yaml.composer.warn_double_anchors = False
    try:
        node: Node | None = yaml.compose(_masked(text))
    except ReaderError as trouble:
        code = trouble.character if isinstance(trouble.character, int) else 0
        place = _line_and_column(text, trouble.position)
        raise refused(f"the character U+{code:04X} is not allowed in YAML", "remove it", place) from None
    except MaxDepthExceededError as trouble:
        mark = trouble.problem_mark
        raise refused(f"nested more than {MAX_DEPTH} levels deep", "", (mark.line + 1, mark.column + 1)) from None
    except MarkedYAMLError as trouble:
        # from None, here and below: ruamel's errors quote the line, and a secret may stand in it
        raise _syntax_error(trouble, refused) from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError) as trouble:
        # ruamel's scanner stumbles over some malformed texts (directives, escapes) with errors of its own code
        raise refused(f"this cannot be read as YAML: {type(trouble).__name__}") from None
    return node


def _syntax_error(trouble: MarkedYAMLError, refused: Callable[..., InputError]) -> InputError:
    mark = trouble.problem_mark or trouble.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = _unmasked(str(trouble.problem or trouble.context or "unreadable"))
    if "another document" in said:
        hint = "remove the --- line, or write two files"
        return refused("a second document starts here; a file holds one", hint, place)
    hint = next((hint for part, hint in _SYNTAX_HINTS.items() if part in said), "")
    return refused(f"this is not YAML: {said}", hint, place)


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = text[: max(offset, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


class _TooLargeError(Exception):
    """More than any suite holds, once aliases are followed."""


class _Builder:
    """Walks a node tree once; collects values, positions and faults."""

    def __init__(self) -> None:
        self.values: dict[YamlPath, tuple[int, int]] = {}
        self.keys: dict[YamlPath, tuple[int, int]] = {}
        self.faults: list[Fault] = []

    def build(self, node: Node, path: YamlPath, within: tuple[int, ...]) -> Any:
        self.values.setdefault(path, _place(node))
        if len(self.values) > MAX_NODES or len(within) > MAX_DEPTH:
            raise _TooLargeError(
                "the file holds more values or deeper nesting, once its aliases are followed, than it may"
            )
        if id(node) in within:
            self._fault(path, "this alias leads back to itself", "an anchor cannot contain its own alias")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if not str(node.tag).startswith((_TAG + "map", _TAG + "seq")):
            self._fault(path, f"the tag {str(node.tag).replace(_TAG, '!!')!r} is not understood", "remove it")
        within = (*within, id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path, within)
        return [self.build(item, (*path, index), within) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: YamlPath, within: tuple[int, ...]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in built:
                self._duplicate(key_node, here)
                continue
            self.keys[here] = _place(key_node)
            if _is_blank(value_node):  # the mark of nothing is wherever the next thing begins: say the key instead
                self.values[here] = _place(key_node)
            built[key] = self.build(value_node, here, within)
        return built

    def _key(self, node: Node, path: YamlPath) -> str | None:
        kind = str(node.tag).removeprefix(_TAG)
        if not isinstance(node, ScalarNode):
            self._at(node, path, "a list or mapping cannot be a key", "keys are text")
            return None
        text = _unmasked(str(node.value))
        if kind == "merge":
            hint = "endpoints share settings with like: NAME, probes with defaults:"
            self._at(node, path, "merge keys (<<) are not part of YAML 1.2", hint)
            return None
        if kind not in ("str", "timestamp", "value"):
            self._at(node, path, f"the key {text!r} is not text", f'write it in quotes: "{text}"')
        return text

    def _duplicate(self, node: Node, here: YamlPath) -> None:
        line = self.keys[here][0]
        self._at(node, here, f"the key {here[-1]!r} stands here twice; first in line {line}", "keep one")

    def _at(self, node: Node, path: YamlPath, message: str, hint: str) -> None:
        """A fault of a key that has no place of its own in the data: give it one."""
        place: YamlPath = (*path, f"\0{len(self.faults)}")
        self.values[place] = _place(node)
        self.faults.append(Fault(path=place, message=message, hint=hint))

    def _fault(self, path: YamlPath, message: str, hint: str) -> None:
        self.faults.append(Fault(path=path, message=message, hint=hint))

    def _scalar(self, node: ScalarNode, path: YamlPath) -> Any:
        text, kind = _unmasked(str(node.value)), str(node.tag).removeprefix(_TAG)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._fault(path, "half a character (a lone surrogate) stands here", "remove the \\u escape")
            return ""
        if kind not in _SCALARS:
            self._fault(path, f"the tag {kind!r} is not understood", "remove it")
            return text
        try:
            return _SCALARS[kind](text)
        except OverflowError:
            message = f"the number {_cut(text)} is out of range: from -{_MOST} to {_MOST}"
            self._fault(path, message, "write a smaller one, or put text in quotes")
            return text
        except ValueError:
            self._fault(path, f"{text[:60]!r} cannot be used as a number or truth value", "put text in quotes")
            return text


def _is_blank(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.value and node.style is None


_MOST = 2**63 - 1
"""Largest whole number: what stores and most readers of JSON can hold."""


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _integer(text: str) -> int:
    plain = text.replace("_", "")
    digits = plain.lstrip("+-").lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
    number = int(digits[2:] if base != 10 else digits, base) * (-1 if plain.startswith("-") else 1)
    if abs(number) > _MOST:
        raise OverflowError("does not fit 64 bits")
    return number


def _number(text: str) -> float:
    number = float(text.replace("_", ""))
    if not math.isfinite(number):  # JSON cannot carry .inf and .nan, so no endpoint could be asked with them
        raise ValueError("not finite")
    return number


def _truth(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_SCALARS: dict[str, Callable[[str], object]] = {
    "str": str,
    "timestamp": str,
    "merge": str,
    "value": str,
    "null": lambda _: None,
    "bool": _truth,
    "int": _integer,
    "float": _number,
}

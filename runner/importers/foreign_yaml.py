"""YAML and JSON of other tools to ``Located`` values, with merge keys and aliases followed. Feeds the importers.

More lenient than the reader of suites, because the file is somebody else's and may not be changed; as bounded as that.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from probes.errors import InputError, Problem
from runner.importers.imported import Place
from runner.importers.located import Ledger, Located, Step

MAX_BYTES = 10 * 1024 * 1024
MAX_NODES = 500_000
"""Values after aliases are followed."""
MAX_DEPTH = 60
_TAG = "tag:yaml.org,2002:"
_TRUTHS = {"true": True, "false": False}


def read_yaml(text: str, file: str, ledger: Ledger, line_before: int = 0, steps: tuple[Step, ...] = ()) -> Located:
    """The value of one document.

    Args:
        text: YAML or JSON.
        file: Its name, for places.
        ledger: Where its leaves are written down.
        line_before: Lines of the file that stand before the text.
        steps: Where in the file the value stands, if it is not the whole of it.

    Raises:
        InputError: it is not YAML, too large, or nested too deeply.
    """

    def refused(message: str, line: int = 1, column: int = 1) -> InputError:
        return InputError([Problem(file=file, line=line + line_before, column=column, message=message)])

    if len(text) > MAX_BYTES:
        raise refused("the file is larger than 10 MiB")
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = MAX_DEPTH
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(text)
        builder = _Builder(file, ledger, line_before)
        return builder.build(node, steps, ()) if node is not None else builder.nothing(steps)
    except MaxDepthExceededError:
        raise refused(f"nested more than {MAX_DEPTH} levels deep") from None
    except MarkedYAMLError as trouble:
        mark = trouble.problem_mark or trouble.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise refused(f"this is not YAML: {trouble.problem or trouble.context or 'unreadable'}", *place) from None
    except _TooLargeError:
        raise refused("it holds more values, once its aliases are followed, than it may") from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError) as trouble:
        # ruamel's scanner stumbles over some malformed texts with errors of its own code
        raise refused(f"this cannot be read as YAML: {type(trouble).__name__}") from None


class _TooLargeError(Exception):
    """More than any configuration holds, or an alias that leads back to itself."""


class _Builder:
    """Walks a node tree once."""

    def __init__(self, file: str, ledger: Ledger, line_before: int) -> None:
        self._file = file
        self._ledger = ledger
        self._line_before = line_before
        self._count = 0

    def nothing(self, steps: tuple[Step, ...]) -> Located:
        return self._located(None, Place(file=self._file, line=1 + self._line_before), steps)

    def build(self, node: Node, steps: tuple[Step, ...], within: tuple[int, ...]) -> Located:
        self._count += 1
        if self._count > MAX_NODES or id(node) in within:
            raise _TooLargeError
        place = Place(file=self._file, line=node.start_mark.line + 1 + self._line_before)
        within = (*within, id(node))
        if isinstance(node, ScalarNode):
            return self._located(_scalar(node), place, steps)
        if isinstance(node, MappingNode):
            built: Any = {key: self.build(value, (*steps, key), within) for key, value in _pairs(node).items()}
        else:
            built = [self.build(item, (*steps, index), within) for index, item in enumerate(node.value)]
        return self._located(built, place, steps)

    def _located(self, value: Any, place: Place, steps: tuple[Step, ...]) -> Located:
        made = Located(value=value, place=place, steps=steps, ledger=self._ledger)
        if not isinstance(value, (dict, list)) or not value:
            self._ledger.read[made.key] = place
        return made


def _pairs(node: MappingNode, depth: int = 0) -> dict[str, Node]:
    """Keys and value nodes, merged ones first so that the mapping's own go before (YAML 1.1, merge key)."""
    merged: dict[str, Node] = {}
    own: dict[str, Node] = {}
    for key, value in node.value:
        if str(key.tag) == f"{_TAG}merge" and depth < MAX_DEPTH:
            sources = [value] if isinstance(value, MappingNode) else value.value
            for source in reversed(sources):
                if isinstance(source, MappingNode):
                    merged |= _pairs(source, depth + 1)
        elif isinstance(key, ScalarNode):
            own[str(key.value)] = value
        else:
            raise TypeError("a key that is no text")
    return {**merged, **own}


def _scalar(node: ScalarNode) -> Any:
    text, kind = str(node.value), str(node.tag).removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return _TRUTHS.get(text.lower(), text)
    if kind in ("int", "float"):
        return _number(text, kind)
    return text


def _number(text: str, kind: str) -> Any:
    plain = text.replace("_", "")
    try:
        return int(plain, 0) if kind == "int" and not plain.lstrip("+-").startswith("0") else _decimal(plain, kind)
    except ValueError:
        return text


def _decimal(plain: str, kind: str) -> int | float:
    if kind == "int" and plain.lstrip("+-")[:2].lower() not in ("0x", "0o", "0b"):
        return int(plain)
    if kind == "int":
        return int(plain, 0)
    number = float(plain)
    if number in (float("inf"), float("-inf")) or number != number:
        raise ValueError(plain)
    return number

"""Templates in requests to the values that are sent: lists and numbers too, not only text. Feeds the ``http`` dialect.

The sandbox is that of ``templating``. Compiled once and rendered with each question; no file, clock or network.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import CodeType
from typing import Any, TypeVar
from urllib.parse import quote

from jinja2 import Undefined, nodes
from jinja2.meta import find_undeclared_variables

from probes.nearest import did_you_mean
from probes.positions import Fault, YamlPath
from probes.templating import attempted, generated, parsed, sandbox

T = TypeVar("T")
Encode = Callable[[Any], str]
_RESULT = "_result"
_VISIBLE_ASCII = "".join(map(chr, range(0x20, 0x7F)))


# ------------------------------------------------------------------------------------------------ values as text
def as_text(value: Any) -> str:
    """A value within a longer text, as JSON writes it where it is no text itself."""
    if value is None:
        raise ValueError("an expression within a longer text is null")
    _refuse_methods(value)
    if isinstance(value, (bool, dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _refuse_methods(value: Any) -> None:
    """``vars.items`` is what Python calls items, not the author's; and its text differs from run to run."""
    if callable(value) and not isinstance(value, Undefined):
        raise ValueError("an expression in it is no value; write vars['items'] for a key that is also a method")


def as_path(value: Any) -> str:
    """A value within a path: percent-encoded, so that it stays within its segment (RFC 3986)."""
    text = quote(as_text(value), safe="", errors="replace")
    return text.replace(".", "%2E") if text in (".", "..") else text


def as_header(value: Any) -> str:
    """A value within a header: whatever a header cannot carry is percent-encoded."""
    return quote(as_text(value), safe=_VISIBLE_ASCII, errors="replace")


# ------------------------------------------------------------------------------------------------ rendering
def fill_value(text: str, variables: Mapping[str, Any], path: YamlPath) -> Any | Fault:
    """What a template stands for: the value itself where it is one expression, else text.

    Args:
        text: The template.
        variables: What it may speak of.
        path: Where it stands in its document.
    """
    return _attempted(partial(_value, text, variables), text, variables, path)


def fill_text(
    text: str, variables: Mapping[str, Any], path: YamlPath, encode: Encode = as_text
) -> tuple[str, tuple[str, ...]] | Fault:
    """The template as text with each value passed through ``encode``, and these values as they stand in it."""
    return _attempted(partial(_text, text, variables, encode), text, variables, path)


def _attempted(work: Callable[[], T], text: str, variables: Mapping[str, Any], path: YamlPath) -> T | Fault:
    return attempted(work, text, path, partial(_undefined_hint, variables=variables))


def _undefined_hint(message: str, variables: Mapping[str, Any]) -> str:
    name = message.split("'")[1] if message.count("'") >= 2 else ""
    if name.endswith(" object"):  # 'dict object' has no attribute 'x'
        name = message.split("'")[3] if message.count("'") >= 4 else ""
        return f"give each probe its {name!r}, or a value for the rest with | default(none)"
    if name == "null":
        return "templates call it none"
    return did_you_mean(name, variables, otherwise="there are")


def _value(text: str, variables: Mapping[str, Any]) -> Any:
    code = _expression(text)
    if code is None:
        return _text(text, variables, as_text)[0]
    environment = sandbox()
    template = environment.template_class.from_code(environment, code, dict(environment.globals), None)
    context = template.new_context(dict(variables))
    deque(template.root_render_func(context), maxlen=0)
    return _plain(context.vars[_RESULT])


def _plain(value: Any) -> Any:
    """The value as JSON knows it."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is undefined
    _refuse_methods(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, Iterable) else str(value)


def _text(text: str, variables: Mapping[str, Any], encode: Encode) -> tuple[str, tuple[str, ...]]:
    values: list[str] = []

    def encoded(value: Any) -> str:
        values.append(encode(value))
        return values[-1]

    return generated(sandbox(encoded), _template(text, encode), variables), tuple(values)


@lru_cache(maxsize=512)
def _template(text: str, encode: Encode) -> CodeType:
    environment = sandbox(encode)
    return environment.compile(parsed(environment, text))


@lru_cache(maxsize=512)
def _expression(text: str) -> CodeType | None:
    """Code that keeps the value of a template's one expression; None where it is more, or less, than that."""
    environment = sandbox()
    tree = parsed(environment, text.strip())
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output) or len(tree.body[0].nodes) != 1:
        return None
    (expression,) = tree.body[0].nodes
    if isinstance(expression, nodes.TemplateData):
        return None
    keeping = nodes.Template([nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=1)], lineno=1)
    keeping.set_environment(environment)
    return environment.compile(keeping)


# ------------------------------------------------------------------------------------------------ what it speaks of
@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """What a template speaks of."""

    names: frozenset[str] = frozenset()
    params: frozenset[str] | None = frozenset()
    """Keys of ``params`` it takes; None where it takes them all."""

    def __or__(self, other: Mentions) -> Mentions:
        both = None if self.params is None or other.params is None else self.params | other.params
        return Mentions(names=self.names | other.names, params=both)


def mentions(text: str, path: YamlPath) -> Mentions | Fault:
    """The variables of a template, found without rendering it."""
    return _attempted(partial(_mentions, text), text, {}, path)


def _mentions(text: str) -> Mentions:
    tree = parsed(sandbox(), text)
    attributes = [node.attr for node in tree.find_all(nodes.Getattr) if _is_params(node.node)]
    taken = [*attributes, *(_key(node.arg) for node in tree.find_all(nodes.Getitem) if _is_params(node.node))]
    keys = set(taken)
    whole = sum(_is_params(node) for node in tree.find_all(nodes.Name)) > len(taken) or None in keys
    names = frozenset(find_undeclared_variables(tree))
    return Mentions(names=names, params=None if whole else frozenset(key for key in keys if key is not None))


def _is_params(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "params"


def _key(argument: nodes.Node) -> str | None:
    return argument.value if isinstance(argument, nodes.Const) and isinstance(argument.value, str) else None

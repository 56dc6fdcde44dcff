"""Templates in prompts and messages to the text that is sent. Feeds ``suite_file``; no file, clock or network.

Jinja2's sandbox, narrowed further: a suite may come out of a pull request and is rendered wherever it is validated,
so a template can neither reach Python nor run or grow without end. There are expressions over ``vars``, ``if``,
``for``, ``range`` and the filters of ``FILTERS``; there is no assignment, macro, include, method call or import.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import CodeType
from typing import Any, TypeVar

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.sandbox import SandboxedEnvironment

from probes.nearest import nearest
from probes.positions import Fault, YamlPath

T = TypeVar("T")

MAX_OUTPUT = 1024 * 1024
"""Characters one template may render to, and any one value within it may have."""
MAX_ROUNDS = 100_000
"""Rounds of all loops of one template together."""

# fmt: off
FILTERS = (
    "abs", "capitalize", "d", "default", "first", "float", "int", "items", "join", "last", "length", "list",
    "lower", "reverse", "round", "sort", "string", "sum", "title", "tojson", "trim", "truncate", "unique",
    "upper", "wordcount",
)
# fmt: on
_COUNTED = "_counted"
_NUMBERS_ONLY = frozenset({"*", "%"})
_REFUSED_NODES: dict[type[nodes.Node], str] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "a filter block",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.Pow: "**",
}


def render(text: str, variables: Mapping[str, Any], path: YamlPath) -> str | Fault:
    """The rendered text, or what is wrong with the template.

    Args:
        text: The template.
        variables: The probe's ``vars``.
        path: Where the template stands in its document.
    """
    return attempted(lambda: _rendered(text, variables), text, path, partial(_undefined_hint, variables=variables))


def attempted(work: Callable[[], T], text: str, path: YamlPath, undefined_hint: Callable[[str], str]) -> T | Fault:
    """What ``work`` makes of a template, or what is wrong with that template.

    Args:
        work: Parses or renders the template, and may raise whatever Jinja raises.
        text: The template.
        path: Where it stands in its document.
        undefined_hint: From Jinja's words about something undefined to a hint.
    """
    try:
        return work()
    except UndefinedError as trouble:
        return _fault(path, str(trouble.message), undefined_hint(str(trouble.message)))
    except TemplateSyntaxError as trouble:
        where = f" in its line {trouble.lineno}" if "\n" in text.rstrip("\n") else ""
        hint = "{% raw %}...{% endraw %} keeps double braces as they are"
        return _fault(path, f"the template is malformed{where}: {trouble.message}", hint)
    except SecurityError as trouble:
        return _fault(path, f"the template does what templates here may not: {trouble.message}", _ALLOWED)
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        AssertionError,
    ) as trouble:
        hint = _ALLOWED if isinstance(trouble, OverflowError) else "look at the types in vars"
        return _fault(path, f"the template cannot be rendered: {str(trouble)[:200]}", hint)
    except (RecursionError, SyntaxError, MemoryError):  # deep nesting breaks Jinja's parser, or Python's compiler
        return _fault(path, "the template is nested too deeply", "write it plainer")


_ALLOWED = "there are vars, if, for over at most 100000 rounds, range, and filters; output up to 1 MiB"


def _fault(path: YamlPath, message: str, hint: str) -> Fault:
    return Fault(path=path, message=message, hint=hint)


def _undefined_hint(message: str, variables: Mapping[str, Any]) -> str:
    name = message.split("'")[1] if message.count("'") >= 2 else ""
    near = nearest(name, variables)
    if near:
        return f"did you mean {near!r}?"
    return f"vars has {', '.join(variables)}" if variables else f"add it to the probe's vars: {name}: ..."


def _rendered(text: str, variables: Mapping[str, Any]) -> str:
    return generated(sandbox(), _compiled(text), variables)


@functools.lru_cache(maxsize=512)
def _compiled(text: str) -> CodeType:
    """A template is rendered once for each case of its probe: compiled only once."""
    environment = sandbox()
    return environment.compile(parsed(environment, text))


def sandbox(finalize: Callable[[Any], Any] | None = None) -> Sandbox:
    """A fresh environment for one rendering; ``finalize`` makes text of the value of each expression."""
    return Sandbox(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, optimized=False, finalize=finalize
    )


def parsed(environment: Sandbox, text: str) -> nodes.Template:
    """The template's tree, free of what templates here may not do, its loops counted."""
    tree = environment.parse(text)
    _refuse_nodes(tree)
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None).set_environment(environment)
    return tree


def generated(environment: Sandbox, code: CodeType, variables: Mapping[str, Any]) -> str:
    """The text that a compiled template renders to."""
    template = environment.template_class.from_code(environment, code, dict(environment.globals), None)
    pieces: list[str] = []
    size = 0
    for piece in template.generate(dict(variables)):
        size += len(piece)
        if size > MAX_OUTPUT:
            raise SecurityError("it renders to more than 1 MiB")
        pieces.append(piece)
    return "".join(pieces)


def _refuse_nodes(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if type(node) in _REFUSED_NODES:
            raise SecurityError(f"{_REFUSED_NODES[type(node)]} is not known in prompts")
        if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name == "range"):
            raise SecurityError("calls are not allowed, except range(...)")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            near = nearest(node.name, FILTERS)
            raise SecurityError(f"there is no filter {node.name!r}" + (f"; nearest is {near!r}" if near else ""))


class Sandbox(SandboxedEnvironment):
    """One template's environment: its loops share one count of rounds."""

    intercepted_binops = _NUMBERS_ONLY

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.rounds = 0
        self.globals = {"range": self.globals["range"]}
        self.filters = {**_BOUNDED, _COUNTED: self._counted}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Only numbers: text times a number, or text % a width, would make a gigabyte out of one line."""
        if not all(isinstance(side, (int, float)) for side in (left, right)):
            raise SecurityError(f"{operator} works on numbers only")
        return super().call_binop(context, operator, left, right)

    def _counted(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.rounds += 1
            if self.rounds > MAX_ROUNDS:
                raise SecurityError(f"its loops run more than {MAX_ROUNDS} rounds")
            yield value


def _bounded(made: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(made)  # keeps the mark by which Jinja passes its context to some filters
    def bounded(*given: Any, **named: Any) -> Any:
        result = made(*given, **named)
        if isinstance(result, (str, list)) and len(result) > MAX_OUTPUT:
            raise SecurityError("a value in it grows past 1 MiB")
        return result

    return bounded


def _join(values: Iterable[Any], by: str = "") -> str:
    """Join that looks before it leaps: many values times a long separator is the one cheap way to a gigabyte."""
    pieces = [str(value) for value in values]
    if sum(map(len, pieces)) + len(by) * len(pieces) > MAX_OUTPUT:
        raise SecurityError("a value in it grows past 1 MiB")
    return str(by).join(pieces)


def _round(value: float, precision: int = 0) -> float:
    """Round to at most 15 places; Python's own takes minutes over minus a billion."""
    return round(value, max(-15, min(15, precision)))


def _to_json(value: Any) -> str:
    """JSON as a model should read it: Jinja's own escapes quotes and angle brackets for HTML."""
    return json.dumps(value, ensure_ascii=False)


_OWN: dict[str, Callable[..., Any]] = {"join": _join, "round": _round, "tojson": _to_json}
_BOUNDED = {name: _bounded(_OWN.get(name, JINJA_FILTERS[name])) for name in FILTERS}

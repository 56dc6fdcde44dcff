"""How a template uses its variables: prints them, works with them, or asks whether they are there. Feeds ``templates``.

A list prints otherwise in JavaScript than in Python, so what is printed is carried as text, and what is worked with
as the value; an empty text stands for what is undefined, unless the template can tell one from the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.importers.promptfoo.trouble import CannotCarry

if TYPE_CHECKING:
    from jinja2 import nodes

_DEFAULTS = frozenset({"default", "d"})
_PRESENCE = frozenset({"defined", "undefined"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Names of variables, by what a template does with them."""

    names: frozenset[str]
    """All that it needs from outside."""
    printed: frozenset[str]
    """As they are, between its texts."""
    worked: frozenset[str]
    """By statements, filters, operators; a name may be printed as well."""
    told_apart: frozenset[str]
    """Where undefined and empty differ: ``default``, ``is defined``, ``== ''``."""


def uses_of(template: str) -> Uses:
    """What a Jinja template does with its variables.

    Raises:
        CannotCarry: it is malformed.
    """
    from jinja2 import Environment, TemplateError, meta, nodes

    try:
        tree = Environment(autoescape=True).parse(template)
        names = frozenset(meta.find_undeclared_variables(tree)) - {"range"}
    except (TemplateError, RecursionError) as trouble:
        raise CannotCarry(f"the template is none that Holdfast could render: {trouble}") from None
    shown = [one for output in tree.find_all(nodes.Output) for node in output.nodes for one in _shown(node)]
    asked = [*_presence(tree)]
    no_work = {id(name) for name, only in shown if only} | {id(name) for name in asked}
    return Uses(
        names=names,
        printed=frozenset(name.name for name, _ in shown) & names,
        worked=frozenset(name.name for name in tree.find_all(nodes.Name) if id(name) not in no_work) & names,
        told_apart=frozenset(_told_apart(tree)) & names,
    )


def _shown(node: nodes.Node) -> Iterator[tuple[nodes.Name, bool]]:
    """The names an expression may print as they are; with each, whether it does nothing else with them."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        yield node, True
    elif isinstance(node, nodes.Concat):
        yield from (one for part in node.nodes for one in _shown(part))
    elif isinstance(node, nodes.CondExpr):
        yield from (one for part in (node.expr1, node.expr2) if part is not None for one in _shown(part))
    elif isinstance(node, (nodes.Or, nodes.And)):
        yield from ((name, False) for part in (node.left, node.right) for name, _ in _shown(part))
    elif isinstance(node, nodes.Filter) and node.name in _DEFAULTS and node.node is not None:
        # with a second argument it takes everything false for absent, so the value counts
        whole = len(node.args) < 2 and not node.kwargs
        yield from ((name, only and whole) for part in (node.node, *node.args[:1]) for name, only in _shown(part))


def _presence(tree: nodes.Node) -> Iterator[nodes.Name]:
    """Names that are asked only whether they are there."""
    from jinja2 import nodes

    for test in tree.find_all(nodes.Test):
        if test.name in _PRESENCE and isinstance(test.node, nodes.Name):
            yield test.node


def _told_apart(tree: nodes.Node) -> Iterator[str]:
    from jinja2 import nodes

    for test in tree.find_all((nodes.Test, nodes.Filter)):
        if isinstance(test.node, nodes.Name) and (isinstance(test, nodes.Test) or test.name in _DEFAULTS):
            yield test.node.name
    for compare in tree.find_all(nodes.Compare):
        sides = [compare.expr, *(operand.expr for operand in compare.ops)]
        empty = any(isinstance(side, nodes.Const) and side.value in ("", None) for side in sides)
        if empty or any(operand.op in ("in", "notin") for operand in compare.ops):
            yield from (side.name for side in sides if isinstance(side, nodes.Name))

"""promptfoo's Nunjucks templates to text, or to the Jinja templates of a suite. Feeds prompts, variables, assertions.

Both languages come from one ancestor, so most templates are the same in both. What differs is rewritten here; what is
left is tried out in Holdfast's own sandbox, and told where it does not work there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from probes.positions import Fault
from probes.rendering import needs_rendering
from runner.importers.promptfoo.trouble import CannotCarry

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_COMMENT = re.compile(r"\{#.*?#\}", re.S)
_PARTIAL = re.compile(r"\{%[^%]*$|\{\{[^}]*$|\{#[^#]*$", re.M)
_ENVIRONMENT = re.compile(r"\{\{-?\s*env(?:\.([A-Za-z_]\w*)|\[['\"]([A-Za-z_]\w*)['\"]\])\s*-?\}\}")
_ANY_ENVIRONMENT = re.compile(r"\benv\b\s*[.\[]")
_SAFE = re.compile(r"\|\s*safe\b")
_DUMP = re.compile(r"\|\s*dump\b(\(\s*\d*\s*\))?")


def jinja_of(text: str) -> str:
    """A Nunjucks template as the Jinja template that renders the same.

    Raises:
        CannotCarry: it reads the environment, which prompts of a suite cannot.
    """
    if _PARTIAL.search(text) and "{% raw %}" not in text:
        return text if not needs_rendering(text) else f"{{% raw %}}{text}{{% endraw %}}"
    text = _COMMENT.sub("", text)
    if any(_ANY_ENVIRONMENT.search(tag) for tag in _TAG.findall(text)):
        raise CannotCarry("a suite reads the environment under endpoints only, and this text reads it too")
    return _TAG.sub(lambda match: _rewritten(match[0]), text)


def _rewritten(tag: str) -> str:
    tag = _DUMP.sub("| tojson", _SAFE.sub("", tag))
    return tag.replace("!==", "!=").replace("===", "==").replace("&&", " and ").replace("||", " or ")


def names_in(template: str) -> frozenset[str]:
    """The variables that a Jinja template uses.

    Raises:
        CannotCarry: it is malformed.
    """
    from jinja2 import Environment, TemplateError, meta

    try:
        return frozenset(meta.find_undeclared_variables(Environment(autoescape=True).parse(template))) - {"range"}
    except (TemplateError, RecursionError) as trouble:
        raise CannotCarry(f"the template is none that Holdfast could render: {trouble}") from None


def filled(template: str, variables: Mapping[str, Any]) -> str:
    """What a Jinja template renders to, with nothing in place of what is undefined, as Nunjucks does.

    Raises:
        CannotCarry: it cannot be rendered.
    """
    if not needs_rendering(template):
        return template
    from probes.templating import render

    outcome = render(template, {**dict.fromkeys(names_in(template), ""), **variables}, ())
    if isinstance(outcome, Fault):
        raise CannotCarry(f"{outcome.message} ({outcome.hint})" if outcome.hint else outcome.message)
    return outcome


def with_environment(value: Any) -> Any:
    """A value of an endpoint with ``{{env.NAME}}`` as ``${NAME}``, and ``${`` of its own kept as it is."""
    if isinstance(value, dict):
        return {key: with_environment(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_environment(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return _ENVIRONMENT.sub(lambda match: f"${{{match[1] or match[2]}}}", value.replace("${", "$${"))


def as_written(value: Any) -> Any:
    """A value of a suite that is rendered there, kept as it stands: braces included."""
    if isinstance(value, dict):
        return {key: as_written(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_written(inner) for inner in value]
    if not isinstance(value, str) or not needs_rendering(value):
        return value
    return "{% raw %}" + value + "{% endraw %}"


def is_template(value: Any) -> bool:
    """True where any text within holds an expression that is still to be rendered."""
    if isinstance(value, dict):
        return any(is_template(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_template(inner) for inner in value)
    return isinstance(value, str) and needs_rendering(value)


def js_text(value: Any) -> str:
    """A scalar as JavaScript writes it: ``1240.5``, ``true``; lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, (bool, dict, list)) or value is None:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)

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
from runner.importers.promptfoo.template_uses import Uses, uses_of
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


def filled(template: str, variables: Mapping[str, Any]) -> str:
    """What a Jinja template renders to where Nunjucks renders it with these variables.

    Raises:
        CannotCarry: it cannot be rendered, or would not say the same.
    """
    return rendered(template, carried(template, variables)) if needs_rendering(template) else template


def rendered(template: str, variables: Mapping[str, Any]) -> str:
    """What a Jinja template renders to with nothing but these variables, as Holdfast does it.

    Raises:
        CannotCarry: it cannot be rendered.
    """
    if not needs_rendering(template):
        return template
    from probes.templating import render

    outcome = render(template, variables, ())
    if isinstance(outcome, Fault):
        raise CannotCarry(f"{outcome.message} ({outcome.hint})" if outcome.hint else outcome.message)
    return outcome


def carried(template: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables a Jinja template needs to say what the Nunjucks template says; an absent one is empty.

    One that the template can tell from an empty text stays away.

    Raises:
        CannotCarry: the template is malformed, or a value prints otherwise there.
    """
    uses = uses_of(template)
    values = {name: _variable(name, value, uses) for name, value in variables.items()}
    return values | dict.fromkeys(sorted(uses.names - values.keys() - uses.told_apart), "")


def _variable(name: str, value: Any, uses: Uses) -> Any:
    """A value that prints in Jinja as it does in Nunjucks; one that is worked with stays what it is."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    shown = None if _holds_object(value) else printed(value)
    if name in uses.printed and shown is None:
        raise CannotCarry(f"{name!r} holds an object, which prints otherwise here; write it with | dump")
    if name not in uses.worked:
        return value if isinstance(value, dict) or _is_whole(value) else js_text(value) if shown is None else shown
    if name in uses.printed and shown != str(value):
        raise CannotCarry(f"{name!r} is printed and worked with in one template, and prints otherwise here")
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_object, value)))


def printed(value: Any) -> str:
    """A value without objects as JavaScript prints it: lists with commas, at every depth, null in them as nothing."""
    if isinstance(value, list):
        return ",".join("" if one is None else printed(one) for one in value)
    return js_text(value)


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

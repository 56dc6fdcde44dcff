"""The JSON Schema of suites, for editors: completion, hover texts and red underlines while writing.

Made from the models themselves and from the argument of every check, so that it cannot say anything else than they
do. Feeds ``holdfast schema``, ``holdfast init`` and ``probe_suites/suite.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from checks.check import Rule
from checks.inner_check import MOST_WEIGHT, WEIGHT, InnerCheck, WeighedCheck
from probes.suite import RESERVED_CHECK_KEYS, Suite
from runner.schema.schema_docs import with_descriptions

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_NAME = "[A-Za-z_][A-Za-z0-9_]*"


def suite_schema(checks: Mapping[str, type[Rule]]) -> Schema:
    """JSON Schema (draft 2020-12) of a suite as it is written in YAML.

    Args:
        checks: The table of rules, by the name a suite writes.
    """
    schema: Schema = _without_titles(with_descriptions(Suite.model_json_schema(by_alias=True)))
    definitions: Schema = schema["$defs"]
    entry = definitions["CheckSpec"]["properties"]
    arguments = {name: _argument(name, checks[name], definitions) for name in sorted(checks)}
    definitions["CheckSpec"] = _check_entry(checks, arguments, {key: entry[key] for key in RESERVED_CHECK_KEYS})
    definitions[InnerCheck.__name__] = _check_entry(checks, arguments, {})
    definitions[WeighedCheck.__name__] = _check_entry(checks, arguments, {WEIGHT: _WEIGHT})
    definitions["Endpoint"] = _as_written(definitions["Endpoint"])
    for name, key in (("OAuth2", "client_secret"), ("Tls", "key_password")):
        properties = definitions[name]["properties"]
        properties[key] = _secret(properties[key])
    issuer = definitions["OAuth2"]["properties"]
    issuer["token_url"] = _address(issuer["token_url"])
    definitions["Probe"]["oneOf"] = [{"required": ["prompt"]}, {"required": ["messages"]}]
    definitions["Schedule"]["oneOf"] = [{"required": ["every"]}, {"required": ["cron"]}]
    return {"$schema": DIALECT, "title": "Holdfast suite", **schema}


def _without_titles(schema: Any) -> Any:
    """Drop the titles pydantic derives from attribute names (Every S): they are noise in an editor."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # a property may itself be called title; only a text is pydantic's
    return {key: _without_titles(part) for key, part in schema.items() if key != "title" or isinstance(part, dict)}


def _as_written(endpoint: Schema) -> Schema:
    """An endpoint before ``like`` and the environment were put in."""
    like = {"type": "string", "description": "Name of another endpoint; whatever is not written here is as there."}
    written = dict(endpoint["properties"])
    written["base_url"] = _address(written["base_url"])
    written["api_key"] = _secret(written["api_key"])
    written["proxy"] = _secret(written["proxy"], {"type": "string"})
    sent = {"anyOf": [{"type": "string"}, _FROM_FILE]}
    written["headers"] = {**written["headers"], "additionalProperties": sent}
    return {
        **endpoint,
        "properties": {"like": like, **written},
        "required": [],
        "anyOf": [{"required": ["base_url"]}, {"required": ["like"]}],
    }


_ONLY_REFERENCES: Schema = {"type": "string", "pattern": f"^(\\$\\{{{_NAME}\\}})+$"}
_FROM_FILE: Schema = {
    "type": "object",
    "properties": {"file": {"type": "string", "description": "Path of a file with nothing but the secret in it."}},
    "required": ["file"],
    "additionalProperties": False,
}


def _secret(known: Schema, text: Schema = _ONLY_REFERENCES) -> Schema:
    """A secret before it was read: ``${NAME}``, or ``{file: PATH}``."""
    told = {key: value for key, value in known.items() if key in ("description", "default", "examples")}
    return {**told, "anyOf": [text, _FROM_FILE, {"type": "null"}]}


def _address(known: Schema) -> Schema:
    """An address, or a whole one from the environment."""
    return {**known, "pattern": f"{known['pattern']}|\\$\\{{{_NAME}\\}}"}


_WEIGHT: Schema = {
    "type": "number",
    "minimum": 0,
    "maximum": MOST_WEIGHT,
    "default": 1,
    "description": "How much it counts beside the others, where there is a threshold.",
}
_NESTED = {model.__name__: model for model in (InnerCheck, WeighedCheck)}


def _check_entry(checks: Mapping[str, type[Rule]], arguments: Mapping[str, Schema], beside: Schema) -> Schema:
    bare = [name for name in arguments if _may_stand_bare(checks[name])]
    forms: list[Schema] = [{"enum": bare, "description": "A check that needs no argument."}] if bare else []
    forms += [_mapping_form(name, checks[name], argument, beside) for name, argument in arguments.items()]
    return {"description": "One check: its name, or its name with an argument.", "anyOf": forms}


def _may_stand_bare(rule: type[Rule]) -> bool:
    """A bare name in a check list means the argument null."""
    try:
        rule.argument.validate_python(None)
    except ValidationError:
        return False
    return True


def _argument(name: str, rule: type[Rule], definitions: Schema) -> Schema:
    """What may stand after the check's name; the models within it go to the definitions, under the check's name."""
    argument = with_descriptions(rule.argument.json_schema(ref_template=f"#/$defs/check.{name}.{{model}}"))
    for inner, definition in argument.pop("$defs", {}).items():
        definitions[f"check.{name}.{inner}"] = _without_titles(_as_entries(definition))
    found: Schema = _without_titles(_as_entries(argument))
    return found


def _as_entries(schema: Any) -> Any:
    """Entries within checks made of checks look like those of a check list: refer to them."""
    if isinstance(schema, list):
        return [_as_entries(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if (title := schema.get("title")) in _NESTED:
        return {"$ref": f"#/$defs/{title}"}
    return {key: _as_entries(part) for key, part in schema.items()}


def _mapping_form(name: str, rule: type[Rule], argument: Schema, beside: Schema) -> Schema:
    properties: Schema = {name: argument, **beside}
    form: Schema = {"type": "object", "properties": properties, "required": [name], "additionalProperties": False}
    summary = next(iter((rule.__doc__ or "").strip().splitlines()), "")
    return {"description": summary, **form} if summary else form

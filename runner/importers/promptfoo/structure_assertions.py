"""Assertions about JSON, XML, HTML and SQL in an answer as checks. Feeds the table in ``assertions``."""

from __future__ import annotations

import re
from typing import Any

from probes.errors import InputError
from runner.importers.foreign_yaml import read_yaml
from runner.importers.located import Ledger
from runner.importers.promptfoo.asked import Asked, Entry
from runner.importers.promptfoo.trouble import CannotCarry

DIALECTS = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "sqlite": "sqlite",
    "transactsql": "tsql",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
    "redshift": "redshift",
    "athena": "athena",
    "trino": "trino",
    "hive": "hive",
}
"""promptfoo's names of databases, in small letters, to those of the check ``sql``."""
_ALLOWED = re.compile(r"\(?([a-z]+(?:\|[a-z]+)*)\)?::(null|\(\.\*\)|[^:]*)::(\(\.\*\)|\w+)")
_STATEMENTS = frozenset({"select", "insert", "update", "delete", "create", "alter", "drop", "truncate"})
_DRAFT_7 = re.compile(r"https?://json-schema\.org/draft-0[467]/schema#?")


def is_json(asked: Asked) -> Entry:
    """``is-json``: JSON and nothing else, of a schema if one is given."""
    schema = _schema(asked)
    return {"json_valid": None} if schema is None else {"json_schema": {"schema": schema}}


def contains_json(asked: Asked) -> Entry:
    """``contains-json``: a JSON object among other text, of a schema if one is given."""
    schema = _schema(asked)
    return {"json_schema": {"schema": {"type": "object"} if schema is None else schema, "anywhere": True}}


def _schema(asked: Asked) -> Any:
    value = asked.value()
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = read_yaml(value, asked.source.place.file, Ledger(), asked.source.place.line - 1).plain
        except InputError as error:
            raise CannotCarry(f"its schema cannot be read: {error.problems[0].message}") from None
    if not value:
        return None
    if not isinstance(value, dict):
        raise CannotCarry("its schema is no mapping")
    return draft_2020(value)


def draft_2020(schema: Any) -> Any:
    """A JSON Schema of draft 7 as one of draft 2020-12, as far as they differ in keywords.

    Source: JSON Schema, "Migrating from draft 2019-09 to 2020-12" and "from draft 7 to 2019-09".

    Raises:
        CannotCarry: it uses what has no equal.
    """
    if isinstance(schema, list):
        return [draft_2020(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "dependencies" in schema and isinstance(schema["dependencies"], dict):
        raise CannotCarry("its schema says dependencies, which JSON Schema 2020-12 no longer knows")
    made = {
        key: draft_2020(value) if key not in ("enum", "const", "default") else value for key, value in schema.items()
    }
    if _DRAFT_7.fullmatch(str(made.get("$schema", ""))):
        del made["$schema"]
    if isinstance(schema.get("items"), list):
        made["prefixItems"] = made.pop("items")
        if "additionalItems" in made:
            made["items"] = made.pop("additionalItems")
    return made


def is_xml(asked: Asked) -> Entry:
    """``is-xml``: one XML document, with elements by their path."""
    return {"xml": _elements(asked)}


def contains_xml(asked: Asked) -> Entry:
    """``contains-xml``: a whole element among other text."""
    return {"xml": {**(_elements(asked) or {}), "anywhere": True}}


def _elements(asked: Asked) -> dict[str, Any] | None:
    value = asked.value("requiredElements")
    if isinstance(value, dict):
        value = value.get("requiredElements")
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",")]
    return {"required": [str(one).replace(".", "/") for one in value]} if value else None


def is_html(asked: Asked) -> Entry:
    """``is-html``: nothing but HTML."""
    return {"html": None}


def contains_html(asked: Asked) -> Entry:
    """``contains-html``: some HTML among other text."""
    return {"html": {"anywhere": True}}


def is_sql(asked: Asked) -> Entry:
    """``is-sql``: SQL and nothing else, of a database, touching only what is allowed."""
    return {"sql": _sql(asked)}


def contains_sql(asked: Asked) -> Entry:
    """``contains-sql``: the same in a code fence, or the whole answer."""
    return {"sql": {**_sql(asked), "anywhere": True}}


def _sql(asked: Asked) -> dict[str, Any]:
    value = asked.value("databaseType", "allowedTables", "allowedColumns") or {}
    if not isinstance(value, dict):
        raise CannotCarry("its value is no mapping")
    database = str(value.get("databaseType") or "MySQL")
    if database.lower() not in DIALECTS:
        raise CannotCarry(f"the check sql knows no database {database!r}")
    made: dict[str, Any] = {"dialect": DIALECTS[database.lower()]}
    statements: set[str] = set()
    for key, option in (("allowedTables", "tables"), ("allowedColumns", "columns")):
        if value.get(key):
            allowed = [_allowed(one) for one in value[key]]
            statements |= {word for words, _ in allowed for word in words}
            made[option] = sorted({name for _, name in allowed})
    return {**made, "statements": sorted(statements)} if statements else made


def _allowed(written: Any) -> tuple[list[str], str]:
    """``select::null::orders`` as what may be done, and to what."""
    match = _ALLOWED.fullmatch(str(written))
    if match is None or not set(match[1].split("|")) <= _STATEMENTS or match[2] not in ("null", "(.*)"):
        raise CannotCarry(f"{written!r} is more than statement::null::name")
    return match[1].split("|"), "*" if match[3] == "(.*)" else match[3]

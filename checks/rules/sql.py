"""The check ``sql``: the answer is SQL of a dialect, and touches only what it may."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Texts, one_or_many
from checks.check import PASSED, CheckContext, failed
from checks.code_part import Broken, Placed, Unread, code_part
from checks.finding import Outcome
from checks.quote import listed, quoted
from checks.sql_dialects import Dialect
from probes.fault import Fault
from probes.sample import Sample

_KINDS = ("select", "insert", "update", "delete", "merge", "create", "alter", "drop", "truncate", "other")
_ONE = {"type": "string", "enum": list(_KINDS)}
_Statements = Annotated[
    tuple[
        Literal["select", "insert", "update", "delete", "merge", "create", "alter", "drop", "truncate", "other"], ...
    ],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]


class SqlStatements(Placed):
    """The dialect; which statements, tables and columns are allowed (all, where none are named)."""

    main: ClassVar[str] = "dialect"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        {"dialect": "postgres", "statements": "select", "tables": ["orders", "customers"]},
        "mysql",
        {"columns": ["id", "total"], "anywhere": True},
        None,
    )

    dialect: Dialect = "any"
    statements: _Statements | None = None
    tables: Texts | None = None
    columns: Texts | None = None


class Sql:
    """Every statement parses and is of an allowed kind; every table and column it names is allowed."""

    name: ClassVar[str] = "sql"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(SqlStatements)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: SqlStatements) -> None:
        from checks import sql_syntax  # slow to import, and few suites need it

        self._sql = sql_syntax
        self._placed = argument
        self._dialect = "" if argument.dialect == "any" else argument.dialect
        self._statements = argument.statements or _KINDS[:-1]

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        part = code_part(sample.answer or "", self._placed, "sql")
        try:
            statements = self._sql.read_sql(part.text, self._dialect)
        except (Broken, Unread) as error:
            return part.told(error)
        for statement in statements:
            kinds = sorted(self._sql.kinds(statement))
            told = (
                _refused("statements", kinds, self._statements, part.text)
                or _refused("tables", self._sql.tables(statement), self._placed.tables, part.text)
                or _refused("columns", self._sql.columns(statement), self._placed.columns, part.text)
            )
            if told:
                return failed(told, part.block)
        return PASSED


def _refused(what: str, found: Iterable[str], allowed: tuple[str, ...] | None, text: str) -> str:
    """Why the first of these names is not allowed; empty where all are. Case does not count."""
    if allowed is None:
        return ""
    patterns = [name.casefold() for name in allowed]
    wrong = next((name for name in found if not _among(name.casefold(), patterns)), None)
    return (
        ""
        if wrong is None
        else f"expected only the {what} {listed(allowed)}, got {quoted(wrong, 60)} in {quoted(text)}"
    )


def _among(name: str, patterns: list[str]) -> bool:
    if name == "*":  # all columns: only where that is allowed by itself
        return "*" in patterns
    return any(fnmatchcase(name, pattern) for pattern in patterns)

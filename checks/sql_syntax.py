"""Whether a text is SQL, which statements it makes and what they touch, by sqlglot. Feeds ``sql``, ``code_fence``.

Apart from the rules, because the library is imported only when a suite needs it. Nothing is ever executed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from checks.code_part import Broken, Unread
from checks.quote import quoted

READ_CHARS = 20_000
"""Longest text that is parsed."""
_KINDS: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Into, "create"),  # SELECT ... INTO makes a table
    (exp.Query, "select"),
    (exp.Values, "select"),
    (exp.Insert, "insert"),
    (exp.Update, "update"),
    (exp.Delete, "delete"),
    (exp.Merge, "merge"),
    (exp.Create, "create"),
    (exp.Alter, "alter"),
    (exp.Drop, "drop"),
    (exp.TruncateTable, "truncate"),
)
_OTHER = (
    exp.Analyze,
    exp.Commit,
    exp.Describe,
    exp.Grant,
    exp.Pragma,
    exp.Revoke,
    exp.Rollback,
    exp.Set,
    exp.Show,
    exp.Transaction,
    exp.Use,
)
"""Statements that are neither queries nor changes of data or tables; several are also plain English."""
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements it does not know: those become outcomes


def read_sql(text: str, dialect: str = "") -> list[exp.Expr]:
    """The statements of a text that is SQL and nothing else; at least one.

    Raises:
        Broken: it is not SQL of this dialect.
        Unread: it is too long, nested too deeply, or a statement whose inside the parser does not know.
    """
    if len(text) > READ_CHARS:
        raise Unread(f"expected SQL, got {len(text)} characters; at most {READ_CHARS} are read")
    try:
        parsed = sqlglot.parse(text, read=dialect)
    except ParseError as error:
        raise _broken(text, error) from None
    except SqlglotError as error:
        raise Broken(f"expected SQL, got {quoted(text)} ({quoted(str(error).splitlines()[0], 80)})") from None
    except RecursionError:
        raise Unread("expected SQL, got a statement nested too deeply to be read") from None
    except (LookupError, AttributeError, TypeError, ValueError) as error:  # random words bring the parser to these
        raise Unread(f"the parser broke on this statement ({type(error).__name__}): {quoted(text)}") from None
    statements = [statement for statement in parsed if statement is not None]
    if not statements:
        raise Broken(f"expected SQL, got no statement: {quoted(text)}")
    for statement in statements:
        _refuse_other(statement, text)
        _refuse_halves(statement, text, dialect)
    return statements


def kinds(statement: exp.Expr) -> set[str]:
    """What a statement does, anything inside it included: a DELETE in a WITH is one. ``other``: none of the usual."""
    if isinstance(statement, _OTHER):
        return {"other"}
    found = {kind for part in statement.walk() for parsed, kind in _KINDS if isinstance(part, parsed)}
    # an INSERT may read from a SELECT without being one
    return found if isinstance(statement, (exp.Query, exp.Values)) else found - {"select"}


def tables(statement: exp.Expr) -> Iterator[str]:
    """Names of the tables a statement touches, qualified as written; those of its own WITH clauses left out."""
    for table in statement.find_all(exp.Table):
        if table.db or not _is_own(table):
            yield ".".join(_part_name(part) for part in _parts(table))


def columns(statement: exp.Expr) -> Iterator[str]:
    """Names of the columns a statement touches, ``*`` for all; names it gives itself (``AS total``) left out."""
    own = {alias.alias for alias in statement.find_all(exp.Alias)}
    for part in statement.find_all(exp.Column, exp.Schema, exp.Star):
        if isinstance(part, exp.Schema):
            yield from (column.name for column in part.expressions)
        elif isinstance(part, exp.Star):
            if not isinstance(part.parent, exp.Count):
                yield "*"
        elif not isinstance(part.this, exp.Star) and not (part.name in own and _names_a_result(part)):
            yield part.name


def _names_a_result(column: exp.Expr) -> bool:
    """True where a column can be one the statement named itself: after the fact, or from a query inside it."""
    clause = column.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Qualify, exp.Select)
    if not isinstance(clause, exp.Select):
        return clause is not None
    sources = [part.this for part in (clause.args.get("from_"), *clause.args.get("joins", ())) if part]
    return bool(sources) and all(not isinstance(source, exp.Table) or _is_own(source) for source in sources)


def _parts(table: exp.Table) -> list[exp.Expr]:
    return [part for part in (table.args.get("catalog"), table.args.get("db"), table.this) if part]


def _part_name(part: exp.Expr) -> str:
    if not isinstance(part, exp.Func):
        return part.name
    called = part.name if isinstance(part, exp.Anonymous) else part.sql_name()
    return f"{called.lower()}()"


def _is_own(table: exp.Table) -> bool:
    """True where an unqualified name is that of a WITH clause in whose reach it stands."""
    inner: exp.Expr | None = None
    outer: exp.Expr | None = table
    while outer is not None:
        if any(named.alias == table.name for named in _visible(outer, inner)):
            return True
        inner, outer = outer, outer.parent
    return False


def _visible(outer: exp.Expr, inner: exp.Expr | None) -> list[exp.CTE]:
    """The named queries of a WITH that its part ``inner`` may refer to: of themselves, only the earlier ones."""
    if isinstance(outer, exp.With):
        named = list(outer.expressions)
        return named if outer.recursive else named[: next(i for i, cte in enumerate(named) if cte is inner)]
    clause = outer.args.get("with_")
    return [] if clause is None or clause is inner else list(clause.expressions)


def _refuse_other(statement: exp.Expr, text: str) -> None:
    if isinstance(statement, exp.Command) or statement.find(exp.Command):
        raise Unread(f"the parser does not know enough of this statement to judge it: {quoted(text)}")
    if not isinstance(statement, (*(parsed for parsed, _ in _KINDS), *_OTHER)):
        raise Broken(f"expected an SQL statement, got {quoted(text)}")


def _refuse_halves(statement: exp.Expr, text: str, dialect: str) -> None:
    """What the parser lets pass and no server takes: ``SELECT`` of nothing (PostgreSQL does), ``SET`` of no value."""
    if dialect != "postgres" and any(not query.expressions for query in statement.find_all(exp.Select)):
        raise Broken(f"expected SQL, got a SELECT of nothing: {quoted(text)}")
    for update in statement.find_all(exp.Update):
        if any(isinstance(item, exp.Column) for item in update.expressions):
            raise Broken(f"expected SQL, got an UPDATE that sets no value: {quoted(text)}")


def _broken(text: str, error: ParseError) -> Broken:
    told = error.errors[0] if error.errors else {}
    lines = text.split("\n")
    line = min(told.get("line") or 1, len(lines))
    column = max((told.get("col") or 1) - len(told.get("highlight") or "x"), 0)  # it names the end of the word
    at = sum(len(before) + 1 for before in lines[: line - 1]) + column
    return Broken(f"expected SQL, got a mistake at line {line} column {column + 1}: {quoted(lines[line - 1])}", at)

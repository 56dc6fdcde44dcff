"""Tables as the steps make them: what is required, what refers to a run and goes with it. Feeds the steps."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database
from sqlite_utils.db import ForeignKey

Columns = dict[str, type]
PLACE: Columns = {"run": int, "position": int}


def create(
    db: Database,
    name: str,
    columns: Columns,
    *,
    pk: str | tuple[str, ...],
    nullable: Iterable[str] = (),
    parents: Iterable[ForeignKey] = (),
) -> None:
    """One table; whatever is not nullable must be there."""
    required = set(columns) - set(nullable) - ({pk} if isinstance(pk, str) else set())
    db.table(name).create(columns, pk=pk, not_null=required, foreign_keys=list(parents))


def of_run(table: str) -> ForeignKey:
    """Rows of this table go with their run."""
    return ForeignKey(table, "run", "runs", "seq", on_delete="CASCADE")


def of_probe(table: str) -> ForeignKey:
    """Rows of this table go with their probe of a run."""
    return compound(table, ("run", "probe_position"), "probes")


def compound(table: str, columns: tuple[str, str], parent: str) -> ForeignKey:
    """Rows of this table go with the row of the parent at the same place of the same run."""
    return ForeignKey(
        table,
        None,
        parent,
        None,
        columns=columns,
        other_columns=("run", "position"),
        is_compound=True,
        on_delete="CASCADE",
    )

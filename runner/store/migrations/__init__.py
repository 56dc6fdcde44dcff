"""How the tables of the SQLite store came to be: named steps, applied in order, each once. Feeds ``database``.

Never edit a step that was released: add the next one. A database that names a step this version does not know was
written by a newer Holdfast and is refused, because reading it wrongly would be worse than not reading it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from probes.errors import UnusableStore
from runner.store.migrations import alerts, asking, samples
from runner.store.migrations.first import first_tables
from runner.store.migrations.house import housekeeping, messages_of_failures
from runner.store.migrations.schedule import scheduled

__all__ = ["MIGRATIONS", "Database", "apply"]

Step = Callable[[Database], None]


def apply(db: Database) -> None:
    """Bring a database up to date. The caller holds the transaction: a step and its record appear together.

    Raises:
        UnusableStore: the database belongs to another program, or to a newer Holdfast.
    """
    present = set(db.table_names())
    if present and "migrations" not in present:
        raise UnusableStore(f"is a database of another program (its tables: {', '.join(sorted(present)[:5])})")
    if not present:
        db.table("migrations").create({"name": str, "applied_at": str}, pk="name", not_null={"applied_at"})
    done = {row[0] for row in db.execute("SELECT name FROM migrations").fetchall()}
    if later := sorted(done - {name for name, _ in MIGRATIONS}):
        raise UnusableStore(f"was written by a newer Holdfast (it knows {', '.join(later)}); upgrade to read it")
    for name, step in MIGRATIONS:
        if name not in done:
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", [name])


MIGRATIONS: tuple[tuple[str, Step], ...] = (
    ("0001_first_tables", first_tables),
    ("0002_more_of_samples", samples.more_of_samples),
    ("0003_spending", asking.spending),
    ("0004_severity_of_findings", samples.severity_of_findings),
    ("0005_fault_of_findings", samples.fault_of_findings),
    ("0006_stamps_of_samples", samples.stamps_of_samples),
    ("0007_consultations", asking.consultations),
    ("0008_canaries", asking.canaries),
    ("0009_status_of_samples", samples.status_of_samples),
    ("0010_silences", alerts.silences),
    ("0011_channels", alerts.channels),
    ("0012_housekeeping", housekeeping),
    ("0013_alerts_between_runs", alerts.alerts_between_runs),
    ("0014_withheld_runs", alerts.withheld_runs),
    ("0015_scheduled", scheduled),
    ("0016_spending_days", asking.spending_days),
    ("0017_messages_of_failures", messages_of_failures),
)
"""Every step, in order. Names are kept in the database; a step is never renamed."""

"""Steps of alerts: silences (0010), channels (0011), time between runs (0013), withheld runs (0014).

Feeds ``migrations``.
"""

from __future__ import annotations

from sqlite_utils import Database

from runner.store.migrations.making import Columns, create


def silences(db: Database) -> None:
    """What people said about incidents, and indexes to find the story of one by its id."""
    needed: Columns = dict.fromkeys(("silence_id", "created_at", "expires_at", "silence"), str)
    create(db, "silences", {**needed, "ended_at": str}, pk="silence_id", nullable=("ended_at",))
    db.table("silences").create_index(["expires_at"])
    ack: Columns = dict.fromkeys(("incident_id", "at", "acknowledgement"), str)
    create(db, "acknowledgements", ack, pk="incident_id")
    for column in ("at", "incident_id"):
        db.table("alert_events").create_index([column])
    db.table("outbox").create_index(["incident_id"])


def channels(db: Database) -> None:
    """What grouping needs: when a notice was first seen, which digest told it, and how each channel is doing."""
    for column in ("seen_at", "digest_id"):
        db.table("outbox").add_column(column, str)
    db.table("outbox").add_column("alone", int, not_null_default=0)
    db.table("receipts").add_column("digest_id", str)
    state: Columns = dict.fromkeys(("notifier", "quiet_until", "dead_since", "error", "told_at"), str)
    create(db, "channels", state, pk="notifier", nullable=("quiet_until", "dead_since", "error", "told_at"))
    db.execute("CREATE INDEX idx_outbox_queue ON outbox (notifier) WHERE state = 'waiting'")
    db.execute("CREATE INDEX idx_outbox_told ON outbox (notifier, delivered_at) WHERE state = 'delivered'")
    db.execute("CREATE INDEX idx_receipts_digest ON receipts (digest_id) WHERE digest_id IS NOT NULL")


def alerts_between_runs(db: Database) -> None:
    """Alert states that time alone changes: found by when they are due, and with changes that belong to no run."""
    for column in ("phase", "muted", "due_at"):
        db.table("alerts").add_column(column, str)
    db.execute("UPDATE alerts SET phase = json_extract(state, '$.state')")
    db.execute("CREATE INDEX idx_alerts_open ON alerts (suite) WHERE phase = 'open'")
    db.execute("CREATE INDEX idx_alerts_muted ON alerts (muted) WHERE muted IS NOT NULL")
    db.execute("CREATE INDEX idx_alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL")
    for table in ("alert_events", "outbox"):
        db.table(table).transform(not_null={"run": False})


def withheld_runs(db: Database) -> None:
    """Why a run moved no incident and taught the judge nothing; empty or null for all that did."""
    for column in ("maintenance", "offline"):
        db.table("runs").add_column(column, str)
    db.table("alive").create({"name": str, "at": str}, pk="name", not_null={"at"})

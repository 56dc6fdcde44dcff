"""Steps that add to samples and findings: 0002, 0004, 0005, 0006 and 0009. Feeds ``migrations``."""

from __future__ import annotations

from sqlite_utils import Database


def more_of_samples(db: Database) -> None:
    """What scripts, retrieval, filters and gateways added to a sample, and findings about single turns."""
    for column in ("dns_s", "tls_s"):
        db.table("samples").add_column(column, float)
    db.table("samples").add_column("route_retries", int)
    for column in ("route_gateway", "filters", "told_trace_id"):
        db.table("samples").add_column(column, str)
    for column in ("documents", "citations", "steps"):
        db.table("texts").add_column(column, str)
    db.table("findings").add_column("turn", int)


def severity_of_findings(db: Database) -> None:
    """How loudly a suite wants a broken check of its own to be told; null where it does not say."""
    db.table("findings").add_column("severity", str)


def fault_of_findings(db: Database) -> None:
    """What broke, where a check failed or broke; null for findings from before, and for those that are well."""
    db.table("findings").add_column("fault", str)


def stamps_of_samples(db: Database) -> None:
    """Whether the kernel told when bytes arrived; null for samples from before."""
    db.table("samples").add_column("stamped", int)


def status_of_samples(db: Database) -> None:
    """HTTP status of the reply; null for samples from before, and where none had begun."""
    db.table("samples").add_column("status", int)

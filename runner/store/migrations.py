"""How the tables of the SQLite store came to be: named steps, applied in order, each once. Feeds ``database``.

Never edit a step that was released: add the next one. A database that names a step this version does not know was
written by a newer Holdfast and is refused, because reading it wrongly would be worse than not reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlite_utils import Database
from sqlite_utils.db import ForeignKey

from probes.errors import StoreError
from runner.store.house_step import housekeeping
from runner.store.schedule_step import scheduled

Step = Callable[[Database], None]
_Columns = dict[str, type]


def apply(db: Database) -> None:
    """Bring a database up to date. The caller holds the transaction: a step and its record appear together.

    Raises:
        StoreError: the database belongs to another program, or to a newer Holdfast.
    """
    present = set(db.table_names())
    if present and "migrations" not in present:
        raise StoreError(f"is a database of another program (its tables: {', '.join(sorted(present)[:5])})")
    if not present:
        db.table("migrations").create({"name": str, "applied_at": str}, pk="name", not_null={"applied_at"})
    done = {row[0] for row in db.execute("SELECT name FROM migrations").fetchall()}
    if later := sorted(done - {name for name, _ in MIGRATIONS}):
        raise StoreError(f"was written by a newer Holdfast (it knows {', '.join(later)}); upgrade to read it")
    for name, step in MIGRATIONS:
        if name not in done:
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", [name])


def _create(
    db: Database,
    name: str,
    columns: _Columns,
    *,
    pk: str | tuple[str, ...],
    nullable: Iterable[str] = (),
    parents: Iterable[ForeignKey] = (),
) -> None:
    required = set(columns) - set(nullable) - ({pk} if isinstance(pk, str) else set())
    db.table(name).create(columns, pk=pk, not_null=required, foreign_keys=list(parents))


def _of_run(table: str) -> ForeignKey:
    return ForeignKey(table, "run", "runs", "seq", on_delete="CASCADE")


def _of_probe(table: str) -> ForeignKey:
    return _compound(table, ("run", "probe_position"), "probes")


def _compound(table: str, columns: tuple[str, str], parent: str) -> ForeignKey:
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


_PLACE: _Columns = {"run": int, "position": int}
_TIMES: _Columns = dict.fromkeys(
    ("client_wait_s", "connect_s", "first_byte_s", "first_token_s", "longest_gap_s", "total_s"), float
)
_COUNTS: _Columns = dict.fromkeys(
    ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "route_fallbacks"), int
)
_ROUTE: _Columns = dict.fromkeys(
    (
        "route_model",
        "route_fingerprint",
        "route_provider",
        "route_deployment",
        "route_region",
        "route_tier",
        "route_cache",
    ),
    str,
)
_SAMPLE_OPTIONAL: _Columns = {
    **_TIMES,
    "reused": int,
    **_COUNTS,
    "usage_raw": str,
    **_ROUTE,
    "finish": str,
    "finish_raw": str,
    "failure_class": str,
    "failure_message": str,
    "failure_status": int,
    "failure_retry_after_s": float,
    "attempts": str,
    "cost_usd": float,
    "headers": str,
    "request_hash": str,
}
_SAMPLE: _Columns = {
    **_PLACE,
    "probe_position": int,
    "sample_id": str,
    "sample_index": int,
    "trace_id": str,
    "started_at": str,
    "route_attempts": int,
    **_SAMPLE_OPTIONAL,
}


def _runs(db: Database) -> None:
    """``seq`` is the order of saving: the order in which the judge saw the runs, whatever the clocks said."""
    texts = ("run_id", "suite", "endpoint", "trigger", "started_at", "health", "note", "alerts")
    flags: _Columns = {"duration_s": float, "in_baseline": int, "texts_expired": int}
    _create(db, "runs", {"seq": int, **dict.fromkeys(texts, str), **flags}, pk="seq")
    runs = db.table("runs")
    runs.create_index(["run_id"], unique=True)
    runs.create_index(["suite", "endpoint"])  # ends in seq, as every index does: serves replay and history
    runs.create_index(["suite", "endpoint", "started_at"])
    runs.create_index(["endpoint", "started_at"])
    runs.create_index(["suite", "started_at"])
    runs.create_index(["started_at"])
    # partial indexes, which sqlite-utils cannot spell: few runs are baseline, few have texts left
    db.execute("CREATE INDEX idx_runs_baseline ON runs (suite, endpoint) WHERE in_baseline = 1")
    db.execute("CREATE INDEX idx_runs_with_texts ON runs (started_at) WHERE texts_expired = 0")
    seen: _Columns = {"run": int, "observation": str, "plan": str}
    _create(db, "observations", seen, pk="run", parents=[_of_run("observations")])


def _parts_of_runs(db: Database) -> None:
    asked: _Columns = {**_PLACE, **dict.fromkeys(("probe", "labels", "request_hash", "health"), str)}
    place = ("run", "position")
    _create(db, "probes", asked, pk=place, parents=[_of_run("probes")])
    _create(db, "samples", _SAMPLE, pk=place, nullable=_SAMPLE_OPTIONAL, parents=[_of_probe("samples")])
    db.table("samples").create_index(["sample_id"], unique=True)
    found: _Columns = {**_PLACE, "probe_position": int, "passed": int, "total": int, "policy": int}
    found |= dict.fromkeys(("check_name", "argument", "mode", "status", "outcomes"), str)
    _create(db, "findings", found, pk=place, parents=[_of_probe("findings")])
    _create(db, "drift", {**_PLACE, **_DRIFT}, pk=place, nullable=_DRIFT_OPTIONAL, parents=[_of_run("drift")])


_DRIFT_OPTIONAL: _Columns = {
    **dict.fromkeys(("score", "ln_m", "effect_value", "effect_low", "effect_high"), float),
    "effect_kind": str,
    "since": str,
}
_DRIFT: _Columns = {
    **dict.fromkeys(("scope", "dimension", "state", "note"), str),
    "ln_c": float,
    **dict.fromkeys(("baseline_size", "opened", "supported"), int),
    **_DRIFT_OPTIONAL,
}


def _texts(db: Database) -> None:
    """Everything that quotes prompts or answers, apart from the numbers, so that it can expire sooner."""
    place = ("run", "position")
    said: _Columns = dict.fromkeys(("answer", "refusal", "tool_calls"), str)
    _create(db, "texts", {**_PLACE, **said}, pk=place, nullable=said, parents=[_compound("texts", place, "samples")])
    reasons: _Columns = {**_PLACE, "reason": str, "reasons": str}
    _create(db, "reasons", reasons, pk=place, parents=[_compound("reasons", place, "findings")])
    asked: _Columns = dict.fromkeys(("suite", "probe", "request_hash", "messages"), str)
    _create(db, "conversations", asked, pk=("suite", "probe", "request_hash"))


def _judgement(db: Database) -> None:
    """What is true now (streams, installed), and what people decided (acts)."""
    stream: _Columns = dict.fromkeys(("suite", "endpoint", "scope", "dimension", "state"), str)
    _create(db, "streams", stream, pk=("suite", "endpoint", "scope", "dimension"))
    decided: _Columns = dict.fromkeys(
        ("suite", "endpoint", "kind", "at", "author", "reason", "streams", "after_run"), str
    )
    _create(db, "acts", {"id": int, **decided}, pk="id", nullable=("after_run",))
    db.table("acts").create_index(["suite", "endpoint"])
    budget: _Columns = {"suite": str, "endpoint": str, "streams": int, "runs_per_year": float}
    _create(db, "installed", budget, pk=("suite", "endpoint"))


def _alerts(db: Database) -> None:
    state: _Columns = dict.fromkeys(("suite", "endpoint", "key", "notifier", "state"), str)
    _create(db, "alerts", state, pk=("suite", "endpoint", "key", "notifier"))
    event: _Columns = dict.fromkeys(("key", "notifier", "state", "severity", "incident_id", "at"), str)
    _create(db, "alert_events", {"id": int, "run": int, **event}, pk="id", parents=[_of_run("alert_events")])
    db.table("alert_events").create_index(["run"])
    db.table("alert_events").create_index(["key"])
    optional: _Columns = dict.fromkeys(("due_at", "leased_until", "delivered_at", "given_up_at", "error"), str)
    needed: _Columns = dict.fromkeys(("notifier", "incident_id", "event", "notice", "created_at", "state"), str)
    notice: _Columns = {"id": int, "run": int, "attempts": int, **needed, **optional}
    _create(db, "outbox", notice, pk="id", nullable=optional, parents=[_of_run("outbox")])
    db.table("outbox").create_index(["run"])
    db.table("outbox").create_index(["created_at"])
    db.execute("CREATE INDEX idx_outbox_waiting ON outbox (incident_id, notifier) WHERE state = 'waiting'")
    db.execute("CREATE INDEX idx_outbox_given_up ON outbox (given_up_at) WHERE state = 'given_up'")
    receipt: _Columns = dict.fromkeys(("incident_id", "notifier", "receipt", "at"), str)
    _create(db, "receipts", receipt, pk=("incident_id", "notifier"))


def _first_tables(db: Database) -> None:
    for part in (_runs, _parts_of_runs, _texts, _judgement, _alerts):
        part(db)


def _more_of_samples(db: Database) -> None:
    """What scripts, retrieval, filters and gateways added to a sample, and findings about single turns."""
    for column in ("dns_s", "tls_s"):
        db.table("samples").add_column(column, float)
    db.table("samples").add_column("route_retries", int)
    for column in ("route_gateway", "filters", "told_trace_id"):
        db.table("samples").add_column(column, str)
    for column in ("documents", "citations", "steps"):
        db.table("texts").add_column(column, str)
    db.table("findings").add_column("turn", int)


def _spending(db: Database) -> None:
    """What was used, by run and day. Runs that were given up have no row of their own, so nothing is referred to."""
    texts = dict.fromkeys(("run_id", "suite", "endpoint", "at"), str)
    numbers: _Columns = {"requests": int, "tokens": int, "usd": float, "estimated": int}
    _create(db, "spending", {"id": int, **texts, **numbers}, pk="id")
    db.table("spending").create_index(["at"])


def _severity_of_findings(db: Database) -> None:
    """How loudly a suite wants a broken check of its own to be told; null where it does not say."""
    db.table("findings").add_column("severity", str)


def _fault_of_findings(db: Database) -> None:
    """What broke, where a check failed or broke; null for findings from before, and for those that are well."""
    db.table("findings").add_column("fault", str)


def _stamps_of_samples(db: Database) -> None:
    """Whether the kernel told when bytes arrived; null for samples from before."""
    db.table("samples").add_column("stamped", int)


def _consultations(db: Database) -> None:
    """What judges and embeddings were asked about a run's answers, what they said apart, and their calibration."""
    place = ("run", "position")
    needed: _Columns = dict.fromkeys(("purpose", "kind", "endpoint", "places", "verdict"), str)
    numbers: _Columns = {"vote": int, "calibration": int}
    optional: _Columns = {
        **dict.fromkeys(("model", "fingerprint", "failure_class", "failure_message"), str),
        **dict.fromkeys(("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens"), int),
        **dict.fromkeys(("cost_usd", "total_s"), float),
        "failure_status": int,
    }
    columns = {**_PLACE, **needed, **numbers, **optional}
    _create(db, "consultations", columns, pk=place, nullable=optional, parents=[_of_run("consultations")])
    said: _Columns = {**_PLACE, "text": str}
    parent = _compound("consultation_texts", place, "consultations")
    _create(db, "consultation_texts", said, pk=place, parents=[parent])
    result: _Columns = {"run": int, **dict.fromkeys(("endpoint", "asked", "at", "told"), str)}
    result |= dict.fromkeys(("agree", "total", "tolerate", "unanswered", "reused"), int)
    _create(db, "calibrations", result, pk="run", parents=[_of_run("calibrations")])


def _canaries(db: Database) -> None:
    """Canaries: what was compared and judged; ``told`` holds what quotes answers, null once that has expired."""
    needed: _Columns = dict.fromkeys(("canary_id", "suite", "started_at", "verdict", "record"), str)
    _create(db, "canaries", {"seq": int, **needed, "told": str}, pk="seq", nullable=("told",))
    db.table("canaries").create_index(["canary_id"], unique=True)
    db.table("canaries").create_index(["suite", "seq"])


def _status_of_samples(db: Database) -> None:
    """HTTP status of the reply; null for samples from before, and where none had begun."""
    db.table("samples").add_column("status", int)


def _silences(db: Database) -> None:
    """What people said about incidents, and indexes to find the story of one by its id."""
    needed: _Columns = dict.fromkeys(("silence_id", "created_at", "expires_at", "silence"), str)
    _create(db, "silences", {**needed, "ended_at": str}, pk="silence_id", nullable=("ended_at",))
    db.table("silences").create_index(["expires_at"])
    ack: _Columns = dict.fromkeys(("incident_id", "at", "acknowledgement"), str)
    _create(db, "acknowledgements", ack, pk="incident_id")
    for column in ("at", "incident_id"):
        db.table("alert_events").create_index([column])
    db.table("outbox").create_index(["incident_id"])


def _withheld_runs(db: Database) -> None:
    """Why a run moved no incident and taught the judge nothing; empty or null for all that did."""
    for column in ("maintenance", "offline"):
        db.table("runs").add_column(column, str)
    db.table("alive").create({"name": str, "at": str}, pk="name", not_null={"at"})


def _channels(db: Database) -> None:
    """What grouping needs: when a notice was first seen, which digest told it, and how each channel is doing."""
    for column in ("seen_at", "digest_id"):
        db.table("outbox").add_column(column, str)
    db.table("outbox").add_column("alone", int, not_null_default=0)
    db.table("receipts").add_column("digest_id", str)
    state: _Columns = dict.fromkeys(("notifier", "quiet_until", "dead_since", "error", "told_at"), str)
    _create(db, "channels", state, pk="notifier", nullable=("quiet_until", "dead_since", "error", "told_at"))
    db.execute("CREATE INDEX idx_outbox_queue ON outbox (notifier) WHERE state = 'waiting'")
    db.execute("CREATE INDEX idx_outbox_told ON outbox (notifier, delivered_at) WHERE state = 'delivered'")
    db.execute("CREATE INDEX idx_receipts_digest ON receipts (digest_id) WHERE digest_id IS NOT NULL")


def _alerts_between_runs(db: Database) -> None:
    """Alert states that time alone changes: found by when they are due, and with changes that belong to no run."""
    for column in ("phase", "muted", "due_at"):
        db.table("alerts").add_column(column, str)
    db.execute("UPDATE alerts SET phase = json_extract(state, '$.state')")
    db.execute("CREATE INDEX idx_alerts_open ON alerts (suite) WHERE phase = 'open'")
    db.execute("CREATE INDEX idx_alerts_muted ON alerts (muted) WHERE muted IS NOT NULL")
    db.execute("CREATE INDEX idx_alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL")
    for table in ("alert_events", "outbox"):
        db.table(table).transform(not_null={"run": False})


MIGRATIONS: tuple[tuple[str, Step], ...] = (
    ("0001_first_tables", _first_tables),
    ("0002_more_of_samples", _more_of_samples),
    ("0003_spending", _spending),
    ("0004_severity_of_findings", _severity_of_findings),
    ("0005_fault_of_findings", _fault_of_findings),
    ("0006_stamps_of_samples", _stamps_of_samples),
    ("0007_consultations", _consultations),
    ("0008_canaries", _canaries),
    ("0009_status_of_samples", _status_of_samples),
    ("0010_silences", _silences),
    ("0011_channels", _channels),
    ("0012_housekeeping", housekeeping),
    ("0013_alerts_between_runs", _alerts_between_runs),
    ("0014_withheld_runs", _withheld_runs),
    ("0015_scheduled", scheduled),
)
"""Every step, in order. Names are kept in the database; a step is never renamed."""

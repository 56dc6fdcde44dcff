"""Step 0001: runs with their parts and texts, what the judge knows, alerts and the outbox. Feeds ``migrations``."""

from __future__ import annotations

from sqlite_utils import Database

from runner.store.migrations.making import PLACE, Columns, compound, create, of_probe, of_run

_TIMES: Columns = dict.fromkeys(
    ("client_wait_s", "connect_s", "first_byte_s", "first_token_s", "longest_gap_s", "total_s"), float
)
_COUNTS: Columns = dict.fromkeys(
    ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "route_fallbacks"), int
)
_ROUTE: Columns = dict.fromkeys(
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
_SAMPLE_OPTIONAL: Columns = {
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
_SAMPLE: Columns = {
    **PLACE,
    "probe_position": int,
    "sample_id": str,
    "sample_index": int,
    "trace_id": str,
    "started_at": str,
    "route_attempts": int,
    **_SAMPLE_OPTIONAL,
}
_DRIFT_OPTIONAL: Columns = {
    **dict.fromkeys(("score", "ln_m", "effect_value", "effect_low", "effect_high"), float),
    "effect_kind": str,
    "since": str,
}
_DRIFT: Columns = {
    **dict.fromkeys(("scope", "dimension", "state", "note"), str),
    "ln_c": float,
    **dict.fromkeys(("baseline_size", "opened", "supported"), int),
    **_DRIFT_OPTIONAL,
}


def first_tables(db: Database) -> None:
    """All tables of the first release."""
    for part in (_runs, _parts_of_runs, _texts, _judgement, _alerts):
        part(db)


def _runs(db: Database) -> None:
    """``seq`` is the order of saving: the order in which the judge saw the runs, whatever the clocks said."""
    texts = ("run_id", "suite", "endpoint", "trigger", "started_at", "health", "note", "alerts")
    flags: Columns = {"duration_s": float, "in_baseline": int, "texts_expired": int}
    create(db, "runs", {"seq": int, **dict.fromkeys(texts, str), **flags}, pk="seq")
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
    seen: Columns = {"run": int, "observation": str, "plan": str}
    create(db, "observations", seen, pk="run", parents=[of_run("observations")])


def _parts_of_runs(db: Database) -> None:
    asked: Columns = {**PLACE, **dict.fromkeys(("probe", "labels", "request_hash", "health"), str)}
    place = ("run", "position")
    create(db, "probes", asked, pk=place, parents=[of_run("probes")])
    create(db, "samples", _SAMPLE, pk=place, nullable=_SAMPLE_OPTIONAL, parents=[of_probe("samples")])
    db.table("samples").create_index(["sample_id"], unique=True)
    found: Columns = {**PLACE, "probe_position": int, "passed": int, "total": int, "policy": int}
    found |= dict.fromkeys(("check_name", "argument", "mode", "status", "outcomes"), str)
    create(db, "findings", found, pk=place, parents=[of_probe("findings")])
    create(db, "drift", {**PLACE, **_DRIFT}, pk=place, nullable=_DRIFT_OPTIONAL, parents=[of_run("drift")])


def _texts(db: Database) -> None:
    """Everything that quotes prompts or answers, apart from the numbers, so that it can expire sooner."""
    place = ("run", "position")
    said: Columns = dict.fromkeys(("answer", "refusal", "tool_calls"), str)
    create(db, "texts", {**PLACE, **said}, pk=place, nullable=said, parents=[compound("texts", place, "samples")])
    reasons: Columns = {**PLACE, "reason": str, "reasons": str}
    create(db, "reasons", reasons, pk=place, parents=[compound("reasons", place, "findings")])
    asked: Columns = dict.fromkeys(("suite", "probe", "request_hash", "messages"), str)
    create(db, "conversations", asked, pk=("suite", "probe", "request_hash"))


def _judgement(db: Database) -> None:
    """What is true now (streams, installed), and what people decided (acts)."""
    stream: Columns = dict.fromkeys(("suite", "endpoint", "scope", "dimension", "state"), str)
    create(db, "streams", stream, pk=("suite", "endpoint", "scope", "dimension"))
    decided: Columns = dict.fromkeys(
        ("suite", "endpoint", "kind", "at", "author", "reason", "streams", "after_run"), str
    )
    create(db, "acts", {"id": int, **decided}, pk="id", nullable=("after_run",))
    db.table("acts").create_index(["suite", "endpoint"])
    budget: Columns = {"suite": str, "endpoint": str, "streams": int, "runs_per_year": float}
    create(db, "installed", budget, pk=("suite", "endpoint"))


def _alerts(db: Database) -> None:
    state: Columns = dict.fromkeys(("suite", "endpoint", "key", "notifier", "state"), str)
    create(db, "alerts", state, pk=("suite", "endpoint", "key", "notifier"))
    event: Columns = dict.fromkeys(("key", "notifier", "state", "severity", "incident_id", "at"), str)
    create(db, "alert_events", {"id": int, "run": int, **event}, pk="id", parents=[of_run("alert_events")])
    db.table("alert_events").create_index(["run"])
    db.table("alert_events").create_index(["key"])
    optional: Columns = dict.fromkeys(("due_at", "leased_until", "delivered_at", "given_up_at", "error"), str)
    needed: Columns = dict.fromkeys(("notifier", "incident_id", "event", "notice", "created_at", "state"), str)
    notice: Columns = {"id": int, "run": int, "attempts": int, **needed, **optional}
    create(db, "outbox", notice, pk="id", nullable=optional, parents=[of_run("outbox")])
    db.table("outbox").create_index(["run"])
    db.table("outbox").create_index(["created_at"])
    db.execute("CREATE INDEX idx_outbox_waiting ON outbox (incident_id, notifier) WHERE state = 'waiting'")
    db.execute("CREATE INDEX idx_outbox_given_up ON outbox (given_up_at) WHERE state = 'given_up'")
    receipt: Columns = dict.fromkeys(("incident_id", "notifier", "receipt", "at"), str)
    create(db, "receipts", receipt, pk=("incident_id", "notifier"))

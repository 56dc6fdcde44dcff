"""Steps for what else is asked and paid: spending (0003, 0016), judges (0007), canaries (0008).

Feeds ``migrations``.
"""

from __future__ import annotations

from sqlite_utils import Database

from runner.store.migrations.making import PLACE, Columns, compound, create, of_run


def spending(db: Database) -> None:
    """What was used, by run and day. Runs that were given up have no row of their own, so nothing is referred to."""
    texts = dict.fromkeys(("run_id", "suite", "endpoint", "at"), str)
    numbers: Columns = {"requests": int, "tokens": int, "usd": float, "estimated": int}
    create(db, "spending", {"id": int, **texts, **numbers}, pk="id")
    db.table("spending").create_index(["at"])


def spending_days(db: Database) -> None:
    """The sums of each day (UTC) and suite, kept by the database itself in the transaction that changes the entries.

    Whoever writes or deletes entries, in whatever process, keeps them right, and a crash leaves both or neither.
    """
    sums: Columns = {"entries": int, "requests": int, "tokens": int, "usd": float, "estimated": int}
    create(db, "spending_days", {"day": str, "suite": str, **sums}, pk=("day", "suite"))
    db.table("spending").create_index(["run_id"])
    for statement in (SUMS_SO_FAR, ENTRY_ADDED, ENTRY_GONE, ENTRY_STAYS):
        db.execute(statement)


SUMS_SO_FAR = """
    INSERT INTO spending_days (day, suite, entries, requests, tokens, usd, estimated)
    SELECT substr(at, 1, 10), suite, count(*), sum(requests), sum(tokens), sum(usd), sum(estimated)
    FROM spending GROUP BY 1, 2
"""
ENTRY_ADDED = """
    CREATE TRIGGER spending_added AFTER INSERT ON spending BEGIN
      INSERT INTO spending_days (day, suite, entries, requests, tokens, usd, estimated)
      VALUES (substr(NEW.at, 1, 10), NEW.suite, 1, NEW.requests, NEW.tokens, NEW.usd, NEW.estimated)
      ON CONFLICT (day, suite) DO UPDATE SET entries = entries + 1, requests = requests + excluded.requests,
        tokens = tokens + excluded.tokens, usd = usd + excluded.usd, estimated = estimated + excluded.estimated;
    END
"""
# a day without entries goes, and with it what adding and taking off fractions of dollars has left
ENTRY_GONE = """
    CREATE TRIGGER spending_gone AFTER DELETE ON spending BEGIN
      UPDATE spending_days SET entries = entries - 1, requests = requests - OLD.requests,
        tokens = tokens - OLD.tokens, usd = usd - OLD.usd, estimated = estimated - OLD.estimated
      WHERE day = substr(OLD.at, 1, 10) AND suite = OLD.suite;
      DELETE FROM spending_days WHERE day = substr(OLD.at, 1, 10) AND suite = OLD.suite AND entries <= 0;
    END
"""
ENTRY_STAYS = """
    CREATE TRIGGER spending_stays BEFORE UPDATE ON spending BEGIN
      SELECT RAISE(ABORT, 'entries of spending are replaced, never changed: their sums would be wrong');
    END
"""


def consultations(db: Database) -> None:
    """What judges and embeddings were asked about a run's answers, what they said apart, and their calibration."""
    place = ("run", "position")
    needed: Columns = dict.fromkeys(("purpose", "kind", "endpoint", "places", "verdict"), str)
    numbers: Columns = {"vote": int, "calibration": int}
    optional: Columns = {
        **dict.fromkeys(("model", "fingerprint", "failure_class", "failure_message"), str),
        **dict.fromkeys(("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens"), int),
        **dict.fromkeys(("cost_usd", "total_s"), float),
        "failure_status": int,
    }
    columns = {**PLACE, **needed, **numbers, **optional}
    create(db, "consultations", columns, pk=place, nullable=optional, parents=[of_run("consultations")])
    said: Columns = {**PLACE, "text": str}
    parent = compound("consultation_texts", place, "consultations")
    create(db, "consultation_texts", said, pk=place, parents=[parent])
    result: Columns = {"run": int, **dict.fromkeys(("endpoint", "asked", "at", "told"), str)}
    result |= dict.fromkeys(("agree", "total", "tolerate", "unanswered", "reused"), int)
    create(db, "calibrations", result, pk="run", parents=[of_run("calibrations")])


def canaries(db: Database) -> None:
    """Canaries: what was compared and judged; ``told`` holds what quotes answers, null once that has expired."""
    needed: Columns = dict.fromkeys(("canary_id", "suite", "started_at", "verdict", "record"), str)
    create(db, "canaries", {"seq": int, **needed, "told": str}, pk="seq", nullable=("told",))
    db.table("canaries").create_index(["canary_id"], unique=True)
    db.table("canaries").create_index(["suite", "seq"])

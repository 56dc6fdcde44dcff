"""Whoever holds the store waits for no lock of ours: two locks taken in two orders stop the daemon for good."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.privacy import StoredTexts
from probes.suite import Suite
from runner.alerting.muting import Mutes
from runner.keeping.privacy import Pens
from runner.keeping.privacy_settings import Privacy
from runner.store import open_store
from runner.store.base import Store

ROOT = Path(__file__).parents[2]
WAIT_S = 5.0
SUITE = Suite.model_validate(
    {
        "version": 1,
        "suite": "bot",
        "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1"}},
        "probes": [{"id": "one", "prompt": "Hello?"}],
    }
)


class _Late:
    """A store whose readers come to its lock only once somebody else holds it."""

    def __init__(self, store: Store, inside: threading.Event, held: threading.Event) -> None:
        self._store, self._inside, self._held = store, inside, held

    def __getattr__(self, name: str) -> Any:
        def read(*args: Any) -> Any:
            self._inside.set()
            self._held.wait(WAIT_S)
            return getattr(self._store, name)(*args)

        return read


def both_end(store: Store, one: Callable[[Any], object], other: Callable[[Store], object]) -> bool:
    """One begins and reads the store late; meanwhile the other does the same, holding the store."""
    inside, held = threading.Event(), threading.Event()

    def holding() -> None:
        inside.wait(WAIT_S)
        with store.exclusive():
            held.set()
            other(store)

    late: Any = _Late(store, inside, held)
    threads = [threading.Thread(target=one, args=(late,), daemon=True), threading.Thread(target=holding, daemon=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    return not any(thread.is_alive() for thread in threads)


def test_a_run_and_the_alert_clock_ask_for_silences_at_once(tmp_path: Path) -> None:
    now = datetime.now(UTC)

    def ask(store: Store) -> object:
        return Mutes(store=store, now=now).of(SUITE, "production")

    store = open_store(f"sqlite:///{tmp_path}/holdfast.db")
    assert both_end(store, ask, ask)
    store.close()  # of a store that somebody holds for good even closing would wait


def test_two_runs_ask_for_the_salt_at_once(tmp_path: Path) -> None:
    suite = SUITE.model_copy(update={"store": StoredTexts(text="hash")})

    def ask(store: Store) -> object:
        return Pens(store, Privacy()).of(suite)

    store = open_store(f"sqlite:///{tmp_path}/holdfast.db")
    assert both_end(store, ask, ask)
    store.close()  # of a store that somebody holds for good even closing would wait


def test_no_cached_property_stands_where_stores_are_read() -> None:
    using = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "runner").rglob("*.py")
        if re.search(r"^\s*@(functools\.)?cached_property", path.read_text(encoding="utf-8"), re.M)
    ]
    assert using == [], "before Python 3.12 its lock is shared by all instances"

"""Which pen writes the texts of a suite: the stricter of the settings and the suite. Feeds the engine and canaries."""

from __future__ import annotations

from secrets import token_bytes

from checks.removal import Removal
from probes.privacy import stricter
from probes.suite import Suite
from reports.keeping.texts import Pen
from runner.keeping.privacy_settings import Privacy
from runner.store.base import Store


class Pens:
    """Hands out a pen for every run. One serves a process."""

    def __init__(self, store: Store, privacy: Privacy | None = None) -> None:
        self._store = store
        self._privacy = privacy or Privacy()
        self._removing: Removal | None = None
        self._salted: bytes | None = None

    # no cached properties: before Python 3.12 theirs is one lock, and whoever holds the store would wait for it
    def _removal(self) -> Removal:
        self._removing = self._removing or self._privacy.removal
        return self._removing

    def _salt(self) -> bytes:
        self._salted = self._salted or self._store.salt()
        return self._salted

    def without_store(self, suite: Suite) -> Pen:
        """A pen for a run that cannot be stored: its hashes are of this moment, and compare with no others."""
        mode = stricter(self._privacy.text, suite.store.text)
        return Pen(mode=mode, removal=self._removal(), salt=token_bytes(32))

    def of(self, suite: Suite) -> Pen:
        """A fresh pen, which has taken nothing out yet.

        Raises:
            StoreError: the store's salt cannot be read.
        """
        mode = stricter(self._privacy.text, suite.store.text)
        whole = mode == "full"
        return Pen(
            mode=mode,
            removal=Removal(kinds=()) if whole else self._removal(),
            salt=b"" if whole else self._salt(),
        )

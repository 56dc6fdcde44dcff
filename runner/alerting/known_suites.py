"""Which suites an installation knows, by what it stores and by its files: so that no typo passes for good news.
Feeds ``holdfast alerts --suite``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from probes.errors import InputError, SuiteError, UsageError
from probes.nearest import did_you_mean
from probes.suite_file import read_mapping
from probes.text_file import refuse_pipe
from runner.store.base import Store

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def refuse_unknown_suite(store: Store, name: str, files: Iterable[Path]) -> None:
    """Make sure that a suite is one that the store or a file knows.

    Args:
        store: Where runs and incidents are kept.
        name: The suite that is asked for.
        files: Suite files, read only where the store does not know the name.

    Raises:
        UsageError: neither knows it; says which they know, the nearest first.
    """
    stored = _stored(store)
    if name in stored:
        return
    written = sorted(_written(files))
    if name in written or name in (past := {change.key.split("/")[0] for change in store.alert_changes(since=_EVER)}):
        return
    known = sorted({*stored, *written, *past})
    if not known:
        raise UsageError(f"no suite {name!r}: nothing is stored yet, and there is no suite file")
    near = did_you_mean(name, known, otherwise="there is")
    raise UsageError(f"no suite {name!r} is stored or in a file here ({near})")


def _stored(store: Store) -> set[str]:
    """Suites that have run, and those that incidents are about: a refused file may never have run."""
    names = {entry.suite for entry in store.installed()}
    return names | {state.key.split("/")[0] for state in (*store.open_alerts(), *store.pending_alerts())}


def _written(files: Iterable[Path]) -> Iterator[str]:
    """Names in suite files, of faulty ones too; a file that is no YAML is told by ``validate``."""
    for path in files:
        try:
            refuse_pipe(path, SuiteError)
            name = read_mapping(path, SuiteError).data.get("suite")
        except InputError:
            continue
        if isinstance(name, str):
            yield name

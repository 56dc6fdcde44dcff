"""Sees which suites changed, by looking: it works on network mounts and where folders are swapped by a link.

Feeds ``reloading``. A file that somebody is still writing is waited for: it counts once two looks saw the same. Many
changes at once are one change: as long as any file moves, all wait, though not for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from probes.clock import Clock
from probes.errors import SuiteError, UsageError
from runner.daemon.suite_files import Preparing, Stat, SuiteFile, is_old, read, stats_of
from runner.preparing.prepare import PreparedSuite

PATIENCE_S = 10.0
"""How long files that stay as they are wait for others that do not."""
AWAY = "no suite file is there any more"
Stats = tuple[Stat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at the files saw."""

    changed: tuple[Path, ...] = ()
    """New ones and those that hold something else."""
    gone: tuple[Path, ...] = ()
    touched: tuple[Path, ...] = ()
    """Their times changed and nothing else."""
    waiting: bool = False
    """True where files are moving: look again soon."""
    trouble: str = ""
    """Why nothing can be said of any file."""


@dataclass(slots=True, kw_only=True)
class SuiteWatch:
    """The suite files of one daemon."""

    find: Callable[[], Sequence[Path]]
    """The suite files there are now. Raises UsageError where there is none."""
    preparing: Preparing
    clock: Clock
    files: dict[Path, SuiteFile] = field(default_factory=dict)
    """As they were read last."""
    _moving: dict[Path, tuple[Stats, float]] = field(default_factory=dict)
    """By file what the last look saw, and since when it has been moving."""

    def begin(self) -> list[PreparedSuite]:
        """Read every suite, or tell all that is wrong with all of them.

        Raises:
            UsageError: there is no suite.
            SuiteError: with the problems of every file.
        """
        self.files = {path: read(path, self.preparing) for path in self.find()}
        problems = [problem for file in self.files.values() for problem in file.problems]
        if problems:
            raise SuiteError(problems)
        return self.suites

    @property
    def suites(self) -> list[PreparedSuite]:
        """The suites of the files that can be used, as they were read last."""
        return [file.prepared for file in self.files.values() if file.prepared]

    def look(self, *, at_once: bool = False) -> Look:
        """See what changed since it was read. ``at_once``: whatever holds something else now, moving or not."""
        try:
            there = dict.fromkeys(self.find())
        except (UsageError, OSError) as error:
            return Look(trouble=str(error))
        if not any(stats_of(there)):
            return Look(trouble=AWAY)
        seen = {path: self._stats(path) for path in there} | {path: () for path in self.files if path not in there}
        moved = [path for path, stats in seen.items() if self._moved(path, stats, at_once=at_once)]
        if not at_once and self._unsettled({path: seen[path] for path in moved}):
            return Look(waiting=True)
        return self._told(moved, there)

    def take(self, look: Look, fresh: Iterable[SuiteFile]) -> None:
        """Remember what was read anew."""
        for path in look.gone:
            self.files.pop(path, None)
        for path in look.touched:
            stats = self._stats(path)
            self.files[path] = replace(self.files[path], stats=stats, sure=is_old(stats))
        self.files.update({file.path: file for file in fresh})

    def _stats(self, path: Path) -> Stats:
        return stats_of(self.files[path].parts if path in self.files else (path,))

    def _moved(self, path: Path, stats: Stats, *, at_once: bool) -> bool:
        known = self.files.get(path)
        return known is None or at_once or stats != known.stats or (not known.sure and is_old(stats))

    def _unsettled(self, moved: Mapping[Path, Stats]) -> bool:
        """True where files are to be waited for."""
        now, before = self.clock.monotonic(), self._moving
        self._moving = {path: (stats, before.get(path, (stats, now))[1]) for path, stats in moved.items()}
        resting = all(path in before and before[path][0] == stats for path, stats in moved.items())
        since = min((since for _, since in self._moving.values()), default=now)
        return not resting and now - since < PATIENCE_S

    def _told(self, moved: Sequence[Path], there: Mapping[Path, None]) -> Look:
        self._moving = {}
        changed = set(self._changed(path for path in moved if path in there))
        return Look(
            changed=tuple(path for path in moved if path in changed),
            gone=tuple(path for path in moved if path not in there),
            touched=tuple(path for path in moved if path in there and path not in changed),
        )

    def _changed(self, paths: Iterable[Path]) -> Iterator[Path]:
        for path in paths:
            known = self.files.get(path)
            if known is None or not known.is_current():
                yield path

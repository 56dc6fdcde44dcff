"""Suite files as the daemon read them last, and whether they are other files by now. Feeds ``suite_watch``.

A suite is its YAML file and every file it names: cases, attachments, keys, certificates. What counts is what they
hold; times and sizes only tell when it is worth a look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from stat import S_IFMT

from probes.errors import InputError, Problem, SuiteError
from probes.files_noted import MISSING, digest_of, noting
from probes.text_file import refuse_pipe
from runner.preparing.prepare import PreparedSuite

Stat = tuple[int, ...]
Preparing = Callable[[Path], PreparedSuite]

COARSE_S = 2.0
"""Some file systems keep times no finer than this: a file changed just before it was read may change again unseen."""
_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFile:
    """One suite file as it was read last."""

    path: Path
    prepared: PreparedSuite | None
    """None where it cannot be used."""
    problems: tuple[Problem, ...] = ()
    held: tuple[tuple[Path, str], ...]
    """The files it is made of, itself among them, each with a hash of what was read."""
    stats: tuple[Stat, ...]
    sure: bool
    """False where a change might not show in ``stats``."""

    @property
    def parts(self) -> tuple[Path, ...]:
        """The files it is made of."""
        return tuple(path for path, _ in self.held)

    def is_current(self) -> bool:
        """True where its files hold what was read, and what could not be read is still what it was."""
        now = stats_of(self.parts)
        return all(
            held_by(path) == held and (held != MISSING or _kind(before) == _kind(after))
            for (path, held), before, after in zip(self.held, self.stats, now, strict=True)
        )


def read(path: Path, preparing: Preparing) -> SuiteFile:
    """Read a suite file; what is wrong with it is told, never raised."""
    prepared: PreparedSuite | None = None
    problems: tuple[Problem, ...] = ()
    with noting() as noted:
        try:
            refuse_pipe(path, SuiteError)
            prepared = preparing(path)
        except InputError as error:
            problems = tuple(error.problems)
    held = {path: MISSING, **noted.held}
    stats = stats_of(held)
    return SuiteFile(
        path=path,
        prepared=prepared,
        problems=problems,
        held=tuple(held.items()),
        stats=stats,
        sure=is_old(stats),
    )


def stats_of(paths: Iterable[Path]) -> tuple[Stat, ...]:
    """What the file system says of files, behind symbolic links; empty for one that is not there."""
    return tuple(map(_stat, paths))


def is_old(stats: Iterable[Stat]) -> bool:
    """True where none of the files changed so lately that another change might not show."""
    # the machine's own clock, for that is what file systems write
    newest_s = max((max(stat[-2:]) for stat in stats if stat), default=0) / _NS
    return abs(time.time() - newest_s) > COARSE_S


def held_by(path: Path) -> str:
    """A hash of what a file holds now."""
    try:
        return digest_of(path) if path.is_file() else MISSING
    except OSError:
        return MISSING


def _stat(path: Path) -> Stat:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return S_IFMT(found.st_mode), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _kind(stat: Stat) -> Stat:
    """What stands there: a file, a folder, a pipe; empty for nothing. Why it cannot be read hangs on it."""
    return stat[:1]

"""Which suites run: of each file the newest version that can be used. Pure. Feeds ``reloading``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from probes.errors import Problem
from probes.suite import Owner
from reports.formats.html import RefusedEntry
from reports.wording import count
from runner.alerting.dependencies import Dependencies
from runner.daemon.suite_files import SuiteFile
from runner.preparing.prepare import PreparedSuite

MOST_TOLD = 20
"""Problems of one file in the list; ``holdfast validate`` tells all."""
Running = Mapping[Path, PreparedSuite]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file whose newest version cannot be used."""

    path: Path
    problems: tuple[Problem, ...]
    instead: PreparedSuite | None
    """The version before, which goes on running; None where there is none."""
    going_on: int = 0
    """Where no file is there at all: how many suites go on as they were."""

    @property
    def suite(self) -> str:
        """The suite's name, or, where nobody knows it, the file's."""
        return self.instead.suite.name if self.instead else self.path.stem

    @property
    def entry(self) -> RefusedEntry:
        """The file in the list of suites."""
        told = tuple(map(str, self.problems[:MOST_TOLD]))
        instead = self.instead.suite.name if self.instead else ""
        return RefusedEntry(file=str(self.path), problems=told, instead=instead, going_on=self.going_on)

    @property
    def owner(self) -> Owner:
        """Whose it is, as far as the version before says."""
        return self.instead.suite.owner if self.instead else Owner()


def going_on_words(suites: int) -> str:
    """What becomes of suites whose files are all away."""
    return f"{count(suites, 'suite')} {'goes' if suites == 1 else 'go'} on as before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What runs after a reload, and what does not."""

    running: Running = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()


def lost(running: Running, told: str) -> Roster:
    """What is to run where not a single file is there: what did, for a mount that is away is no wish to stop."""
    problem = Problem(file="suites", line=0, column=0, message=told)
    gone = Refused(path=Path("suites"), problems=(problem,), instead=None, going_on=len(running))
    return Roster(running=running, refused=(gone,))


def with_missing(after: Roster, files: Container[Path], running: Running) -> Roster:
    """The roster with what ran of files that are not there: of a folder that is coming back they may yet come."""
    names = {prepared.suite.name for prepared in after.running.values()}
    kept = {path: use for path, use in running.items() if path not in files and use.suite.name not in names}
    return Roster(running={**after.running, **kept}, refused=after.refused) if kept else after


def roster(files: Iterable[SuiteFile], running: Running) -> Roster:
    """What is to run of these files. ``running``: what runs now, by file.

    Of two files with one suite name, the one that runs already keeps it; a file that cannot be used stays as it was.
    """
    ordered = sorted(files, key=lambda file: (not _runs_as_it_is(file, running), str(file.path)))
    names: dict[str, Path] = {}
    chosen: dict[Path, PreparedSuite] = {}
    refused: list[Refused] = []
    for file in ordered:
        problems = file.problems or _taken(file, names)
        use = running.get(file.path) if problems else file.prepared
        if use is not None and use.suite.name not in names:
            names[use.suite.name], chosen[file.path] = file.path, use
        if problems:
            refused.append(Refused(path=file.path, problems=problems, instead=chosen.get(file.path)))
    refused += _refused_circles(chosen, running)
    return Roster(
        running={path: chosen[path] for path in sorted(chosen)},
        refused=tuple(sorted(refused, key=lambda one: one.path)),
    )


def _runs_as_it_is(file: SuiteFile, running: Running) -> bool:
    """True where a file keeps the name it runs under."""
    now = running.get(file.path)
    return now is not None and (file.prepared is None or file.prepared.suite.name == now.suite.name)


def _refused_circles(chosen: dict[Path, PreparedSuite], running: Running) -> Iterator[Refused]:
    """Takes back those new versions by which suites would wait for each other."""
    for path, prepared in list(chosen.items()):
        told = next(Dependencies(tuple(chosen.values())).circle(prepared.suite), "")
        if not told or running.get(path) is prepared:
            continue
        del chosen[path]
        before = running.get(path)
        if before is not None and before.suite.name not in {other.suite.name for other in chosen.values()}:
            chosen[path] = before
        problem = Problem(file=str(path), line=0, column=0, message=told)
        yield Refused(path=path, problems=(problem,), instead=chosen.get(path))


def _taken(file: SuiteFile, names: Mapping[str, Path]) -> tuple[Problem, ...]:
    if file.prepared is None or file.prepared.suite.name not in names:
        return ()
    name = file.prepared.suite.name
    told = f"suite {name!r} is also the name of {names[name]}; names must differ"
    return (Problem(file=str(file.path), line=0, column=0, message=told),)

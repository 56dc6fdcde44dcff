"""Everything the doctor looks at, in the order in which one thing needs the other. Feeds the command.

What is written comes first and sends nothing; then the store; then, with suites that can be used, the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.clock import Clock
from probes.errors import UsageError
from probes.ids import RandomIds
from probes.nearest import did_you_mean
from runner.doctor import own_network, stored, trial, written
from runner.doctor.diagnosis import Diagnosis, State
from runner.doctor.reaching import Reaching
from runner.settings.settings import DEFAULT_FILE, LoadedSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is to be looked at."""

    loaded: LoadedSettings
    settings_file: Path | None
    """None where there is none: every command works without."""
    files: tuple[Path, ...]
    """Suite files."""
    environ: Mapping[str, str]
    store: str | None
    clock: Clock
    probe: bool = False
    """Ask one real question an endpoint."""
    notify: Collection[str] = ()
    """Notifiers to send a test message through."""
    severity: str = "info"
    """Of the test message."""
    again: str = written.AGAIN
    """The command that was run."""

    async def all(self) -> list[Diagnosis]:
        """Look at everything; nothing raises for what it finds."""
        found = [self._settings(), *self._environment()]
        ready, told = await asyncio.to_thread(written.suites, self.files, self.environ, self.loaded, again=self.again)
        found += told
        found += written.prices(ready)
        found += await asyncio.to_thread(lambda: list(stored.store(self.store, self.loaded)))
        known = list(written.notifiers(self.loaded.notifiers, ready))
        tested = await self.tests()
        found += [one for entry in known for one in _with_test(entry, tested)]
        reaching = Reaching(suites=ready, clock=self.clock)
        found += await reaching.ways()
        found += await own_network.connectivity(self.loaded.settings.connectivity)
        if self.probe:
            found += await reaching.questions()
        return found

    async def tests(self) -> list[Diagnosis]:
        """Send the test messages, all at once."""
        known, ids = self.loaded.notifiers, RandomIds()
        chosen = [(name, known[name]) for name in known if name in self.notify]
        notices = [trial.a_test(self.clock, self.severity, f"doctor-{ids.sample_id()}") for _ in chosen]
        sending = [
            trial.tried(name, notifier, notice, self.clock)
            for (name, notifier), notice in zip(chosen, notices, strict=True)
        ]
        return list(await asyncio.gather(*sending))

    def _settings(self) -> Diagnosis:
        if self.settings_file is None:
            told = f"there is no {DEFAULT_FILE}; every setting has its default"
            return Diagnosis(area="settings", subject="none", state=State.NOTE, told=told)
        return Diagnosis(area="settings", subject=str(self.settings_file), state=State.FINE, told="can be used")

    def _environment(self) -> Iterator[Diagnosis]:
        for path in (self.settings_file, *self.files):
            if path is not None:
                yield from written.environment(path, self.environ)


def _with_test(entry: Diagnosis, tested: Sequence[Diagnosis]) -> Iterator[Diagnosis]:
    """What is said of a notifier, with its test right below; where that is all there is to say, the test alone."""
    own = [each for each in tested if each.subject == entry.subject]
    if not own or entry.state is not State.FINE:
        yield entry
    yield from own


def chosen_notifiers(known: Collection[str], wanted: Collection[str], *, every: bool) -> tuple[str, ...]:
    """The notifiers to test.

    Raises:
        UsageError: one of them is not in the settings, or there is none at all.
    """
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"the settings have no notifier {name!r} ({did_you_mean(name, known, otherwise='they have')})"
            )
    if every and not known:
        raise UsageError("--notify needs notifiers, and the settings define none")
    return tuple(wanted) or (tuple(known) if every else ())

"""A baseline as a file: the runs it was learned from, and what they show of every probe. Feeds ``baseline_text``,
exports and imports of the runner, and canaries that cannot ask production. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pydantic import AwareDatetime

from checks.drift.observation import ProbeObservation, RunObservation, SampleFacts
from checks.drift.result import StreamKey
from checks.finding import Status
from checks.verdict import Health
from probes.failure import FailureClass

SCHEMA = "holdfast.baseline/1"
STARTS = ("capture", "reset", "mark")
"""Acts that, where they name no stream, begin what is normal anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCount:
    """How one check of one probe went in one run."""

    check: str
    argument: str
    mode: str
    status: Status
    passed: int
    total: int
    """Samples it looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProbe:
    """One probe in one run."""

    observed: ProbeObservation
    failures: tuple[FailureClass, ...] = ()
    """Failure class of every failed sample, in their order."""
    checks: tuple[CheckCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRun:
    """One run, as the judge saw it."""

    run_id: str
    started_at: AwareDatetime
    duration_s: float
    trigger: str
    health: Health
    in_baseline: bool
    plan: Mapping[str, Any]
    """What it was judged under, as the store keeps it."""
    probes: tuple[FileProbe, ...]
    confirming: bool = False
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def observation(self) -> RunObservation:
        """What the judge sees of it."""
        own = {told.name: getattr(self, told.name) for told in fields(RunObservation) if told.name != "probes"}
        return RunObservation(**own, probes=tuple(probe.observed for probe in self.probes))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAct:
    """What a person decided in between."""

    kind: str
    at: AwareDatetime
    author: str
    reason: str
    streams: tuple[StreamKey, ...] = ()
    after_run: str | None = None
    """Newest run of the file when it was decided; None where it came before all of them."""

    @property
    def starts(self) -> bool:
        """Whether what was normal before counts no longer."""
        return self.kind in STARTS and not self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFile:
    """What is normal for one suite at one endpoint, with where it came from."""

    suite: str
    endpoint: str
    protocol: str
    holdfast: str
    """Version that wrote it."""
    exported_at: AwareDatetime
    author: str
    reason: str
    questions: Mapping[str, str] = field(default_factory=dict)
    """By probe: hash of the question alone; empty text where it has expired."""
    answers_told: bool = True
    """False where answers were left out or have expired."""
    runs: tuple[FileRun, ...]
    """In the order in which the judge saw them."""
    acts: tuple[FileAct, ...] = ()

    @property
    def current(self) -> tuple[FileRun, ...]:
        """The runs since what is normal was last begun anew."""
        starts = [act.after_run for act in self.acts if act.starts]
        ids = [run.run_id for run in self.runs]
        return self.runs[ids.index(starts[-1]) + 1 :] if starts and starts[-1] in ids else self.runs

    @property
    def runs_words(self) -> str:
        """``55 runs, of which 3 since the mark are what is normal``: the others were judged, or made before it."""
        normal = sum(run.in_baseline for run in self.runs)
        told = f"{len(self.runs)} run{'' if len(self.runs) == 1 else 's'}"
        if not normal:
            return f"{told}, none of which is what is normal"
        starts = [act.kind for act in self.acts if act.starts and act.after_run is not None]
        since = f" since the {starts[-1]}" if starts else ""
        verb = "is" if normal == 1 else "are"
        if normal == len(self.runs):
            return f"{told}, {'which is' if normal == 1 else 'all of which are'} what is normal"
        return f"{told}, of which {normal}{since} {verb} what is normal"

    @property
    def probes(self) -> Mapping[str, ProbeShown]:
        """What the current runs show, by probe, each as it was last asked."""
        return shown(self.current)

    def without(self, probes: Iterable[str]) -> BaselineFile:
        """The same without some probes; runs that asked nothing else are left out, what was decided stays."""
        gone = frozenset(probes)
        told = [_without(run, gone) for run in self.runs]
        kept = tuple(run for run in told if run.probes)
        after: dict[str | None, str | None] = {}
        newest: str | None = None
        for run in told:
            newest = after[run.run_id] = run.run_id if run.probes else newest
        acts = tuple(replace(act, after_run=after.get(act.after_run)) for act in self.acts)
        questions = {probe: asked for probe, asked in self.questions.items() if probe not in gone}
        return replace(self, runs=kept, acts=acts, questions=questions)


def _without(run: FileRun, gone: Collection[str]) -> FileRun:
    groups = {scope: tuple(probe for probe in probes if probe not in gone) for scope, probes in run.groups.items()}
    return replace(
        run,
        probes=tuple(probe for probe in run.probes if probe.observed.probe not in gone),
        groups={scope: probes for scope, probes in groups.items() if probes},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeShown:
    """What the runs of a baseline show of one probe, its request as last asked. Samples are in the order of asking."""

    request_hash: str
    runs: int
    samples: int
    answers: tuple[str, ...]
    """Repeats kept."""
    first_token_s: tuple[float, ...]
    total_s: tuple[float, ...]
    output_tokens: tuple[int, ...]
    input_tokens: tuple[int, ...]
    check_failed: tuple[int, int]
    """Samples that failed a check, samples that any check looked at."""
    refused: tuple[int, int]
    """Refusals, samples answered."""
    failures: Mapping[str, int]
    """Failed samples by class."""
    finishes: Mapping[str, int]
    routes: Mapping[str, int]
    checks: Mapping[tuple[str, str], tuple[int, int]]
    """By check and argument: samples passed, samples looked at."""


def shown(runs: Sequence[FileRun]) -> dict[str, ProbeShown]:
    """What these runs show of every probe, by its id."""
    latest = {probe.observed.probe: probe.observed.request_hash for run in runs for probe in run.probes}
    asked: dict[str, list[FileProbe]] = {probe: [] for probe in sorted(latest)}
    for run in runs:
        for probe in run.probes:
            if probe.observed.request_hash == latest[probe.observed.probe]:
                asked[probe.observed.probe].append(probe)
    return {probe: _shown(told) for probe, told in asked.items()}


def _shown(asked: Sequence[FileProbe]) -> ProbeShown:
    facts = [facts for probe in asked for facts in probe.observed.samples]
    answered = [one for one in facts if not one.failed]
    looked = [one.check_failed for one in answered if one.check_failed is not None]
    return ProbeShown(
        request_hash=asked[-1].observed.request_hash,
        runs=len(asked),
        samples=len(facts),
        answers=tuple(one.answer for one in answered if one.answer is not None),
        first_token_s=tuple(one.first_token_s for one in answered if one.first_token_s is not None),
        total_s=tuple(one.total_s for one in answered if one.total_s is not None),
        output_tokens=tuple(one.output_tokens for one in answered if one.output_tokens is not None),
        input_tokens=tuple(one.input_tokens for one in answered if one.input_tokens is not None),
        check_failed=(sum(looked), len(looked)),
        refused=(sum(one.refused for one in answered), len(answered)),
        failures=Counter(kind for probe in asked for kind in probe.failures),
        finishes=_counted(answered, "finish"),
        routes=_counted(answered, "route"),
        checks=_checks(asked),
    )


def _counted(facts: Iterable[SampleFacts], name: str) -> Mapping[str, int]:
    return Counter(value for one in facts if (value := getattr(one, name)) is not None)


def _checks(asked: Iterable[FileProbe]) -> Mapping[tuple[str, str], tuple[int, int]]:
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for probe in asked:
        for count in probe.checks:
            passed, total = totals.get((count.check, count.argument), (0, 0))
            totals[count.check, count.argument] = (passed + count.passed, total + count.total)
    return totals

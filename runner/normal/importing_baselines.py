"""A baseline file into a store that knows nothing of its suite at its endpoint yet. Feeds ``holdfast baseline import``.

The runs are judged again in their order, so the store comes to the stream states of the store they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from checks.baseline_file import BaselineFile, CheckCount, FileAct, FileProbe, FileRun
from checks.baseline_text import parse
from checks.drift.observation import SampleFacts
from checks.drift.result import StreamResult
from checks.finding import Finding
from checks.verdict import probe_health
from probes.errors import InputError, Problem, UsageError
from probes.failure import Failure, FailureClass
from probes.route import Route
from probes.sample import Finish, Sample, Timing, TokenUsage
from probes.suite import Suite
from reports.summary import ProbeRecord, RunRecord
from runner.normal.baselines import formed
from runner.normal.tape import Tape
from runner.normal.thresholds import installed_as
from runner.store.base import BaselineAct, RunWrite, Store, StoredObservation

LARGEST_BYTES = 64 * 1024 * 1024
_FINISHES = {finish.value: finish for finish in Finish}
Labels = Mapping[str, Mapping[str, str]]


def read(path: Path) -> BaselineFile:
    """A baseline file, checked.

    Raises:
        UsageError: it cannot be read.
        InputError: it is no baseline file, one of a newer Holdfast, or damaged.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_BYTES // 1024**2} MiB is no baseline file")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problem = Problem(file=str(path), line=0, column=0, message="not UTF-8 text", hint="export it again")
        raise InputError([problem]) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    return parse(text, str(path))


def import_baseline(store: Store, file: BaselineFile, suite: Suite, *, author: str, reason: str) -> int:
    """Store the runs and acts of a file of this suite; returns how many streams then have a baseline.

    Raises:
        UsageError: the store knows runs of this suite at this endpoint already.
        StoreError: it cannot be written, or knows one of these runs from another place.
    """
    with store.exclusive():
        if store.runs(suite=file.suite, endpoint=file.endpoint, limit=1) or store.acts(file.suite, file.endpoint):
            raise UsageError(
                f"the store knows {file.suite} at {file.endpoint} already, and runs of two histories do not mix; "
                "import into another store: --store FILE"
            )
        labels = {probe.id: suite.labels_of(probe) for probe in suite.probes}
        tape = Tape()
        _decide(store, file, tape, None)
        for run in file.runs:
            _play(store, file, labels, tape, run)
            _decide(store, file, tape, run.run_id)
        act = BaselineAct(
            suite=file.suite,
            endpoint=file.endpoint,
            kind="import",
            at=datetime.now(UTC),
            author=author,
            reason=reason,
        )
        store.save_act(act, tape.states, baseline_runs=[run.run_id for run in file.runs if run.in_baseline])
        store.save_installed(installed_as(store, suite, file.endpoint))
    return formed(tape.states)


def _decide(store: Store, file: BaselineFile, tape: Tape, after_run: str | None) -> None:
    for told in file.acts:
        if told.after_run == after_run:
            act = _act(file, told)
            tape.decide([act])
            store.save_act(act, {}, baseline_runs=None)  # the states are written once, with the last act


def _act(file: BaselineFile, told: FileAct) -> BaselineAct:
    return BaselineAct(
        suite=file.suite,
        endpoint=file.endpoint,
        kind=told.kind,
        at=told.at,
        author=told.author,
        reason=told.reason,
        streams=told.streams,
        after_run=told.after_run,
    )


def _play(store: Store, file: BaselineFile, labels: Labels, tape: Tape, run: FileRun) -> None:
    seen = StoredObservation(
        observation=run.observation, plan=run.plan, in_baseline=run.in_baseline, texts_expired=not file.answers_told
    )
    judged = tape.play(seen)
    record = _record(file, labels, run, judged.results if judged else ())
    store.save_run(
        RunWrite(record=record, observation=run.observation, plan=run.plan, in_baseline=run.in_baseline, streams={})
    )


def _record(file: BaselineFile, labels: Labels, run: FileRun, drift: tuple[StreamResult, ...]) -> RunRecord:
    return RunRecord(
        run_id=run.run_id,
        suite=file.suite,
        endpoint=file.endpoint,
        trigger="import",
        started_at=run.started_at,
        duration_s=run.duration_s,
        health=run.health,
        probes=tuple(_probe(file, run, probe, labels) for probe in run.probes),
        drift=drift,
        note=f"imported; it was made by {run.trigger}",
    )


def _probe(file: BaselineFile, run: FileRun, probe: FileProbe, labels: Labels) -> ProbeRecord:
    name = probe.observed.probe
    samples = tuple(_samples(file, run, probe))
    findings = tuple(_finding(name, count) for count in probe.checks)
    return ProbeRecord(
        probe=name,
        labels=labels.get(name, {}),
        request_hash=probe.observed.request_hash,
        conversation=(),
        health=probe_health(name, samples, findings, ()),
        samples=samples,
        findings=findings,
    )


def _samples(file: BaselineFile, run: FileRun, probe: FileProbe) -> Iterator[Sample]:
    failures = iter(probe.failures)
    for index, facts in enumerate(probe.observed.samples):
        name = probe.observed.probe
        yield Sample(
            sample_id=f"{run.run_id}-{name}-{index}",
            run_id=run.run_id,
            suite=file.suite,
            endpoint=file.endpoint,
            probe=name,
            index=index,
            request_hash=probe.observed.request_hash,
            trace_id="",
            started_at=run.started_at,
            timing=Timing(first_token_s=facts.first_token_s, total_s=facts.total_s),
            usage=TokenUsage(input_tokens=facts.input_tokens, output_tokens=facts.output_tokens),
            route=Route(model=facts.route),
            answer=facts.answer,
            finish=_FINISHES.get(facts.finish or ""),
            failure=_failure(facts, failures),
        )


def _failure(facts: SampleFacts, failures: Iterator[FailureClass]) -> Failure | None:
    if not facts.failed:
        return None
    return Failure(kind=next(failures), message="imported: what was said is not in the file")


def _finding(probe: str, count: CheckCount) -> Finding:
    return Finding(
        probe=probe,
        check=count.check,
        argument=count.argument,
        mode="tracked" if count.mode == "tracked" else "contract",
        policy=False,
        status=count.status,
        passed=count.passed,
        total=count.total,
        reason="",
    )

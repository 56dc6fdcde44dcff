"""What a person should do now that a run is what it is. Feeds formats."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from checks.drift.result import StreamState
from checks.verdict import Health
from reports import tally
from reports.summary import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One thing to do now."""

    words: str
    """Our own words: nothing foreign is in them."""
    command: str = ""
    """A command line to copy; names in it are quoted for a POSIX shell."""


def next_steps(record: RunRecord, *, on_its_page: bool = False) -> tuple[NextStep, ...]:
    """What a person should do now; empty for a healthy run. The same in every format: the suite goes by its name.

    ``on_its_page``: the reader has the run's report open already, and is not sent to write it.
    """
    place = f"{shlex.quote(record.suite)} --endpoint {shlex.quote(record.endpoint)}"
    read = f"holdfast report {place} --run {shlex.quote(record.run_id)}{record.reach}"
    steps: list[NextStep] = []
    if tally.broken_contracts(record) or tally.broken_checks(record):
        steps.append(NextStep(words="Read the answers:", command=read))
    if tally.failed(record.samples):
        steps.append(NextStep(words="Put right what the failed requests name, then run again."))
    if tally.in_state(record, StreamState.ALARM):
        recompute = f"holdfast replay {place} --run {shlex.quote(record.run_id)}{record.reach}"
        steps.append(NextStep(words="Recompute the alarm:", command=recompute))
        steps.extend(_new_normal(record, place))
    if not steps and record.health is not Health.HEALTHY:
        steps.append(NextStep(words="Look closer:", command=read))
    return tuple(step for step in steps if not (on_its_page and step.command == read))


def _new_normal(record: RunRecord, place: str) -> Iterator[NextStep]:
    """How a change that was meant becomes normal: no accept moves a golden baseline."""
    keys = [result.key for result in tally.in_state(record, StreamState.ALARM)]
    accept = f"holdfast baseline accept {place} --reason WHY{record.reach}"
    if not all(key.golden for key in keys):
        yield NextStep(words="Was the change meant? Then make it the new normal:", command=accept)
    if any(key.golden for key in keys):
        freeze = f"holdfast baseline freeze {place} --reason WHY{record.reach}"
        drop = f"holdfast baseline reset {place} --golden --reason WHY{record.reach}"
        when = "Then" if all(key.golden for key in keys) else "Then, once golden streams alone are in alarm,"
        yield NextStep(words=f"Is the golden baseline out of date? {when} take the present as golden:", command=freeze)
        yield NextStep(words="Or do without a golden baseline:", command=drop)

"""A fired run in the form in which it may be kept and told: the engine's one call to the sink. Feeds ``engine``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.keeping.runs import WORDS, kept_calibration, kept_consultations, kept_notice, kept_probes
from reports.keeping.texts import Pen
from reports.summary import ProbeRecord
from runner.preparing.orders import Fired
from runner.store.base import OutboxEntry


def kept(pen: Pen, fired: Fired, probes: Sequence[ProbeRecord]) -> tuple[Fired, tuple[ProbeRecord, ...]]:
    """A run after its checks: nothing that comes of it afterwards quotes more than may be kept."""
    told = kept_probes(pen, probes)
    if pen.whole:
        return fired, told
    consulted = replace(
        fired.consulted,
        consultations=kept_consultations(pen, fired.consulted.consultations),
        calibration=kept_calibration(pen, fired.consulted.calibration),
    )
    note = "; ".join(filter(None, (fired.note, WORDS.get(pen.mode, ""))))
    samples = tuple(sample for probe in told for sample in probe.samples)
    return replace(fired, samples=samples, consulted=consulted, note=note), told


def kept_entries(pen: Pen, entries: Sequence[OutboxEntry]) -> tuple[OutboxEntry, ...]:
    """Notices on their way, which also quote what is normal."""
    return tuple(replace(entry, notice=kept_notice(pen, entry.notice)) for entry in entries)

"""What of a run a rule is about: the probes with its labels, and the streams of these alone. Feeds alert conditions.

Pure. A label that a probe does not have never fits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from checks.drift.result import SUITE_SCOPE, StreamResult, label_scope
from reports.alerts.listening import Labels
from reports.summary import ProbeRecord, RunRecord


def seen_by(record: RunRecord, whens: Sequence[Labels]) -> RunRecord:
    """The run as a rule sees it that is about some labels only; the whole run where ``whens`` is empty.

    A stream is the rule's where it is of one of its probes, or of a label's value that only its probes have. Streams
    pooled over the suite are nobody's in particular, unless all probes are the rule's.
    """
    if not whens:
        return record
    probes = tuple(probe for probe in record.probes if any(_fits(probe, when) for when in whens))
    strangers = [probe for probe in record.probes if probe not in probes]
    scopes = _scopes(probes) - _scopes(strangers)
    if not strangers:
        scopes |= {SUITE_SCOPE}
    return replace(record, probes=probes, drift=_of(record.drift, scopes))


def _fits(probe: ProbeRecord, when: Labels) -> bool:
    return all(probe.labels.get(label) in values for label, values in when)


def _scopes(probes: Collection[ProbeRecord]) -> set[str]:
    return {probe.probe for probe in probes} | {label_scope(*pair) for probe in probes for pair in probe.labels.items()}


def _of(drift: Sequence[StreamResult], scopes: Collection[str]) -> tuple[StreamResult, ...]:
    return tuple(result for result in drift if result.key.scope in scopes)

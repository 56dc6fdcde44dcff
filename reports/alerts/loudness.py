"""How loudly something bad is told, where a rule says so by label, class, stream or kind. Feeds incidents. Pure.

The more exact word goes first: a label, then a class, then a stream (the longer name before the shorter), then what
the check itself says, then a kind. Of several labels or classes the loudest counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from checks.drift.result import SUITE_SCOPE, StreamResult, label_scope
from checks.finding import Finding
from probes.fault import FAULT_OF_FAILURE, Fault
from probes.sample import Sample
from reports.attribution.harm import dimension_of, severity_of
from reports.notice import SEVERITIES
from reports.summary import RunRecord

STANDARD = {"spend": "ticket"}
"""Severity of a kind that nobody says anything of; all others are a page, drift that of its stream."""


def loudest(severities: Iterable[str], otherwise: str) -> str:
    """The loudest of these, or ``otherwise`` where there are none."""
    return max(severities, key=SEVERITIES.index, default=otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The severities of one rule, for one run."""

    said: Mapping[str, str] = field(default_factory=dict)
    """By kind, stream, class or ``label=value``."""
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Labels as ``label=value``, by probe; of the whole suite those that all probes have."""

    def of_finding(self, kind: str, finding: Finding) -> str:
        """Of one broken check."""
        exact = self._exact(self.scopes.get(finding.probe, ()), (finding.fault,))
        return exact or finding.severity or self.of_kind(kind)

    def of_sample(self, kind: str, sample: Sample) -> str:
        """Of one failed request."""
        fault = FAULT_OF_FAILURE[sample.failure.kind] if sample.failure else None
        return self._exact(self.scopes.get(sample.probe, ()), (fault,)) or self.of_kind(kind)

    def of_stream(self, result: StreamResult, faults: Collection[Fault]) -> str:
        """Of one stream in alarm."""
        scope = result.key.scope
        exact = self._exact({scope} | self.scopes.get(scope, frozenset()), faults)
        if exact:
            return exact
        named = {name: loud for name, loud in self.said.items() if name != "drift"}
        dimension = dimension_of(result)
        if {result.key.dimension, dimension, dimension.partition(".")[0]} & set(named):
            return severity_of(result, named)
        return self.said.get("drift") or severity_of(result, {})

    def of_kind(self, kind: str, faults: Collection[Fault] = ()) -> str:
        """Of a kind as a whole, with the classes it is of."""
        return self._exact((), faults) or self.said.get(kind) or STANDARD.get(kind, "page")

    def _exact(self, scopes: Iterable[str], faults: Iterable[Fault | None]) -> str:
        of_labels = [self.said[scope] for scope in scopes if scope in self.said]
        of_classes = [self.said[fault] for fault in faults if fault is not None and fault in self.said]
        return loudest(of_labels or of_classes, "")


def voice(record: RunRecord, said: Mapping[str, str]) -> Voice:
    """The severities of a rule, made ready for a run."""
    scopes = {
        probe.probe: frozenset(label_scope(label, value) for label, value in probe.labels.items())
        for probe in record.probes
    }
    everybodys = frozenset.intersection(*scopes.values()) if scopes else frozenset()
    return Voice(said=said, scopes={**scopes, SUITE_SCOPE: everybodys})

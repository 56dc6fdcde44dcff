"""What broke in a run, by class: counted for reports and metrics, told of a stream for incidents. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from checks.drift.result import SUITE_SCOPE, StreamResult, label_scope
from checks.finding import Finding, Status
from probes.failure import FailureClass
from probes.fault import FAULT_OF_FAILURE, Fault
from probes.sample import Sample
from reports.summary import ProbeRecord, RunRecord

OF_STREAMS: Mapping[str, Fault] = {
    "latency": Fault.SLOW,
    "trace": Fault.SLOW,
    "tokens": Fault.EXPENSIVE,
    "route": Fault.ROUTING,
    "refusals": Fault.REFUSAL,
    "retrieval": Fault.RETRIEVAL_MISS,
    "finish": Fault.TRUNCATED,
    "answers": Fault.WRONG_ANSWER,
    "checks": Fault.WRONG_ANSWER,
    "failures": Fault.UNREACHABLE,
}
"""By the part of a stream's name before its first dot. Of ``checks`` and ``failures`` the run may know better."""


def of_samples(samples: Iterable[Sample]) -> dict[Fault, int]:
    """Failed samples by class, those included that were not asked; the most frequent first."""
    return _sorted(_failed(samples))


def _failed(samples: Iterable[Sample]) -> Counter[Fault]:
    return Counter(FAULT_OF_FAILURE[sample.failure.kind] for sample in samples if sample.failure is not None)


def _unkept(findings: Iterable[Finding]) -> Counter[Fault]:
    """Checks that failed or broke, tracked ones included, by class."""
    return Counter(finding.fault for finding in findings if finding.fault is not None)


def of_probe(probe: ProbeRecord) -> dict[Fault, int]:
    """What broke of one probe: each failed sample and each check that failed or broke counts once."""
    return _sorted(_failed(probe.samples) + _unkept(probe.findings))


def of_run(record: RunRecord) -> dict[Fault, int]:
    """What broke in a run, counted over its probes; the most frequent first."""
    findings = (finding for probe in record.probes for finding in probe.findings)
    return _sorted(_failed(record.samples) + _unkept(findings))


def of_failure(kind: FailureClass) -> str:
    """``server (unreachable)``: a class of failed requests with its class here, where that has another name."""
    fault = FAULT_OF_FAILURE[kind]
    return kind.value if kind.value == fault.value else f"{kind} ({fault})"


def words(counts: Mapping[Fault, int]) -> str:
    """``retrieval_miss x2, timeout x1``; empty where nothing broke."""
    return ", ".join(f"{fault} x{number}" for fault, number in counts.items())


def of_stream(result: StreamResult, record: RunRecord) -> Fault:
    """The class of a stream that moved: ``checks`` and ``failures`` are what broke most often in this run, if any."""
    dimension = result.key.measured.partition(".")[0]
    probes = [probe for probe in record.probes if _speaks_of(result, probe)]
    if dimension == "failures":
        told: Sequence[Fault] = tuple(of_samples(s for p in probes for s in p.samples if _asked(s)))
    elif dimension == "checks":
        told = tuple(_sorted(_unkept(f for p in probes for f in p.findings if f.status is Status.FAIL)))
    else:
        told = ()
    return told[0] if told else OF_STREAMS.get(dimension, Fault.WRONG_ANSWER)


def _speaks_of(result: StreamResult, probe: ProbeRecord) -> bool:
    labels = (label_scope(name, value) for name, value in probe.labels.items())
    return result.key.scope in (SUITE_SCOPE, probe.probe, *labels)


def _asked(sample: Sample) -> bool:
    return sample.failure is not None and not sample.failure.held_back


def _sorted(counts: Mapping[Fault, int]) -> dict[Fault, int]:
    """Most frequent first, then in the order of the classes."""
    order = list(Fault)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], order.index(item[0]))))

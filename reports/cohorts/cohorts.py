"""Every figure of a run cut by label, and which cut is clearly worse than the rest. Feeds wording, formats and pages.

Pure. Keys and values of labels may come from data files: hostile text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from checks.finding import Finding, Status
from checks.refusal import is_refusal
from checks.verdict import Health, worst
from probes.sample import Sample
from reports import tally
from reports.cohorts.hypergeometric import lower_tail
from reports.summary import ProbeRecord, RunRecord

FAMILY = "probe family"
"""The label that no suite writes: the probe that cases belong to."""
LEVEL = 0.01
"""Most chance that a run in which all cohorts are alike names one as worse; shared over all cohorts compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """So many of so many."""

    passed: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """Between 0 and 1; 1 of nothing."""
        return self.passed / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.passed} of {self.total}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The probes of a run that share one value of one label, against those with another value."""

    label: str
    value: str
    probes: tuple[ProbeRecord, ...]
    well: Kept
    """Probes that answered, broke no contract and passed tracked checks with half of their samples or more, of those
    that could be measured."""
    others: Kept
    """The same of the probes with another value of this label."""
    chance: float
    """How probable so few good probes are here if this value makes no difference (Fisher's exact test, one-sided)."""
    worse: bool = False
    """True where that is clearly worse than the others, at ``LEVEL`` over the whole run."""

    @property
    def name(self) -> str:
        """``locale=de``."""
        return f"{self.label}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """A cut with all its figures."""

    cut: Cut
    health: Health
    samples: int
    contracts: Kept
    """Samples times checks of mode contract."""
    tracked: Kept
    """Samples times checks of mode tracked."""
    failures: int
    """Samples without an answer."""
    refusals: int
    first_token_s: float | None
    """Median of the samples, as are the next two; None where nothing was measured."""
    total_s: float | None
    output_tokens: float | None
    cost_usd: float | None
    """US dollars; None where the price of any sample is unknown."""


def cohorts(record: RunRecord) -> tuple[Cohort, ...]:
    """One for each value of each label that has several, clearly worse ones first, then by share of good probes."""
    refused = {probe.probe: _refusals(probe.samples) for probe in record.probes}
    return tuple(_cohort(cut, refused) for cut in cuts(record))


def cuts(record: RunRecord) -> tuple[Cut, ...]:
    """The groups of ``cohorts`` in the same order, only compared: fast enough for every sentence about a run.

    The unit is the probe, not the sample: repeated answers to one question say little about another. A probe that
    could not be measured (never asked, or a check broke) counts for neither side.
    """
    well = {probe.probe: _well(probe) for probe in record.probes}
    made = [cut for label, groups in _labels(record.probes) for cut in _compared(label, groups, well)]
    judged = [replace(cut, worse=cut.chance * len(made) <= LEVEL) for cut in made]
    return tuple(sorted(judged, key=lambda c: (not c.worse, c.well.share, c.chance, c.label, c.value)))


def worse_words(record: RunRecord, most: int = 2) -> str:
    """``locale=de: 3 of 12 probes passed, all others 48 of 48``; empty where no cohort is clearly worse."""
    worse = [cut for cut in cuts(record) if cut.worse]
    words = [f"{cut.name}: {cut.well} probes passed, all others {cut.others}" for cut in worse[:most]]
    return "; ".join([*words, f"{len(worse) - most} more labels are clearly worse"] if len(worse) > most else words)


# ------------------------------------------------------------------------------------------------ who belongs together
def _labels(probes: Sequence[ProbeRecord]) -> Iterator[tuple[str, Mapping[str | None, list[ProbeRecord]]]]:
    """Labels with the probes of each value; of the family, probes that are no case stand under None."""
    keys = dict.fromkeys(key for probe in probes for key in probe.labels)
    for key in keys:
        groups = _grouped((probe.labels[key], probe) for probe in probes if key in probe.labels)
        if len(groups) > 1:
            yield key, groups
    families = _grouped((probe.family, probe) for probe in probes)
    if FAMILY not in keys and len(families) > 1:
        yield FAMILY, families


def _grouped(pairs: Iterable[tuple[str | None, ProbeRecord]]) -> dict[str | None, list[ProbeRecord]]:
    groups: dict[str | None, list[ProbeRecord]] = {}
    for value, probe in pairs:
        groups.setdefault(value, []).append(probe)
    return groups


# ------------------------------------------------------------------------------------------------ figures
def _compared(
    label: str, groups: Mapping[str | None, list[ProbeRecord]], well: Mapping[str, bool | None]
) -> Iterator[Cut]:
    counted = {value: _counted(probes, well) for value, probes in groups.items()}
    passed, total = sum(own.passed for own in counted.values()), sum(own.total for own in counted.values())
    for value, probes in groups.items():
        if value is not None:
            own = counted[value]
            others = Kept(passed=passed - own.passed, total=total - own.total)
            chance = lower_tail(own.passed, own.total, others.passed, others.total)
            yield Cut(label=label, value=value, probes=tuple(probes), well=own, others=others, chance=chance)


def _counted(probes: Sequence[ProbeRecord], well: Mapping[str, bool | None]) -> Kept:
    told = [good for probe in probes if (good := well[probe.probe]) is not None]
    return Kept(passed=sum(told), total=len(told))


def _well(probe: ProbeRecord) -> bool | None:
    """Whether the probe did as it should; None where that could not be measured."""
    if any(finding.status is Status.FAIL and not _mostly_kept(finding) for finding in probe.findings):
        return False
    if any(finding.status is Status.ERROR for finding in probe.findings):
        return None
    if len(tally.held(probe.samples)) == len(probe.samples):
        return None
    return any(sample.failure is None for sample in probe.samples)


def _mostly_kept(finding: Finding) -> bool:
    """A tracked check is known to be imperfect: a probe passes it with half of its samples."""
    return finding.mode == "tracked" and 2 * finding.passed >= finding.total


def _refusals(samples: Iterable[Sample]) -> int:
    return sum(1 for sample in samples if sample.failure is None and is_refusal(sample))


def _cohort(cut: Cut, refused: Mapping[str, int]) -> Cohort:
    samples = [sample for probe in cut.probes for sample in probe.samples]
    findings = [finding for probe in cut.probes for finding in probe.findings]
    return Cohort(
        cut=cut,
        health=worst(probe.health for probe in cut.probes),
        samples=len(samples),
        contracts=_kept(findings, "contract"),
        tracked=_kept(findings, "tracked"),
        failures=len(tally.failed(samples)),
        refusals=sum(refused[probe.probe] for probe in cut.probes),
        first_token_s=middle(samples, "timing", "first_token_s"),
        total_s=middle(samples, "timing", "total_s"),
        output_tokens=middle(samples, "usage", "output_tokens"),
        cost_usd=tally.cost_usd(samples),
    )


def _kept(findings: Iterable[Finding], mode: str) -> Kept:
    of_mode = [finding for finding in findings if finding.mode == mode]
    return Kept(passed=sum(f.passed for f in of_mode), total=sum(f.total for f in of_mode))


def middle(samples: Iterable[Sample], part: str, field: str) -> float | None:
    """Median of one figure over the samples that have it; a cached reply tells no latency."""
    timed = part == "timing"
    asked = (sample for sample in samples if not (timed and sample.route.cache == "hit"))
    values = [value for sample in asked if (value := getattr(getattr(sample, part), field)) is not None]
    return median(values) if values else None

"""The nouns a suite author writes: Suite, Probe, CheckSpec, Schedule, drift and alert settings (Endpoint: next door).

Frozen pydantic models; ``suite_file`` makes them from YAML and gives every error its line. Attribute names carry
units where the YAML names do not (``total_s`` is written ``total``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from probes.alert_rule import AlertKind, AlertRule, Dependencies
from probes.canary_settings import CanarySettings
from probes.check_spec import RESERVED_CHECK_KEYS, CheckSpec, Severity, When
from probes.conversation import Message, Tool
from probes.duration import Duration, PositiveDuration, at_least, at_most
from probes.endpoint import Endpoint, Spend, Timeouts
from probes.fault import Fault
from probes.forms import (
    KOfN,
    Name,
    Names,
    Number,
    Require,
    Samples,
    Share,
    SuiteModel,
    Whole,
)
from probes.judge import Judge
from probes.maintenance import Window
from probes.privacy import StoredTexts
from probes.probe import Probe, Turn

__all__ = [
    "RESERVED_CHECK_KEYS",
    "RUNS_PER_YEAR_ASSUMED",
    "AlertKind",
    "AlertRule",
    "CheckSpec",
    "ClassOwner",
    "Confirm",
    "Defaults",
    "DriftSettings",
    "Endpoint",
    "KOfN",
    "Message",
    "Name",
    "Owner",
    "Probe",
    "Require",
    "Schedule",
    "Severity",
    "Share",
    "Spend",
    "Suite",
    "SuiteModel",
    "Timeouts",
    "Tolerance",
    "Tool",
    "Turn",
    "When",
]

RUNS_PER_YEAR_ASSUMED = 35_040.0
"""A run each 15 minutes: what the alarm threshold assumes of a suite that states no schedule."""


# ------------------------------------------------------------------------------------------------ what all probes share
class Defaults(SuiteModel):
    """What every probe gets unless it says otherwise."""

    samples: Samples = 1
    """How often each run asks each probe. Default 1; 3 tells chance from change sooner."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels of every probe; a probe's own go before."""
    checks: tuple[CheckSpec, ...] = ()
    """A probe's own check of the same name replaces the one from here."""


# ------------------------------------------------------------------------------------------------ when, and then
_AT_MOST_A_YEAR = at_most(366 * 86_400.0)
"""Of a schedule: with thousands of years a due time lies beyond the calendar."""


class Schedule(SuiteModel):
    """When the daemon fires the suite: a fixed interval, or a cron line in a named time zone. Left out: every 15m."""

    every_s: Annotated[PositiveDuration, _AT_MOST_A_YEAR] | None = Field(default=None, alias="every")
    """A fixed interval, like 15m; at most 366d. Either this or cron."""
    jitter_s: Annotated[Duration, _AT_MOST_A_YEAR] = Field(default=0.0, alias="jitter")
    """Each suite runs at its own place within this time, so that they do not fire together. Left out, only first runs
    are spread."""
    timeout_s: PositiveDuration | None = Field(default=None, alias="timeout")
    """How long one run of the daemon may take: what is under way then has failed, the rest is not asked. Left out,
    twice the time between runs, at least 10m and at most a day; never less than the endpoint's own limits ask for."""
    cron: str | None = None
    """Five fields (minute hour day month weekday), like */15 * * * *. Either this or every."""
    timezone: str = "UTC"
    """Zone of the cron line, like Europe/Berlin. Default UTC. Means nothing beside every."""
    while_failing_s: Annotated[PositiveDuration, at_least(10)] | None = Field(default=None, alias="while_failing")
    """Time between runs while something is failing, like 2m: shorter than every, at least 10s. Left out, as ever."""

    @model_validator(mode="after")
    def _every_or_cron(self) -> Schedule:
        if (self.every_s is None) == (self.cron is None):
            has = "neither" if self.cron is None else "both"
            raise ValueError(f"a schedule has either every or cron, this one has {has}; like every: 15m")
        return self


class Owner(SuiteModel):
    """Who is told, and what they should read."""

    team: str = ""
    """Who looks after the endpoint."""
    contact: str = ""
    """Where to reach them: a channel, an address."""
    runbook: str = ""
    """URL of what to do when an alert comes."""

    def plain(self) -> Owner:
        """The owner without what says how to tell them."""
        return Owner(team=self.team, contact=self.contact, runbook=self.runbook)


class ClassOwner(Owner):
    """Who is told of one class of failures instead of the suite's owner."""

    notify: Names = ()
    """Names of notifiers that are told instead of those of the rule; left out, the rule's are."""


class Tolerance(SuiteModel):
    """Changes this small are not drift: they lie inside the null hypothesis of the judge."""

    latency: Share = 0.05
    """Relative change of a typical latency. Default 5%."""
    tokens: Share = 0.05
    """Relative change of a typical token count. Default 5%."""
    rates: Annotated[Number, Field(ge=1, le=10)] = 1.25
    """Odds ratio between rates of misses, failures, refusals. Default 1.25."""


class Confirm(SuiteModel):
    """Runs that are made at once where a run leaves it open whether something moved."""

    runs: Annotated[Whole, Field(ge=1, le=5)] = 2
    """Most confirmation runs within rest. Default 2."""
    within_s: PositiveDuration = Field(default=600.0, alias="within")
    """None begins later than this after the run that asked for it. Default 10m."""
    rest_s: Annotated[PositiveDuration, Field(ge=60)] = Field(default=21_600.0, alias="rest")
    """How long those runs have to last. Default 6h; the longer, the less they cost of the threshold."""


class DriftSettings(SuiteModel):
    """The stated false-alarm budget and what counts as no change."""

    false_alarms_per_year: Annotated[Number, Field(gt=0)] | None = None
    """Of the whole installation; left out, the settings decide (default 1)."""
    tolerance: Tolerance = Tolerance()
    """Changes this small are not drift."""
    confirm: Confirm | None = None
    """Confirm at once what may be moving; left out, the next scheduled run does."""
    by_label: Names = ()
    """Labels whose values have streams of their own, like locale; each value costs budget like seven more streams."""


# ------------------------------------------------------------------------------------------------ the whole file
def _version(value: object) -> object:
    if value != 1 or isinstance(value, bool):
        raise ValueError(f"version {value!r} of the suite format is not known here; write version: 1")
    return value


class Suite(SuiteModel):
    """One YAML file."""

    version: Annotated[Literal[1], BeforeValidator(_version)]
    """Version of the suite format: 1."""
    name: Name = Field(alias="suite")
    """The suite's name; it keeps the suite's history."""
    description: str = ""
    """For people: what is asked here, and as whom."""
    owner: Owner = Owner()
    """Who is told, and what they should read."""
    owners: Mapping[Fault, ClassOwner] = Field(default_factory=dict)
    """Owners of single classes of failures, by class, like retrieval_miss."""
    depends_on: Dependencies = ()
    """Suites, or suite/endpoint, whose failure explains failures here: while it is told, incidents here wait."""
    monitor: Names = ()
    """Endpoints that run and the schedule fire at; left out, the first listed."""
    schedule: Schedule | None = None
    """When the daemon fires; left out, only people and CI do."""
    endpoints: Mapping[Name, Endpoint] = Field(min_length=1)
    """Where to ask, by name."""
    defaults: Defaults = Defaults()
    """What every probe gets unless it says otherwise."""
    probes: tuple[Probe, ...] = Field(min_length=1)
    """The questions."""
    judge: Judge | None = None
    """Which endpoints are asked about answers, for the checks of meaning."""
    spend: Spend = Spend()
    """Most to spend in a day on this suite."""
    drift: DriftSettings = DriftSettings()
    """What counts as a change."""
    alerts: tuple[AlertRule, ...] = ()
    """Whom to tell."""
    maintenance: tuple[Window, ...] = ()
    """Times in which runs are made and labelled, and neither alert nor teach the judge anything."""
    store: StoredTexts = StoredTexts()
    """What is kept of its prompts and answers."""
    canary: CanarySettings = CanarySettings()
    """How a candidate is compared with production."""

    @property
    def monitored(self) -> tuple[str, ...]:
        """The endpoints that ``run`` and the schedule fire at: ``monitor``, else the first listed."""
        return self.monitor or (next(iter(self.endpoints)),)

    @property
    def groups(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Ids of probes by label and value, of the labels in ``drift.by_label`` that have several values."""
        groups: dict[tuple[str, str], list[str]] = {}
        for probe in self.probes:
            for label, value in self.labels_of(probe).items():
                if label in self.drift.by_label:
                    groups.setdefault((label, value), []).append(probe.id)
        values = Counter(label for label, _ in groups)
        return {at: tuple(ids) for at, ids in groups.items() if values[at[0]] > 1}

    def samples_of(self, probe: Probe) -> int:
        """How often a run asks this probe."""
        return self.defaults.samples if probe.samples is None else probe.samples

    def labels_of(self, probe: Probe) -> dict[str, str]:
        """The probe's labels over the defaults."""
        return {**self.defaults.labels, **probe.labels}

    def checks_of(self, probe: Probe, endpoint: str | None = None) -> tuple[CheckSpec, ...]:
        """Default checks that the probe does not restate, then its own: those that count at this endpoint.

        An own check restates the default only where it counts itself. ``endpoint`` None: all that count anywhere.
        """
        labels = self.labels_of(probe)
        own = [spec for spec in probe.checks if spec.applies(labels, endpoint)]
        restated = {s.check for s in own if endpoint is not None or s.when is None or s.when.endpoint is None}
        kept = [s for s in self.defaults.checks if s.check not in restated and s.applies(labels, endpoint)]
        return (*kept, *own)

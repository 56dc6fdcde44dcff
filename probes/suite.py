"""The nouns a suite author writes: Suite, Endpoint, Probe, CheckSpec, Schedule, drift and alert settings.

Frozen pydantic models; ``suite_file`` makes them from YAML and gives every error its line. Attribute names carry
units where the YAML names do not (``total_s`` is written ``total``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from probes.duration import Duration, PositiveDuration

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
"""Names that become keys, file names and metric labels."""

RUNS_PER_YEAR_ASSUMED = 35_040.0
"""A run each 15 minutes: what the alarm threshold assumes of a suite that states no schedule."""


class SuiteModel(BaseModel):
    """Base of all suite nouns: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


# ------------------------------------------------------------------------------------------------ small readers
def _percent(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d+(\.\d+)?\s*%\s*", value):
            raise ValueError(f"{value!r} is not a share; write it like 5% or 0.05")
        return float(value.strip().rstrip("%")) / 100
    return value


Share = Annotated[
    float,
    BeforeValidator(_percent),
    Field(ge=0, le=1, json_schema_extra={"type": ["string", "number"], "examples": ["5%", 0.05]}),
]
"""A share between 0 and 1, written ``80%`` or ``0.8``."""


class KOfN(SuiteModel):
    """``k of n``: at least k among n."""

    k: int = Field(ge=1)
    n: int = Field(ge=1)

    @model_validator(mode="after")
    def _k_within_n(self) -> KOfN:
        if self.k > self.n:
            raise ValueError(f"{self.k} of {self.n} can never be reached; the first number is at most the second")
        return self

    def __str__(self) -> str:
        return f"{self.k} of {self.n}"


def _k_of_n(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"k": value, "n": value}
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+)\s*of\s*(\d+)\s*", value)):
        return {"k": int(match[1]), "n": int(match[2])}
    if isinstance(value, str):
        raise ValueError(f"{value!r} is not 'k of n'; write it like 2 of 3")
    return value


_K_OF_N_SCHEMA: dict[str, Any] = {"type": ["string", "integer"], "examples": ["2 of 3", 3]}


def _require(value: object) -> object:
    if value in ("all", "any"):
        return value
    if isinstance(value, str) and value.strip().endswith("%"):
        return _percent(value)
    if isinstance(value, str):
        try:
            return _k_of_n(value)
        except ValueError:
            raise ValueError(f"{value!r} is none of: all, any, 2 of 3, 80%") from None
    return value


Require = Annotated[
    Literal["all", "any"] | KOfN | Share,
    BeforeValidator(_require),
    Field(
        json_schema_extra={"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["all", "2 of 3", "80%"]}
    ),
]
"""How many samples must pass: ``all``, ``any``, ``2 of 3`` or ``80%``."""


# ------------------------------------------------------------------------------------------------ where to ask
class Timeouts(SuiteModel):
    """Limits in seconds: to connect, until the first token (until the headers where nothing is streamed), and for all."""

    connect_s: PositiveDuration = Field(default=5.0, alias="connect")
    first_token_s: PositiveDuration = Field(default=30.0, alias="first_token")
    total_s: PositiveDuration = Field(default=120.0, alias="total")


class Endpoint(SuiteModel):
    """Where probes are asked: URL, protocol, model, credentials."""

    protocol: str = "openai-chat"
    base_url: Annotated[str, Field(pattern=r"^https?://")]
    model: str | None = None
    api_key: SecretStr | None = None
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    """Extra request headers; values are treated as secrets."""
    stream: bool = True
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Passed through untouched into the request body."""
    timeout: Timeouts = Timeouts()
    concurrency: int = Field(default=4, ge=1, le=1000)
    retries: int = Field(default=2, ge=0, le=10)
    """Extra requests for transport trouble, 429 and 5xx. Every attempt is recorded."""


# ------------------------------------------------------------------------------------------------ what to ask
RESERVED_CHECK_KEYS = ("mode", "require")


class CheckSpec(SuiteModel):
    """One entry of a check list as written: the check's name, its argument, and how strictly it counts."""

    check: str
    argument: Any = None
    mode: Literal["contract", "tracked"] = "contract"
    """``contract``: the run fails when ``require`` is not met. ``tracked``: only feeds the ``checks`` stream."""
    require: Require = "all"

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: object) -> object:
        if isinstance(value, str):
            return {"check": value}
        if not isinstance(value, Mapping):
            raise ValueError(f"a check is a name or a mapping, not {value!r}")
        names = [key for key in value if key not in RESERVED_CHECK_KEYS]
        if set(value) <= {"check", "argument", *RESERVED_CHECK_KEYS} and "check" in value:
            return dict(value)
        if len(names) != 1:
            found = ", ".join(map(str, names)) or "none"
            raise ValueError(f"one check an entry, beside {' and '.join(RESERVED_CHECK_KEYS)}; found: {found}")
        rest = {key: value[key] for key in value if key in RESERVED_CHECK_KEYS}
        return {"check": str(names[0]), "argument": value[names[0]], **rest}


class Message(SuiteModel):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str


class Probe(SuiteModel):
    """One fixed question with its checks. Templates are already rendered when a Probe exists."""

    id: Name
    description: str = ""
    labels: Mapping[str, str] = Field(default_factory=dict)
    prompt: str | None = None
    messages: tuple[Message, ...] = ()
    vars: Mapping[str, Any] = Field(default_factory=dict)
    """Values for the templates in ``prompt`` and ``messages``."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Laid over the endpoint's ``params``."""
    samples: int | None = Field(default=None, ge=1, le=1000)
    checks: tuple[CheckSpec, ...] = ()

    @model_validator(mode="after")
    def _prompt_or_messages(self) -> Probe:
        if (self.prompt is None) == (not self.messages):
            raise ValueError(f"probe {self.id!r} needs either prompt or messages")
        return self

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What is sent."""
        if self.prompt is not None:
            return (Message(role="user", content=self.prompt),)
        return self.messages


class Defaults(SuiteModel):
    """What every probe gets unless it says otherwise."""

    samples: int = Field(default=1, ge=1, le=1000)
    labels: Mapping[str, str] = Field(default_factory=dict)
    checks: tuple[CheckSpec, ...] = ()
    """A probe's own check of the same name replaces the one from here."""


# ------------------------------------------------------------------------------------------------ when, and then
class Schedule(SuiteModel):
    """When the daemon fires the suite: a fixed interval, or a cron line in a named time zone."""

    every_s: PositiveDuration | None = Field(default=None, alias="every")
    jitter_s: Duration = Field(default=0.0, alias="jitter")
    cron: str | None = None
    timezone: str = "UTC"

    @model_validator(mode="after")
    def _every_or_cron(self) -> Schedule:
        if (self.every_s is None) == (self.cron is None):
            raise ValueError("a schedule needs either every or cron")
        return self


class Owner(SuiteModel):
    """Who is told, and what they should read."""

    team: str = ""
    contact: str = ""
    runbook: str = ""


class Tolerance(SuiteModel):
    """Changes this small are not drift: they lie inside the null hypothesis of the judge."""

    latency: Share = 0.05
    tokens: Share = 0.05
    rates: float = Field(default=1.25, ge=1, le=10)
    """An odds ratio."""


class DriftSettings(SuiteModel):
    """The stated false-alarm budget and what counts as no change."""

    false_alarms_per_year: float | None = Field(default=None, gt=0)
    """Of the whole installation; None leaves it to the settings (default 1)."""
    tolerance: Tolerance = Tolerance()


AlertKind = Literal["contract", "drift", "policy", "availability", "no-data", "spend"]


class AlertRule(SuiteModel):
    """Whom to tell of what, and how soon."""

    notify: tuple[str, ...]
    on: tuple[AlertKind, ...] = ("contract", "drift", "policy", "availability")
    after: Annotated[KOfN, BeforeValidator(_k_of_n), Field(json_schema_extra=_K_OF_N_SCHEMA)] = KOfN(k=1, n=1)
    """Bad runs before a contract, availability or no-data alert opens. Drift and policy open at once."""
    resolve_after: int = Field(default=2, ge=1)
    """Good runs in a row before it resolves."""
    remind_every_s: PositiveDuration | None = Field(default=None, alias="remind_every")

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if isinstance(value, Mapping):
            lists = {key: (value[key],) for key in ("notify", "on") if isinstance(value.get(key), str)}
            return {**value, **lists}
        return value


# ------------------------------------------------------------------------------------------------ the whole file
class Suite(SuiteModel):
    """One YAML file."""

    version: Literal[1]
    name: Name = Field(alias="suite")
    description: str = ""
    owner: Owner = Owner()
    monitor: tuple[str, ...] = ()
    schedule: Schedule | None = None
    endpoints: Mapping[Name, Endpoint] = Field(min_length=1)
    defaults: Defaults = Defaults()
    probes: tuple[Probe, ...] = Field(min_length=1)
    drift: DriftSettings = DriftSettings()
    alerts: tuple[AlertRule, ...] = ()

    @property
    def monitored(self) -> tuple[str, ...]:
        """The endpoints that ``run`` and the schedule fire at: ``monitor``, else the first listed."""
        return self.monitor or (next(iter(self.endpoints)),)

    def samples_of(self, probe: Probe) -> int:
        """How often a run asks this probe."""
        return self.defaults.samples if probe.samples is None else probe.samples

    def labels_of(self, probe: Probe) -> dict[str, str]:
        """The probe's labels over the defaults."""
        return {**self.defaults.labels, **probe.labels}

    def checks_of(self, probe: Probe) -> tuple[CheckSpec, ...]:
        """Default checks that the probe does not restate, then its own."""
        own = {spec.check for spec in probe.checks}
        return (*(spec for spec in self.defaults.checks if spec.check not in own), *probe.checks)

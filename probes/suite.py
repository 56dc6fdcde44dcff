"""The nouns a suite author writes: Suite, Endpoint, Probe, CheckSpec, Schedule, drift and alert settings.

Frozen pydantic models; ``suite_file`` makes them from YAML and gives every error its line. Attribute names carry
units where the YAML names do not (``total_s`` is written ``total``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from probes.duration import Duration, PositiveDuration
from probes.forms import (
    AfterRuns,
    KOfN,
    Name,
    Names,
    Number,
    Require,
    Samples,
    Share,
    SuiteModel,
    Truth,
    Whole,
    names_schema,
    one_or_many,
)

__all__ = [
    "RESERVED_CHECK_KEYS",
    "RUNS_PER_YEAR_ASSUMED",
    "AlertKind",
    "AlertRule",
    "CheckSpec",
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
    "Share",
    "Suite",
    "SuiteModel",
    "Timeouts",
    "Tolerance",
]

RUNS_PER_YEAR_ASSUMED = 35_040.0
"""A run each 15 minutes: what the alarm threshold assumes of a suite that states no schedule."""


# ------------------------------------------------------------------------------------------------ where to ask
class Timeouts(SuiteModel):
    """How long to wait at most."""

    connect_s: PositiveDuration = Field(default=5.0, alias="connect")
    """Until the connection stands. Default 5s."""
    first_token_s: PositiveDuration = Field(default=30.0, alias="first_token")
    """Until the first token (until the response headers where nothing is streamed). Default 30s."""
    total_s: PositiveDuration = Field(default=120.0, alias="total")
    """Until the answer is complete. Default 2m."""


class Endpoint(SuiteModel):
    """Where probes are asked: URL, protocol, model, credentials."""

    protocol: str = "openai-chat"
    """The wire dialect. Default openai-chat, which most servers and gateways speak."""
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+\S*$")]
    """The address up to and without the dialect's own path, like https://gateway.example.com/v1."""
    model: str | None = None
    """The model name sent with each request; may be left out where the server has only one."""
    api_key: Annotated[SecretStr | None, Field(examples=["${SUPPORT_BOT_KEY}"])] = None
    """From the environment only, as ${NAME}; never stored, never printed."""
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    """Extra request headers; values are treated as secrets."""
    stream: Truth = True
    """Ask for a streamed answer, so that the first token can be timed."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Passed through untouched into the request body, like temperature and max_tokens."""
    timeout: Timeouts = Timeouts()
    """How long to wait at most."""
    concurrency: Annotated[Whole, Field(ge=1, le=1000)] = 4
    """Requests in flight at once. Default 4."""
    retries: Annotated[Whole, Field(ge=0, le=10)] = 2
    """Extra requests for transport trouble, 429 and 5xx. Every attempt is recorded. Default 2."""


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
    """The probe's name within the suite; it keeps the probe's history, so do not reuse it."""
    description: str = ""
    """For people."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Text to text; choose probes by them, group reports by them."""
    prompt: str | None = None
    """The question, as one user message. Either this or messages."""
    messages: tuple[Message, ...] = ()
    """The whole conversation to send. Either this or prompt."""
    vars: Mapping[str, Any] = Field(default_factory=dict)
    """Values for the templates in ``prompt`` and ``messages``."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Laid over the endpoint's ``params``."""
    samples: Samples | None = None
    """How often a run asks; default: as in defaults."""
    checks: tuple[CheckSpec, ...] = ()
    """Rules about the answers; those of defaults apply too, unless one of the same name stands here."""

    @model_validator(mode="after")
    def _prompt_or_messages(self) -> Probe:
        if self.prompt is None and not self.messages:
            raise ValueError(f"probe {self.id!r} asks nothing; give it a prompt or messages")
        if self.prompt is not None and self.messages:
            raise ValueError(f"probe {self.id!r} has both prompt and messages; keep one of them")
        if self.prompt is not None and not self.prompt.strip():
            raise ValueError(f"probe {self.id!r} has an empty prompt")
        return self

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What is sent."""
        if self.prompt is not None:
            return (Message(role="user", content=self.prompt),)
        return self.messages


class Defaults(SuiteModel):
    """What every probe gets unless it says otherwise."""

    samples: Samples = 1
    """How often each run asks each probe. Default 1; 3 tells chance from change sooner."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels of every probe; a probe's own go before."""
    checks: tuple[CheckSpec, ...] = ()
    """A probe's own check of the same name replaces the one from here."""


# ------------------------------------------------------------------------------------------------ when, and then
class Schedule(SuiteModel):
    """When the daemon fires the suite: a fixed interval, or a cron line in a named time zone."""

    every_s: PositiveDuration | None = Field(default=None, alias="every")
    """A fixed interval, like 15m. Either this or cron."""
    jitter_s: Duration = Field(default=0.0, alias="jitter")
    """Most time a run may come late, by chance, so that suites do not fire together. Default 0."""
    cron: str | None = None
    """Five fields (minute hour day month weekday), like */15 * * * *. Either this or every."""
    timezone: str = "UTC"
    """Zone of the cron line, like Europe/Berlin. Default UTC."""

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


class Tolerance(SuiteModel):
    """Changes this small are not drift: they lie inside the null hypothesis of the judge."""

    latency: Share = 0.05
    """Relative change of a typical latency. Default 5%."""
    tokens: Share = 0.05
    """Relative change of a typical token count. Default 5%."""
    rates: Annotated[Number, Field(ge=1, le=10)] = 1.25
    """Odds ratio between rates of misses, failures, refusals. Default 1.25."""


class DriftSettings(SuiteModel):
    """The stated false-alarm budget and what counts as no change."""

    false_alarms_per_year: Annotated[Number, Field(gt=0)] | None = None
    """Of the whole installation; left out, the settings decide (default 1)."""
    tolerance: Tolerance = Tolerance()
    """Changes this small are not drift."""


AlertKind = Literal["contract", "drift", "policy", "availability", "no-data", "spend"]
AlertKinds = Annotated[
    tuple[AlertKind, ...], BeforeValidator(one_or_many), names_schema({"enum": list(get_args(AlertKind))})
]


class AlertRule(SuiteModel):
    """Whom to tell of what, and how soon."""

    notify: Names
    """Names of notifiers in the settings; one or a list."""
    on: AlertKinds = ("contract", "drift", "policy", "availability")
    """Kinds of alerts this rule is about."""
    after: AfterRuns = KOfN(k=1, n=1)
    """Bad runs before a contract, availability or no-data alert opens. Drift and policy open at once."""
    resolve_after: Annotated[Whole, Field(ge=1)] = 2
    """Good runs in a row before it resolves."""
    remind_every_s: PositiveDuration | None = Field(default=None, alias="remind_every")
    """Say again that it is still open, this often; left out, never."""


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
    drift: DriftSettings = DriftSettings()
    """What counts as a change."""
    alerts: tuple[AlertRule, ...] = ()
    """Whom to tell."""

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

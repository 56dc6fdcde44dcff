"""Alert rules as a suite author writes them: whom to tell of what, how soon, how loudly and how often. Feeds ``suite``.

Names of kinds, streams and classes of what broke have no word in common, so that one mapping can speak of all three.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from probes.check_spec import Severity, Some
from probes.duration import UNITS_S, PositiveDuration, parse_duration
from probes.fault import Fault
from probes.forms import NAME_PATTERN, KOfN, Names, SuiteModel, Whole, k_of_n, names_schema, one_or_many
from probes.nearest import did_you_mean

AlertKind = Literal["contract", "drift", "policy", "availability", "no-data", "spend"]


def _some_kinds(kinds: tuple[AlertKind, ...]) -> tuple[AlertKind, ...]:
    if not kinds:
        every = ", ".join(get_args(AlertKind))
        raise ValueError(f"a rule on no kind would never tell anything; leave on out for all, or name some of {every}")
    return kinds


AlertKinds = Annotated[
    tuple[AlertKind, ...],
    BeforeValidator(one_or_many),
    AfterValidator(_some_kinds),
    names_schema({"enum": list(get_args(AlertKind))}, at_least=1),
]


def _somebody(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("a rule without a notifier would never tell anybody; name one, or leave the rule out")
    return names


Notifiers = Annotated[
    tuple[str, ...],
    BeforeValidator(one_or_many),
    AfterValidator(_somebody),
    names_schema({"type": "string"}, at_least=1),
]
STREAMS = (
    "latency",
    "latency.first_token",
    "latency.total",
    "tokens",
    "tokens.output",
    "tokens.input",
    "answers",
    "checks",
    "failures",
    "refusals",
    "route",
    "finish",
    "retrieval",
    "trace",
)
"""Streams by the names of reports; the part before the dot stands for all that begin with it."""
_DEPENDENCY = re.compile(rf"{NAME_PATTERN[1:-1]}(/{NAME_PATTERN[1:-1]})?", re.ASCII)
_ENDS_IN_UNIT = re.compile(rf".*\d\s*({'|'.join(UNITS_S)})\s*", re.ASCII)


def _after(value: object) -> object:
    """``10m`` is a time; everything else is tried as ``k of n``, whose complaint then names both forms."""
    if isinstance(value, float) and value > 0:
        return value
    if isinstance(value, str) and _ENDS_IN_UNIT.fullmatch(value):
        seconds = parse_duration(value)
        if seconds <= 0:
            raise ValueError(f"{value!r} is no time at all; write it like 10m, or 2 of 3")
        return seconds
    try:
        pair = k_of_n(value)
    except ValueError:
        raise ValueError(f"{value!r} is neither 'k of n' nor a time; write it like 2 of 3 or 10m") from None
    try:
        return KOfN.model_validate(pair)  # whole here: the union would complain twice of one value
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


After = Annotated[
    KOfN | float,
    BeforeValidator(_after),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["2 of 3", 3, "10m"]}),
]
"""``2 of 3``, a bare ``3`` for 3 of 3, or a time (seconds) for which it has to be bad."""


def _dependencies(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if not _DEPENDENCY.fullmatch(entry):
            raise ValueError(f"{entry!r} names no suite; write it like gateway-health or gateway-health/production")
    return entries


Dependencies = Annotated[Names, AfterValidator(_dependencies)]
"""Suites, each with an endpoint of its own where that is meant."""


class Escalate(SuiteModel):
    """Who else is told where nobody acknowledges an incident."""

    after_s: PositiveDuration = Field(alias="after")
    """Time since it was told, like 30m."""
    notify: Annotated[Names, Field(min_length=1)]
    """Names of notifiers in the settings; one or a list."""


class Flap(SuiteModel):
    """From when on an incident that comes and goes is told as one that does."""

    transitions: Annotated[Whole, Field(ge=3)]
    """Openings and ends together; 3 or more."""
    within_s: PositiveDuration = Field(alias="in")
    """The time in which they come, and for which it has to be steady before it is told how it stands, like 1h."""


def _loudness(table: Mapping[str, str]) -> Mapping[str, str]:
    known = (*get_args(AlertKind), *STREAMS, *Fault)
    for name in table:
        if "=" not in name and name not in known and not name.startswith("trace."):
            raise ValueError(f"{name!r} is no kind, stream, class or label=value; {did_you_mean(name, known)}")
    return table


Loudness = Annotated[Mapping[str, Severity], AfterValidator(_loudness)]
"""Severities by kind (``availability``), stream (``latency``), class (``retrieval_miss``) or label (``tier=gold``)."""


class AlertRule(SuiteModel):
    """Whom to tell of what, and how soon."""

    notify: Notifiers
    """Names of notifiers in the settings; one or a list."""
    on: AlertKinds = ("contract", "drift", "policy", "availability", "no-data", "spend")
    """Kinds of alerts this rule is about."""
    when: Mapping[str, Some] = Field(default_factory=dict)
    """Labels with their values: only what is bad about probes that have them; left out, about all probes."""
    min_severity: Severity = "info"
    """Only what is at least this loud: info, ticket or page. Default info, which is everything."""
    severity: Loudness = Field(default_factory=dict)
    """How loudly it is told, by kind, stream, class or label=value, like latency: info; what is left out, as ever."""
    after: After = KOfN(k=1, n=1)
    """Bad runs (2 of 3), or time (10m), before a contract, availability or no-data alert opens. Others do at once."""
    resolve_after: Annotated[Whole, Field(ge=1)] = 2
    """Good runs in a row before it resolves."""
    remind_every_s: PositiveDuration | None = Field(default=None, alias="remind_every")
    """Say again that it is still open, this often; left out, never."""
    remind_max: Annotated[Whole, Field(ge=1)] | None = None
    """Most reminders of one incident; left out, no limit."""
    escalate: Escalate | None = None
    """Who else is told of an incident that nobody acknowledges; left out, nobody."""
    flap: Flap | None = None
    """When to tell an incident that comes and goes as one; left out, every opening and every end is told."""

    @model_validator(mode="after")
    def _one_thing_or_the_other(self) -> AlertRule:
        if self.remind_max is not None and self.remind_every_s is None:
            raise ValueError("remind_max without remind_every limits nothing; add one like remind_every: 4h")
        if self.escalate and (both := sorted(set(self.escalate.notify) & set(self.notify))):
            raise ValueError(f"escalate tells {both[0]!r}, who is told already; name somebody else")
        return self

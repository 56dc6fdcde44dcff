"""The present condition of the fake endpoint and the one request that changes it (``POST /_control``).

Feeds the app. A ``Condition`` is never altered, only replaced, so a request in flight keeps the one it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runner.demo.scenarios import SCENARIOS, Scenario, ScenarioName

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
TroubleName = Literal[
    "bad-key", "unknown-model", "content-filter", "rate-limit", "quota", "overloaded", "server", "mid-stream"
]  # fmt: skip
"""``mid-stream`` breaks a stream in the middle, under HTTP 200; a whole reply it refuses as overloaded."""
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hitch:
    """A trouble that the next requests run into, each in the words of its dialect."""

    kind: TroubleName
    times: int | None
    """How many requests; None for all until it is changed."""
    models: tuple[str, ...] = ()
    """Only requests for these models; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A text that the operator puts into the endpoint's mouth."""

    says: str
    contains: str = ""
    """Only where the newest message holds this; empty for all."""
    models: tuple[str, ...] = ()
    """Only in answers of these models; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the endpoint behaves now."""

    scenario_name: ScenarioName = "normal"
    latency_scale: float = 1.0
    """Multiplies every drawn delay; 0 answers at once."""
    fingerprint: str | None = None
    """Reported instead of the scenario's own."""
    model: str | None = None
    """Reported instead of the model asked for."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to every reply to a chat request."""
    hitch: Hitch | None = None
    sayings: tuple[Saying, ...] = ()
    """The first that fits is the answer."""

    @property
    def scenario(self) -> Scenario:
        """The scenario in force."""
        return SCENARIOS[self.scenario_name]

    def as_json(self) -> dict[str, Any]:
        """The condition in the words of a control request."""
        return {
            "scenario": self.scenario_name,
            "latency_scale": self.latency_scale,
            "route": {"fingerprint": self.fingerprint, "model": self.model},
            "headers": dict(self.headers),
            "trouble": None if self.hitch is None else asdict(self.hitch),
            "sayings": [asdict(saying) for saying in self.sayings],
        }

    def said(self, model: str, message: str) -> str | None:
        """What the operator wants answered to this message; None where the endpoint speaks for itself."""
        fitting = (s for s in self.sayings if s.contains in message and (not s.models or model in s.models))
        return next((saying.says for saying in fitting), None)

    def hits(self, model: str) -> bool:
        """True where the trouble is meant for a request for this model."""
        return self.hitch is not None and (not self.hitch.models or model in self.hitch.models)

    def after_hit(self) -> Condition:
        """The condition once one more request ran into the trouble."""
        if self.hitch is None or self.hitch.times is None:
            return self
        left = self.hitch.times - 1
        return replace(self, hitch=replace(self.hitch, times=left) if left else None)


class RouteChange(BaseModel):
    """Who the replies say they come from; null goes back to the truth."""

    model_config = ConfigDict(extra="forbid")
    fingerprint: str | None = None
    model: str | None = None


class TroubleChange(BaseModel):
    """The trouble that the next ``times`` requests run into (all of them where that is null)."""

    model_config = ConfigDict(extra="forbid")
    kind: TroubleName
    times: int | None = Field(default=None, ge=1)
    models: tuple[str, ...] = ()


class SayingChange(BaseModel):
    """What to answer to messages that hold a text."""

    model_config = ConfigDict(extra="forbid")
    says: str
    contains: str = ""
    models: tuple[str, ...] = ()


class ControlChange(BaseModel):
    """What to change; anything left out stays as it is. ``headers`` and ``sayings`` replace all that were set.

    ``trouble: null`` ends a trouble.
    """

    model_config = ConfigDict(extra="forbid")
    scenario: ScenarioName | None = None
    latency_scale: float | None = Field(default=None, ge=0, le=1000, allow_inf_nan=False)
    route: RouteChange | None = None
    headers: dict[HeaderName, HeaderValue] | None = None
    trouble: TroubleChange | None = None
    sayings: tuple[SayingChange, ...] | None = None

    def applied_to(self, condition: Condition) -> Condition:
        """The condition after the change."""
        changes: dict[str, Any] = {} if self.route is None else self.route.model_dump(exclude_unset=True)
        if self.scenario is not None:
            changes["scenario_name"] = self.scenario
        if self.latency_scale is not None:
            changes["latency_scale"] = self.latency_scale
        if self.headers is not None:
            changes["headers"] = self.headers
        if self.sayings is not None:
            changes["sayings"] = tuple(Saying(**dict(saying)) for saying in self.sayings)
        if "trouble" in self.model_fields_set:
            changes["hitch"] = None if self.trouble is None else Hitch(**dict(self.trouble))
        return replace(condition, **changes)

"""The present condition of the fake endpoint and the one request that changes it (``POST /_control``).

Feeds the app. A ``Condition`` is never altered, only replaced, so a request in flight keeps the one it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from runner.demo.scenarios import SCENARIOS, Scenario, ScenarioName

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


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
        }


class RouteChange(BaseModel):
    """Who the replies say they come from; null goes back to the truth."""

    model_config = ConfigDict(extra="forbid")
    fingerprint: str | None = None
    model: str | None = None


class ControlChange(BaseModel):
    """What to change; anything left out stays as it is. ``headers`` replaces all added headers."""

    model_config = ConfigDict(extra="forbid")
    scenario: ScenarioName | None = None
    latency_scale: float | None = Field(default=None, ge=0, le=1000, allow_inf_nan=False)
    route: RouteChange | None = None
    headers: dict[HeaderName, HeaderValue] | None = None

    def applied_to(self, condition: Condition) -> Condition:
        """The condition after the change."""
        changes: dict[str, Any] = {} if self.route is None else self.route.model_dump(exclude_unset=True)
        if self.scenario is not None:
            changes["scenario_name"] = self.scenario
        if self.latency_scale is not None:
            changes["latency_scale"] = self.latency_scale
        if self.headers is not None:
            changes["headers"] = self.headers
        return replace(condition, **changes)

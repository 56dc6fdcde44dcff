"""How a suite wants a candidate compared with production: margins, error rates, caps. Feeds ``holdfast canary``.

What the words mean: docs/canary.md. Left-out values are those of the judge's own table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from probes.duration import PositiveDuration
from probes.forms import Number, Share, SuiteModel, Whole

CanaryDimension = Literal[
    "checks", "refusals", "latency.first_token", "latency.total", "tokens.output", "tokens.input", "answers"
]


class CanaryMargin(SuiteModel):
    """How much worse is tolerated, and how much worse a pass rules out."""

    tolerance: Share | None = None
    """Worse by this much is no failure: a factor less 1 for latency and tokens, else a difference of shares."""
    margin: Annotated[Share, Field(gt=0, lt=1)] | None = None
    """A pass says that the candidate is not worse by this much."""

    @model_validator(mode="after")
    def _margin_above_tolerance(self) -> CanaryMargin:
        if self.tolerance is not None and self.margin is not None and self.margin <= self.tolerance:
            raise ValueError(
                f"margin {self.margin:g} is not above tolerance {self.tolerance:g}: in between nothing could be decided"
            )
        return self


class CanarySettings(SuiteModel):
    """How ``holdfast canary`` compares a candidate with production."""

    max_pairs: Annotated[Whole, Field(ge=1, le=100_000)] = 300
    """Most pairs of questions. Default 300."""
    min_pairs: Annotated[Whole, Field(ge=1)] = 20
    """No pass before this many pairs. Default 20."""
    max_time_s: PositiveDuration = Field(default=1800.0, alias="max_time")
    """Longest it may take. Default 30m."""
    max_usd: Annotated[Number, Field(gt=0)] | None = None
    """Most it may cost, both sides together; left out, only the caps of ``spend`` count."""
    max_tokens: Annotated[Whole, Field(gt=0)] | None = None
    """Most tokens it may use, both sides together."""
    false_fail: Annotated[Share, Field(gt=0, le=0.5)] = 0.01
    """Most probability of failing a candidate that is not worse. Default 1%."""
    false_pass: Annotated[Share, Field(gt=0, le=0.5)] = 0.05
    """Most probability of passing a candidate that is worse by a margin. Default 5%."""
    margins: Mapping[CanaryDimension, CanaryMargin | Literal["off"]] = Field(default_factory=dict)
    """Margins by dimension; ``off`` leaves one out of the verdict."""

    @model_validator(mode="after")
    def _a_verdict_is_possible(self) -> CanarySettings:
        if self.min_pairs > self.max_pairs:
            raise ValueError(f"min_pairs {self.min_pairs} is more than max_pairs {self.max_pairs}: nothing could pass")
        if len(self.margins) == len(get_args(CanaryDimension)) and set(self.margins.values()) == {"off"}:
            raise ValueError("every dimension is off: nothing would be compared")
        return self

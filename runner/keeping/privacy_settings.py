"""``privacy:`` of the settings: what may be written of texts, and how long everything is kept. Feeds ``settings``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from checks.argument import one_or_many
from checks.removal import ALL_KINDS, Removal, RemovedKind, removal_pattern
from probes.duration import PositiveDuration
from probes.forms import Name
from probes.privacy import TextMode


class _PrivacyModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


class Retention(_PrivacyModel):
    """How long things are kept, each from the start of its run; left out: for ever."""

    text_s: PositiveDuration | None = Field(default=None, alias="text")
    """Prompts, answers, and whatever quotes them."""
    samples_s: PositiveDuration | None = Field(default=None, alias="samples")
    """Runs with the numbers of their samples, findings and drift."""
    rollups_s: PositiveDuration | None = Field(default=None, alias="rollups")
    """Sums by hour and day."""

    @model_validator(mode="after")
    def _short_first(self) -> Retention:
        for first, then in (("text", "samples"), ("samples", "rollups")):
            short, long = getattr(self, f"{first}_s"), getattr(self, f"{then}_s")
            if short is not None and long is not None and short > long:
                raise ValueError(f"retain.{first} is longer than retain.{then}, which goes with all that it is made of")
        return self


def _pattern(value: object) -> object:
    if isinstance(value, str):
        removal_pattern(value)
    return value


def _field_name(value: object) -> object:
    if isinstance(value, str) and not all(value.removeprefix("$.").split(".")):
        raise ValueError(f"{value!r} names no JSON field; write a name, or a path like customer.name")
    return value


class Privacy(_PrivacyModel):
    """What may be written down."""

    text: TextMode = "full"
    """none, hash, redacted or full; a suite may ask for less, never for more."""
    redact: Annotated[tuple[RemovedKind, ...] | None, BeforeValidator(one_or_many)] = None
    """Kinds of data that are taken out; left out, all of them."""
    patterns: Mapping[Name, Annotated[str, BeforeValidator(_pattern)]] = Field(default_factory=dict)
    """Regular expressions by the name that stands where they matched."""
    fields: tuple[Annotated[str, BeforeValidator(_field_name)], ...] = ()
    """JSON fields of answers and tool arguments whose values are taken out, by name or by path."""
    retain: Retention = Retention()

    @property
    def removal(self) -> Removal:
        """What is taken out of a text."""
        return Removal(
            kinds=ALL_KINDS if self.redact is None else self.redact,
            patterns={name: removal_pattern(pattern) for name, pattern in self.patterns.items()},
            fields=self.fields,
        )

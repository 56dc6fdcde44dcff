"""Entries within checks made of checks: a check's name or name and argument, with a weight where they are weighed.

Feeds the arguments of ``all_of``, ``any_of`` and ``not``. An inner check looks at one answer, so what says how
several answers count (``require``, ``mode``), and where and how loudly (``when``, ``severity``), stands outside.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from checks.argument import Argument
from probes.check_spec import RESERVED_CHECK_KEYS, entry_parts
from probes.forms import Number, Share, SuiteModel
from probes.suite import CheckSpec

WEIGHT = "weight"
MOST_WEIGHT = 1_000_000


def _outside(_value: object) -> object:
    raise ValueError(f"{_KEYS} stand at the outermost check: those inside look at one answer")


def _unweighed(_value: object) -> object:
    raise ValueError("a weight counts in all_of with a threshold only")


def _listed(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        raise ValueError("a list of checks is needed, even of one")
    return value


_KEYS = f"{', '.join(RESERVED_CHECK_KEYS[:-1])} and {RESERVED_CHECK_KEYS[-1]}"
_Outside = Annotated[None, BeforeValidator(_outside)]


class InnerCheck(SuiteModel):
    """One entry inside a check made of checks."""

    check: str
    argument: Any = None
    mode: _Outside = None
    require: _Outside = None
    when: _Outside = None
    severity: _Outside = None
    fault: Annotated[_Outside, Field(alias="class")] = None
    weight: Annotated[float, BeforeValidator(_unweighed)] = 1.0

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: object) -> object:
        return entry_parts(value, (*RESERVED_CHECK_KEYS, WEIGHT))

    @property
    def spec(self) -> CheckSpec:
        """As an entry of a check list."""
        return CheckSpec(check=self.check, argument=self.argument)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # stands alone; in the schema of suites the title is replaced by a reference to the entries of check lists
        return {"title": cls.__name__, "anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1}]}


class WeighedCheck(InnerCheck):
    """One that counts more or less than others."""

    weight: Annotated[Number, Field(ge=0, le=MOST_WEIGHT)] = 1.0
    """How much it counts beside the others. Default 1; with 0 it is looked at and never decides."""


class AnyOfThese(Argument):
    """Checks of which one must pass."""

    main = "checks"
    examples = ([{"contains": "30 days"}, {"contains": "a month"}], {"checks": ["refusal", {"contains": "no idea"}]})

    checks: Annotated[tuple[InnerCheck, ...], BeforeValidator(_listed), Field(min_length=1)]
    """The checks."""


class AllOfThese(Argument):
    """Checks that must pass, all of them or a share by weight."""

    main = "checks"
    examples = (
        [{"contains": "30 days"}, "no_refusal"],
        {
            "checks": [{"contains": "30 days", "weight": 3}, {"length": {"characters": {"max": 400}}}],
            "threshold": "75%",
        },
    )

    checks: Annotated[tuple[WeighedCheck, ...], BeforeValidator(_listed), Field(min_length=1)]
    """The checks."""
    threshold: Annotated[Share, Field(gt=0)] | None = None
    """The share of all weights that must pass; left out, all of them."""

    @model_validator(mode="after")
    def _weights_decide(self) -> Self:
        if self.threshold is None and any(WEIGHT in entry.model_fields_set for entry in self.checks):
            raise ValueError("weights count only with a threshold; add threshold: 75%, or take them out")
        if not any(entry.weight for entry in self.checks):
            raise ValueError("every weight is 0, so nothing could ever decide")
        return self

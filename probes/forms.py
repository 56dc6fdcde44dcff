"""How single values are written in a suite: names, whole numbers, ``5%``, ``2 of 3``. Feeds the nouns in ``suite``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema, model_validator

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
LONGEST_NAME = 100
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=LONGEST_NAME)]
"""Names that become keys, file names and metric labels."""
ProbeId = Annotated[
    str,
    Field(pattern=NAME_PATTERN[:-1] + "(/[A-Za-z0-9][A-Za-z0-9._-]*)?$", max_length=2 * LONGEST_NAME + 10),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN, "maxLength": LONGEST_NAME}),
]
"""The name of a probe; one of its cases has the probe's name, a slash and its own. Suites only write the former."""


class SuiteModel(BaseModel):
    """Base of all suite nouns: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


Whole = Annotated[int, Strict()]
"""A whole number written as one: neither "3" nor true."""
Number = Annotated[float, Strict()]
Truth = Annotated[bool, Strict()]
"""true or false: YAML 1.2 knows no yes, no, on, off."""
Samples = Annotated[Whole, Field(ge=1, le=1000)]


def _percent(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*%\s*", value, re.ASCII):
            raise ValueError(f"{value!r} is not a share; write it like 5% or 0.05")
        return float(value.strip().rstrip("%")) / 100
    return value


Share = Annotated[
    float,
    BeforeValidator(_percent),
    Field(ge=0, le=1),
    Strict(),
    WithJsonSchema({"type": ["string", "number"], "examples": ["5%", 0.05]}),
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


def k_of_n(value: object) -> object:
    """``2 of 3``, or a bare ``3`` for 3 of 3, as what ``KOfN`` takes. Raises ValueError for anything else."""
    if isinstance(value, (KOfN, Mapping)):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return {"k": value, "n": value}
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,9})\s*of\s*(\d{1,9})\s*", value, re.ASCII)):
        return {"k": int(match[1]), "n": int(match[2])}
    raise ValueError(f"{value!r} is not 'k of n'; write it like 2 of 3")


def _require(value: object) -> object:
    """One of the four forms, made whole here: a union's own complaint would be three complaints about one value."""
    if isinstance(value, KOfN) or value == "all" or value == "any":
        return value
    if isinstance(value, str) and value.strip().endswith("%"):
        value = _percent(value)
    if isinstance(value, float) and 0 < value <= 1:
        return value
    if isinstance(value, str) and " of " in value:
        pair = k_of_n(value)
        if isinstance(pair, Mapping) and pair["k"] > pair["n"]:
            raise ValueError(f"{value!r} can never be reached; the first number is at most the second")
        if isinstance(pair, Mapping) and pair["k"] >= 1:
            return KOfN(**pair)
    raise ValueError(f"{value!r} is none of: all, any, 2 of 3, 80%")


Require = Annotated[
    Literal["all", "any"] | KOfN | float,
    BeforeValidator(_require),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["all", "any"]},
                {"type": "string", "pattern": r"^\s*\d+\s*of\s*\d+\s*$|^\s*\d+(\.\d+)?\s*%\s*$"},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            ],
            "examples": ["all", "any", "2 of 3", "80%"],
        }
    ),
]
"""How many samples must pass: ``all``, ``any``, ``2 of 3`` or ``80%``."""


def one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def names_schema(items: Mapping[str, Any], *, at_least: int = 0) -> WithJsonSchema:
    several = {"type": "array", "items": dict(items), **({"minItems": at_least} if at_least else {})}
    return WithJsonSchema({"anyOf": [dict(items), several]})


Names = Annotated[tuple[str, ...], BeforeValidator(one_or_many), names_schema({"type": "string"})]
"""Several names, or one without brackets."""

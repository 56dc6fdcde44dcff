"""Many questions written as one probe: how cases are written, and what each is called. Feeds ``unfolding``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from probes.check_spec import CheckSpec
from probes.forms import Name, Samples, SuiteModel

SEPARATOR = "/"
"""Between a family of cases and one of them: ``faq/window``."""
_HASH_DIGITS = 8


class Case(SuiteModel):
    """One question of a probe that asks many."""

    id: Name | None = None
    """Names it within its probe and keeps its history; left out, a hash of its vars does."""
    vars: Mapping[str, Any] = Field(default_factory=dict)
    """Its values for the templates; they go before the probe's."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Laid over the probe's labels."""
    checks: tuple[CheckSpec, ...] = ()
    """Rules about its answers, beside those of the probe."""
    samples: Samples | None = None
    """How often a run asks it; left out, as the probe says."""


class CaseFile(SuiteModel):
    """Cases from a file beside the suite: CSV, JSON (a list of objects) or JSON lines."""

    file: str
    """Its path, below the suite's own folder."""
    id: str | None = None
    """The column that names each case; left out, a hash of its vars does."""
    labels: tuple[str, ...] = ()
    """Columns that become labels; all others are vars."""


Cases = tuple[Case, ...] | CaseFile
Choices = Annotated[tuple[Any, ...], Field(min_length=1)]
"""The values of one key of a matrix."""


def identity(values: Mapping[str, Any]) -> str:
    """Eight hex digits of a question: SHA-256 of its variables as JSON with sorted keys.

    The order of keys, of rows and of files is not in it, nor where the question is written.
    """
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def case_id(family: str, name: str | None, chosen: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The probe id of one case.

    Args:
        family: Id of the probe that was written.
        name: The case's own id, if it has one.
        chosen: What the matrix chose for it.
        own: Variables of the case itself.
    """
    if name is None:
        return f"{family}{SEPARATOR}{identity({**chosen, **own})}"
    return f"{family}{SEPARATOR}{name}" + (f"-{identity(chosen)}" if chosen else "")


def family_of(probe: str) -> str | None:
    """The family of a case by its probe id; None for a probe that is no case."""
    family, separator, _ = probe.partition(SEPARATOR)
    return family if separator else None

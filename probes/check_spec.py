"""One entry of a check list as its author writes it: the check, its argument, how strictly, where and how loudly it
counts. Feeds probes and suites, and the binding of checks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from probes.fault import Fault
from probes.forms import Require, SuiteModel, names_schema, one_or_many
from probes.nearest import nearest

RESERVED_CHECK_KEYS = ("mode", "require", "when", "severity", "class")
"""Keys beside the check's own name."""
_MISSPELT = 75.0
Severity = Literal["page", "ticket", "info"]
"""How loudly an incident is told."""
Some = Annotated[
    tuple[str, ...], BeforeValidator(one_or_many), Field(min_length=1), names_schema({"type": "string"}, at_least=1)
]
"""One text or a list of them, never empty."""


class When(SuiteModel):
    """Where an entry counts: at some endpoints only, for probes with some labels only, or both."""

    labels: Mapping[str, Some] = Field(default_factory=dict)
    """Labels a probe must have, each with its value or a list of values."""
    endpoint: Some | None = None
    """Name of the endpoint, or a list of names."""

    @model_validator(mode="after")
    def _of_something(self) -> When:
        if not self.labels and self.endpoint is None:
            raise ValueError("when says neither labels nor endpoint; like when: {endpoint: production}")
        return self

    def holds(self, labels: Mapping[str, str], endpoint: str | None) -> bool:
        """True for a probe with these labels at this endpoint; ``endpoint`` None stands for any."""
        elsewhere = endpoint is not None and self.endpoint is not None and endpoint not in self.endpoint
        return not elsewhere and all(labels.get(key) in values for key, values in self.labels.items())


class CheckSpec(SuiteModel):
    """One entry of a check list as written: the check's name, its argument, and how strictly it counts."""

    check: str
    argument: Any = None
    mode: Literal["contract", "tracked"] = "contract"
    """``contract``: the run fails when ``require`` is not met. ``tracked``: only feeds the ``checks`` stream."""
    require: Require = "all"
    when: When | None = None
    """Where it counts; left out, for every probe of its list at every endpoint."""
    severity: Severity | None = None
    """How loudly it alerts when it is broken; left out, as its kind of alert does (page)."""
    fault: Fault | None = Field(default=None, alias="class")
    """What is broken when it fails, in the classes of failures; left out, what the check itself says."""

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: object) -> object:
        if (
            isinstance(value, Mapping)
            and "check" in value
            and set(value) <= {"check", "argument", "fault", *RESERVED_CHECK_KEYS}
        ):
            return dict(value)
        return entry_parts(value, RESERVED_CHECK_KEYS)

    @model_validator(mode="after")
    def _severity_of_a_contract(self) -> CheckSpec:
        if self.severity is not None and self.mode == "tracked":
            raise ValueError("a tracked check breaks no contract and has no severity of its own; take one of them out")
        return self

    def applies(self, labels: Mapping[str, str], endpoint: str | None) -> bool:
        """True where ``when`` holds, or is not there; ``endpoint`` None stands for any."""
        return self.when is None or self.when.holds(labels, endpoint)


def entry_parts(value: object, reserved: Collection[str]) -> dict[str, Any]:
    """``{contains: 30 days, mode: tracked}`` as ``{check: contains, argument: 30 days, mode: tracked}``.

    Raises:
        ValueError: it is neither a name nor one check beside the reserved keys.
    """
    if isinstance(value, str):
        return {"check": value}
    if not isinstance(value, Mapping):
        raise ValueError(f"a check is a name or a mapping, not {value!r}")
    names = [key for key in value if key not in reserved]
    if len(names) != 1:
        found = ", ".join(map(str, names)) or "none"
        raise ValueError(f"one check an entry, beside {_and(reserved)}; found: {found}{_misspelt(names, reserved)}")
    rest = {key: value[key] for key in value if key in reserved}
    return {"check": str(names[0]), "argument": value[names[0]], **rest}


def _misspelt(names: Collection[object], reserved: Collection[str]) -> str:
    near = {name: nearest(str(name), reserved, alike=_MISSPELT) for name in names}
    return "".join(f"; did you mean {known!r}, not {name!r}?" for name, known in near.items() if known)


def _and(names: Collection[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last

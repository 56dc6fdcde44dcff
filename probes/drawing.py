"""One case as it was read, from a suite or from a row of a data file, before it is spread out. Feeds ``unfolding``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.cases import case_id
from probes.forms import LONGEST_NAME, NAME_PATTERN
from probes.positions import Spot
from probes.rows import Refusing, Row
from probes.unfolded import Site

_NAME_HINT = "letters, digits, dots, dashes and underscores, at most 100, a letter or digit first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One case as it was read, from the suite or from a row."""

    values: Mapping[str, Any]
    name: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    """Other keys of a case in the suite: checks and samples."""
    index: int | None = None
    spot: Spot | None = None


def from_row(row: Row, name: str | None, labels: Iterable[str], refusing: Refusing) -> Drawn | None:
    """The case of one row; None, and faults in its line, where it cannot be one."""
    called, line, before = None, row.spot.line, len(refusing.faults) + refusing.more
    if name is not None:
        called = row.values.get(name)
        called = str(called) if isinstance(called, int) and not isinstance(called, bool) else called
        if called is None or called == "":
            refusing.at(line, f"{name} is empty, but names the case", "fill it, or leave id: out of cases")
        elif not is_name(called):
            message, hint = no_name(called)
            refusing.at(line, f"{name}: {message}", hint)
    told = {label: value for label in labels if (value := row.values.get(label)) not in (None, "")}
    for label, value in told.items():
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            refusing.at(line, f"{label} is a label and must be text", "write it in quotes")
    if len(refusing.faults) + refusing.more > before:
        return None
    values = {key: value for key, value in row.values.items() if key != name and key not in labels}
    return Drawn(values=values, name=called, labels={k: str(v) for k, v in told.items()}, spot=row.spot)


def is_name(name: Any) -> bool:
    return isinstance(name, str) and len(name) <= LONGEST_NAME and re.fullmatch(NAME_PATTERN, name) is not None


def no_name(name: Any) -> tuple[str, str]:
    shown = repr(name)[:60] if isinstance(name, (str, int, float)) else "what stands there"
    return f"{shown} cannot be the id of a case", _NAME_HINT


def plain_case(
    probe: Mapping[str, Any],
    index: int,
    shared: Any,
    one: Drawn,
    chosen: Mapping[str, Any],
    labelled: Iterable[str],
) -> tuple[dict[str, Any], Site]:
    """One plain probe, and where it was written."""
    name = case_id(str(probe["id"]), one.name, chosen, one.values)
    rest = {key: value for key, value in probe.items() if key not in ("cases", "matrix")}
    values = {**shared, **chosen, **one.values} if isinstance(shared, dict) else shared
    made: dict[str, Any] = {**rest, "id": name, "vars": values}
    common, labels = probe.get("labels", {}), {key: _label(chosen[key]) for key in labelled}
    if isinstance(common, dict) and (labels or one.labels):
        made["labels"] = {**labels, **common, **one.labels}
    checks = probe.get("checks", [])
    if "checks" in one.own and isinstance(checks, list):
        made["checks"] = [*checks, *one.own["checks"]]
    if "samples" in one.own:
        made["samples"] = one.own["samples"]
    own = {"labels": frozenset(one.labels), "vars": frozenset(one.values)} | dict.fromkeys(one.own, frozenset())
    own = {key: keys for key, keys in own.items() if keys or key in one.own}
    size = len(checks) if isinstance(checks, list) else 0
    own.pop("checks", None)  # told apart by their number
    return made, Site(written=index, id=name, case=one.index, own=own, checks=size, spot=one.spot)


def _label(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

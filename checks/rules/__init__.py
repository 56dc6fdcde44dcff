"""The table of checks, and how the entries of a suite become rules. One file a check; feeds engine, ``validate``
and the editor's schema. Other packages add checks through the entry point group ``holdfast.checks``."""

from __future__ import annotations

from collections.abc import Sequence

from checks.binding import BindProblem, SuiteProblem, bind_entries, bind_probes
from checks.check import Rule
from checks.rules.contains import Contains
from checks.rules.equals import Equals
from checks.rules.finish import Finish
from checks.rules.first_token import FirstToken
from checks.rules.json_path import JsonPath
from checks.rules.json_schema import JsonSchema
from checks.rules.no_refusal import NoRefusal
from checks.rules.not_contains import NotContains
from checks.rules.output_tokens import OutputTokens
from checks.rules.regex import Regex
from checks.rules.route import Route
from checks.rules.similar import Similar
from checks.rules.total_time import TotalTime
from checks.run_checks import BoundCheck
from probes.registry import with_entry_points
from probes.suite import CheckSpec, Suite

__all__ = ["CHECKS", "BindProblem", "BoundCheck", "SuiteProblem", "all_checks", "bind", "bind_suite"]

CHECKS: dict[str, type[Rule]] = {
    "contains": Contains,
    "not_contains": NotContains,
    "equals": Equals,
    "regex": Regex,
    "json_schema": JsonSchema,
    "json_path": JsonPath,
    "similar": Similar,
    "no_refusal": NoRefusal,
    "finish": Finish,
    "first_token": FirstToken,
    "total_time": TotalTime,
    "output_tokens": OutputTokens,
    "route": Route,
}


def all_checks() -> dict[str, type[Rule]]:
    """The checks above and those of installed packages, by name.

    Raises:
        UsageError: another package uses a name that is already taken.
    """
    return with_entry_points(CHECKS, "holdfast.checks")


def bind(specs: Sequence[CheckSpec]) -> tuple[tuple[BoundCheck, ...], tuple[BindProblem, ...]]:
    """The rules of one check list, and everything wrong with its entries."""
    return bind_entries(specs, all_checks())


def bind_suite(suite: Suite) -> tuple[dict[str, tuple[BoundCheck, ...]], tuple[SuiteProblem, ...]]:
    """The rules of every probe by its id (defaults first, restated ones left out), and everything wrong with them."""
    return bind_probes(suite, all_checks())

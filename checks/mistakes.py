"""Mistakes in entries of check lists: where they stand, what is wrong, what would be right. Feeds ``binding``.

Paths are those of the short form (``contains: {al: x}`` -> ``("contains", "al")``) and only lead to what is written
there: a missing option is told at the mapping that lacks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from checks.check import Rule
from checks.quote import quoted, shortened
from probes.nearest import did_you_mean
from probes.suite import CheckSpec

Path = tuple[str | int, ...]
_PLAIN = {
    "model_type": "is not a mapping of options",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "invalid-json-value": "is not a JSON value; put dates in quotes",
}
"""What pydantic says in the words of its own trade."""
_SUBJECT = re.compile(r"^(?:Input|String|Value|Tuple|List) (?=should)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BindProblem:
    """One thing wrong with one entry of a check list."""

    index: int
    """0-based number of the entry in its list."""
    path: Path
    """Where inside the entry; empty for the entry as a whole."""
    message: str
    """What is wrong, with the offending value in it."""
    hint: str = ""
    """What would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteProblem:
    """The same in a whole suite: ``path`` begins at the root of the YAML file."""

    path: Path
    message: str
    hint: str = ""


def placed(problem: BindProblem, place: Path) -> SuiteProblem:
    """The problem of an entry of the list at ``place``."""
    return SuiteProblem(path=(*place, problem.index, *problem.path), message=problem.message, hint=problem.hint)


def problem_at(index: int, spec: CheckSpec, inner: Path, message: str, hint: str = "") -> BindProblem:
    """A mistake within an entry; ``inner`` leads on from the argument."""
    return BindProblem(index=index, path=place_of(spec, inner), message=f"{spec.check}: {message}", hint=hint)


def place_of(spec: CheckSpec, inner: Path) -> Path:
    """The path within an entry of something in its argument."""
    # an entry without an argument may be the bare name: there is nothing inside it to point at
    return () if spec.argument is None else (spec.check, *_written(inner, spec.argument))


def unknown_check(index: int, spec: CheckSpec, known: Iterable[str]) -> BindProblem:
    """There is no check of that name."""
    hint = did_you_mean(spec.check.replace("-", "_"), known, otherwise="known checks:")
    path: Path = () if spec.argument is None else (spec.check,)
    return BindProblem(index=index, path=path, message=f"there is no check {quoted(spec.check, 60)}", hint=hint)


def refused_argument(index: int, spec: CheckSpec, rule: type[Rule], error: ValidationError) -> list[BindProblem]:
    """Everything that validation found wrong with an argument."""
    if spec.argument is None:
        return [problem_at(index, spec, (), "an argument is needed", _example(spec.check, rule))]
    problems = []
    for told in error.errors(include_url=False):
        message, hint = _in_words(told, spec, rule)
        problems.append(problem_at(index, spec, told["loc"], message, hint or _example(spec.check, rule)))
    return problems


def _in_words(told: Any, spec: CheckSpec, rule: type[Rule]) -> tuple[str, str]:
    """One of pydantic's errors as people say it, and a hint where the error itself knows one."""
    kind = told["type"]
    option = ".".join(map(str, told["loc"] if kind == "missing" else _written(told["loc"], spec.argument)))
    value = shortened(json.dumps(told["input"], ensure_ascii=False, default=str), 60)
    if kind == "extra_forbidden":
        known = _options(rule)
        return f"there is no option {quoted(option, 60)}", did_you_mean(option, known, otherwise="options:")
    if kind == "missing":
        return f"the option {option} is missing", ""
    if kind == "value_error":
        return str(told["ctx"]["error"]), ""
    plain = _PLAIN.get(kind)
    said = plain or _SUBJECT.sub("", told["msg"]).replace("valid dictionary", "mapping of names to values")
    return f"{option + ': ' if option else ''}{value} {said}", ""


def _options(rule: type[Rule]) -> tuple[str, ...]:
    schema = rule.argument.json_schema()
    forms = schema.get("anyOf", [schema])
    return tuple(option for form in forms for option in form.get("properties", {}))


def _example(check: str, rule: type[Rule]) -> str:
    examples = rule.argument.json_schema().get("examples")
    return f"for example {check}: {json.dumps(examples[0], ensure_ascii=False)}" if examples else ""


def _written(path: Path, argument: Any) -> Path:
    """The part of the path that exists in what was written: short forms lack the option's name."""
    found: list[str | int] = []
    for part in path:
        if _holds(argument, part):
            argument = argument[part]
            found.append(part)
        elif isinstance(argument, Mapping) or isinstance(part, int):
            break
    return tuple(found)


def _holds(written: Any, part: str | int) -> bool:
    if isinstance(written, Mapping):
        return part in written
    return isinstance(written, (list, tuple)) and isinstance(part, int) and part < len(written)

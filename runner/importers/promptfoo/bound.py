"""Whether Holdfast takes a check as the import writes it. Feeds ``entries``."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from checks.rules import bind
from probes.suite import CheckSpec


def refusal_of(entry: Any) -> str:
    """Why an entry of a check list would be refused, in a line; empty where it would not."""
    try:
        _, problems = bind([CheckSpec.model_validate(entry)])
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return "; ".join(problem.message for problem in problems)

"""Whether Holdfast takes a check as the import writes it. Feeds ``entries``."""

from __future__ import annotations

import functools
from typing import Any

from pydantic import ValidationError

from checks.binding import Binding
from checks.local_code import no_functions
from checks.rules import all_checks
from probes.suite import CheckSpec


@functools.cache
def _binding() -> Binding:
    """Kept, because looking for other packages' checks takes longer than binding one."""
    return Binding(rules=all_checks(), functions=no_functions)


def refusal_of(entry: Any) -> str:
    """Why an entry of a check list would be refused, in a line; empty where it would not."""
    try:
        _, problems = _binding().entries([CheckSpec.model_validate(entry)])
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return "; ".join(problem.message for problem in problems)

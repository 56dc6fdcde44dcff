"""The check ``json_valid``: the answer is JSON and nothing else."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext
from checks.code_part import Placed
from checks.finding import Outcome
from checks.json_in_answer import judged_json
from probes.fault import Fault
from probes.sample import Sample


class ValidJson(Placed):
    """Where the JSON may stand, and whether an object may name a key twice."""

    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = ({"fences": "allow"}, {"duplicate_keys": "forbid"}, {"anywhere": True}, None)

    duplicate_keys: Literal["allow", "forbid"] = "allow"


class JsonValid:
    """The answer is one JSON value (RFC 8259), or holds one where ``anywhere`` allows prose around it."""

    name: ClassVar[str] = "json_valid"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(ValidJson)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: ValidJson) -> None:
        self._placed = argument
        self._unique_keys = argument.duplicate_keys == "forbid"

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        return judged_json(sample.answer or "", self._placed, lambda _: PASSED, unique_keys=self._unique_keys)

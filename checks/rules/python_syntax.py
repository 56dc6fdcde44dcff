"""The check ``python_syntax``: the answer is Python source."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext
from checks.code_part import Broken, Placed, Unread, code_part
from checks.finding import Outcome
from checks.python_syntax import read_python
from probes.fault import Fault
from probes.sample import Sample


class PythonSource(Placed):
    """Where the source may stand."""

    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = ({"fences": "allow"}, {"anywhere": True}, None)


class PythonSyntax:
    """The source parses and holds a statement; it is never compiled or run."""

    name: ClassVar[str] = "python_syntax"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(PythonSource)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: PythonSource) -> None:
        self._placed = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        part = code_part(sample.answer or "", self._placed, "python")
        try:
            read_python(part.text)
        except (Broken, Unread) as error:
            return part.told(error)
        return PASSED

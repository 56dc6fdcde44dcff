"""The check ``format``: the shape of the answer, whatever it says."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema, model_validator

from checks.argument import Argument, one_or_many
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.shapes import Shape, misfit
from probes.fault import Fault
from probes.sample import Sample

_ONE = {"type": "string", "enum": list(get_args(Shape))}
_Shapes = Annotated[
    tuple[Shape, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
_AT_ODDS: tuple[tuple[Shape, Shape], ...] = (
    ("plain", "markdown"),
    ("plain", "bullet_list"),
    ("plain", "numbered_list"),
    ("bullet_list", "numbered_list"),
    ("json_only", "bullet_list"),
    ("json_only", "numbered_list"),
)


class WantedShape(Argument):
    """One shape, or several that must hold together."""

    main: ClassVar[str] = "all"
    examples: ClassVar[tuple[Any, ...]] = (
        "bullet_list",
        *(shape for shape in get_args(Shape) if shape != "bullet_list"),
        ["one_line", "plain"],
    )

    all: _Shapes

    @model_validator(mode="after")
    def _possible(self) -> WantedShape:
        for one, other in _AT_ODDS:
            if one in self.all and other in self.all:
                raise ValueError(f"no answer is both {one} and {other}")
        return self


class Format:
    """The answer has every shape asked for; ``span`` is the first piece that does not fit."""

    name: ClassVar[str] = "format"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(WantedShape)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: WantedShape) -> None:
        self._shapes = argument.all

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        wrong = next((found for shape in self._shapes if (found := misfit(answer, shape))), None)
        return PASSED if wrong is None else failed(wrong.reason, wrong.span)

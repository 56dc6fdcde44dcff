"""What a suite may expect of tool calls, as written in YAML. Feeds ``tool_calls``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, JsonValue, WithJsonSchema, model_validator

from checks.argument import Argument, Text, Texts, one_or_many
from checks.counts import Count
from checks.tool_names import Order, matches_any
from probes.forms import Share, Truth

_OBJECT = {"type": "object"}
_Values = Annotated[
    tuple[dict[str, JsonValue], ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_OBJECT, {"type": "array", "items": _OBJECT, "minItems": 1}]}),
]
"""Arguments of one call, or those of several."""
_Object = Annotated[dict[str, JsonValue], WithJsonSchema(_OBJECT)]


class ToolExpectations(Argument):
    """Tools that must be called, and how; names and places are patterns with ``*`` and ``?``."""

    main: ClassVar[str] = "names"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        "look_up_order",
        {"names": ["look_up_order", "refund"], "order": "subset", "forbidden": "delete_*"},
        {"count": {"max": 3}, "only": ["look_up_*"]},
        {"arguments": {"refund": {"amount": 12.5}}, "exact": True, "ignore": ["request_id"]},
        {"schemas": {"refund": {"type": "object", "required": ["amount"]}}},
        {"names": ["search", "answer"], "f1": 0.8},
        None,
    )

    names: Texts | None = None
    order: Order = "any"
    f1: Annotated[Share, Field(gt=0)] | None = None
    count: Count | None = None
    only: Texts | None = None
    forbidden: Texts | None = None
    arguments: Annotated[dict[Text, _Values], Field(min_length=1)] | None = None
    exact: Truth = False
    ignore: Texts | None = None
    defaults: _Object = Field(default_factory=dict)
    schemas: Annotated[dict[Text, _Object], Field(min_length=1)] | None = None

    @property
    def only_schemas(self) -> bool:
        """True where nothing is asked but that arguments fit, should there be a call."""
        return self.schemas is not None and not self._asks(but="schemas")

    @property
    def any_call(self) -> bool:
        """True where nothing is asked but that some tool is called."""
        return not self._asks()

    def _asks(self, but: str = "") -> bool:
        asked = ("names", "count", "only", "forbidden", "arguments", "schemas")
        return any(getattr(self, option) is not None for option in asked if option != but)

    @model_validator(mode="after")
    def _goes_together(self) -> ToolExpectations:
        if self.names is None and (self.order != "any" or self.f1 is not None):
            raise ValueError("order and f1 speak of names; give names:")
        if self.f1 is not None and self.order != "any":
            raise ValueError("f1 compares sets of names, which have no order; drop one of them")
        if self.arguments is None and (self.exact or self.ignore or self.defaults):
            raise ValueError("exact, ignore and defaults speak of arguments; give arguments:")
        return self

    @model_validator(mode="after")
    def _can_hold(self) -> ToolExpectations:
        for name in self.names or ():
            if matches_any(name, self.forbidden or ()):
                raise ValueError(f"{name} is both wanted and forbidden")
            if self.only is not None and self.f1 is None and not matches_any(name, self.only):
                raise ValueError(f"{name} is wanted, but not among those of only")
        return self

"""The check ``no_truncation``: the answer came to its end."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Argument, one_or_many
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.cut import find_cut
from checks.cut_json import is_cut_json
from checks.finding import Outcome
from checks.quote import quoted
from probes.fault import Fault
from probes.sample import Finish, Sample

_WORD_CHARS = 40
_ENDS = {
    Finish.LENGTH: "the limit on its length cut it off (finish length)",
    Finish.PAUSE: "the model paused before it was done (finish pause)",
}
_ONE = {"type": "string", "enum": ["finish", "text"]}
_Signs = Annotated[
    tuple[Literal["finish", "text"], ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]


class Signs(Argument):
    """What is looked at: the reason the reply gives for its end, the text itself, or (without argument) both."""

    main: ClassVar[str] = "by"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = ("finish", {"by": ["finish", "text"]}, "text", None)

    by: _Signs = ("finish", "text")


class NoTruncation:
    """Neither the reason for the end nor the text says that something is missing.

    A text can show that it was cut, never that it is whole. So where the reason counts and is not told, the sample
    cannot be judged, unless the text already shows a cut.
    """

    name: ClassVar[str] = "no_truncation"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Signs)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.TRUNCATED
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: Signs) -> None:
        self._by_finish = "finish" in argument.by
        self._by_text = "text" in argument.by

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if self._by_finish and sample.finish in _ENDS:
            told = f"expected a whole answer, but {_ENDS[sample.finish]}: {_end(sample.answer or '')}"
            return failed(told, _last_word(sample.answer or ""))
        cut = _cut(sample) if self._by_text else None
        if cut is not None:
            return cut
        if self._by_finish and sample.finish in (None, Finish.UNKNOWN):
            raw = f": {quoted(sample.finish_raw, 60)}" if sample.finish_raw else ""
            return unmeasured(f"the reply does not say in known words why it ended{raw}")
        return PASSED


def _cut(sample: Sample) -> Outcome | None:
    for call in sample.tool_calls:
        if is_cut_json(call.arguments):
            return failed(
                f"expected whole arguments for the tool {quoted(call.name, 60)}, they end in the middle of the JSON: "
                f"{_end(call.arguments)}"
            )
    answer = sample.answer or ""
    cut = None if _leads_to_a_call(sample) else find_cut(answer)
    if cut is None:
        return None
    return failed(f"expected a whole answer, but it ends in the middle of {cut.words}: {_end(answer)}", cut.span)


def _leads_to_a_call(sample: Sample) -> bool:
    """True where the text only leads over to a tool call ("Let me look that up:")."""
    return sample.finish is Finish.TOOL_CALLS or (bool(sample.tool_calls) and sample.finish is not Finish.STOP)


def _end(text: str) -> str:
    return quoted(text[-60:])


def _last_word(text: str) -> tuple[int, int] | None:
    end = len(text.rstrip())
    start = text.rfind(" ", max(0, end - _WORD_CHARS), end) + 1
    return (start or max(0, end - _WORD_CHARS), end) if end else None

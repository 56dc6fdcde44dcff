"""The check ``equals``: the whole answer, as text or as JSON."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import JsonValue, TypeAdapter, WithJsonSchema, model_validator

from checks.argument import Argument
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.json_answer import NotJson, json_text, read_json, same_json
from checks.quote import quoted
from checks.unicode_forms import FORM_NOTE, composed
from probes.fault import Fault
from probes.sample import Sample


class Expected(Argument):
    """What the answer must be. With ``by: json`` a text is read as JSON, anything else is the value itself."""

    main: ClassVar[str] = "to"
    short_schema: ClassVar[dict[str, Any] | None] = {"type": "string"}
    examples: ClassVar[tuple[Any, ...]] = (
        "147",
        {"to": "yes", "ignore_case": True},
        {"to": {"ok": True}, "by": "json"},
    )

    to: Annotated[JsonValue, WithJsonSchema({})]
    ignore_case: bool = False
    trim: bool = True
    by: Literal["text", "json"] = "text"

    @model_validator(mode="after")
    def _fits(self) -> Expected:
        if self.by == "text" and not isinstance(self.to, str):
            raise ValueError(f"{json_text(self.to)} is not a text; put it in quotes, or add by: json")
        if self.by == "json" and (self.ignore_case or not self.trim):
            raise ValueError("ignore_case and trim go with by: text only")
        return self


class Equals:
    """The answer is this text, white space at both ends aside (unless ``trim`` is false); or JSON of this value."""

    name: ClassVar[str] = "equals"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Expected)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER

    def __init__(self, argument: Expected) -> None:
        self._json = argument.by == "json"
        self._ignore_case = argument.ignore_case
        self._trim = argument.trim
        self._to = argument.to
        if self._json and isinstance(argument.to, str):
            try:
                self._to = read_json(argument.to)
            except NotJson as error:
                raise ValueError(f"{argument.to!r} is not JSON; a JSON string is written '\"like this\"'") from error

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        answer = sample.answer or ""
        if not self._json:
            return self._same_text(answer, str(self._to))
        try:
            same = same_json(read_json(answer), self._to)
        except NotJson as error:
            return failed(str(error))
        return PASSED if same else failed(f"expected the JSON {quoted(json_text(self._to))}, got {quoted(answer)}")

    def _same_text(self, answer: str, wanted: str) -> Outcome:
        if self._plain(answer) == self._plain(wanted):
            return PASSED
        form = FORM_NOTE if self._plain(composed(answer)) == self._plain(composed(wanted)) else ""
        return failed(f"expected {quoted(wanted)}, got {quoted(answer)}{form}")

    def _plain(self, text: str) -> str:
        text = text.strip() if self._trim else text
        return text.casefold() if self._ignore_case else text

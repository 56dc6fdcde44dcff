"""The judge of a suite as its author writes it: which endpoints are asked about answers, and the known verdicts that
show whether the judge itself is still the same. Feeds the checks of meaning and whoever asks on their behalf."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from probes.check_spec import CheckSpec, entry_parts
from probes.duration import PositiveDuration
from probes.forms import Name, Number, SuiteModel, Whole, one_or_many

MOST_VOTES = 9
"""Most times one question is put to the judge."""
MOST_CASES = 50
"""Most cases of a calibration: each is asked beside the probes."""
_BESIDE = ("answer", "question", "baseline", "verdict")

Votes = Annotated[Whole, Field(ge=1, le=MOST_VOTES)]
"""How often the judge is asked the same question; the majority counts."""
_Lines = Annotated[tuple[str, ...], BeforeValidator(one_or_many)]


class CalibrationCase(SuiteModel):
    """One answer whose verdict is known, with the check that is to give it."""

    answer: str
    """The text to be judged."""
    question: str = ""
    """What was asked, where the verdict depends on it."""
    baseline: _Lines = ()
    """Baseline answers, for a check that compares with them."""
    verdict: Literal["pass", "fail"]
    """What the check must say of it."""
    check: str
    argument: Any = None

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: object) -> object:
        return entry_parts(value, _BESIDE)

    @property
    def spec(self) -> CheckSpec:
        """The check as an entry of a check list."""
        return CheckSpec(check=self.check, argument=self.argument)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        kept = {key: value for key, value in schema["properties"].items() if key in _BESIDE}
        # the one further key is the name of a check, with its argument
        return {
            "type": "object",
            "description": "One answer whose verdict is known: beside these keys the name of a check of meaning.",
            "properties": kept,
            "required": ["answer", "verdict"],
            "minProperties": 3,
            "maxProperties": len(_BESIDE) + 1,
        }


class Calibration(SuiteModel):
    """Known verdicts that are asked for beside each run, to tell a changed judge from a changed product."""

    cases: Annotated[tuple[CalibrationCase, ...], Field(min_length=1, max_length=MOST_CASES)]
    """Answers with their known verdicts."""
    tolerate: Annotated[Whole, Field(ge=0)] = 0
    """Verdicts that may differ before the judge counts as changed. Default 0."""
    every_s: PositiveDuration | None = Field(default=None, alias="every")
    """Ask again only after this time, like 6h; left out, beside each run."""

    @model_validator(mode="after")
    def _can_move(self) -> Calibration:
        if self.tolerate >= len(self.cases):
            raise ValueError(
                f"tolerate: {self.tolerate} of {len(self.cases)} cases could never be passed; write a smaller number"
            )
        return self


class Judge(SuiteModel):
    """Which endpoints are asked about answers. They are asked as a part of each run, and never monitored."""

    endpoint: Name | None = None
    """The endpoint that gives verdicts."""
    embeddings: Name | None = None
    """The endpoint that turns texts into vectors, of protocol openai-embeddings."""
    votes: Votes = 1
    """How often each question is put to the judge; the majority counts. Default 1."""
    temperature: Annotated[Number, Field(ge=0)] | None = 0.0
    """Sent unless the endpoint's params say otherwise; null leaves it out. Default 0."""
    seed: Whole | None = 1
    """Seed of the first vote, the next ones count on, unless the endpoint has one; null leaves it out. Default 1."""
    calibration: Calibration | None = None
    """Answers with known verdicts, asked beside each run."""

    @model_validator(mode="after")
    def _asks_somebody(self) -> Judge:
        if self.endpoint is None and self.embeddings is None:
            raise ValueError("judge names nobody to ask; like judge: {endpoint: judge, embeddings: embedder}")
        if self.calibration is not None and self.endpoint is None:
            raise ValueError("a calibration needs a judge to calibrate; add endpoint: NAME")
        return self

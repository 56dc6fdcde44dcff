"""The check ``retrieved``: which documents the endpoint found, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema, model_validator

from checks.argument import Argument, Text, Texts, one_or_many
from checks.check import PASSED, CheckContext, failed, unmeasured
from checks.finding import Outcome
from checks.quote import listed
from checks.ranking import Grades, ndcg_at, precision_at, recall_at, reciprocal_rank
from probes.fault import Fault
from probes.sample import Sample
from probes.suite import Share

_MEASURES: dict[str, tuple[str, Callable[[list[str], Grades, int | None], float]]] = {
    "recall": ("recall", recall_at),
    "precision": ("precision", precision_at),
    "mrr": ("reciprocal rank", reciprocal_rank),
    "ndcg": ("nDCG", ndcg_at),
}
_ROUNDING = 1e-9
_Grade = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False, strict=True)]
_Measure = Annotated[Share, Field(gt=0)] | None


def _graded(value: object) -> object:
    """A list of ids as grades of 1 each."""
    listed_ids = one_or_many(value) if isinstance(value, (str, list, tuple)) else value
    if isinstance(listed_ids, (list, tuple)) and all(isinstance(name, str) for name in listed_ids):
        return dict.fromkeys(listed_ids, 1.0)
    return value


_NAME = {"type": "string", "minLength": 1}
_Grades = Annotated[
    dict[Text, _Grade],
    BeforeValidator(_graded),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                _NAME,
                {"type": "array", "items": _NAME, "minItems": 1},
                {
                    "type": "object",
                    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1_000},
                    "minProperties": 1,
                },
            ]
        }
    ),
]


class Retrieval(Argument):
    """Ids that must or must not be among the first ``k``, and how good the order is against ``relevant`` ones."""

    main: ClassVar[str] = "include"
    examples: ClassVar[tuple[Any, ...]] = (
        {"include": ["returns-policy"], "k": 3},
        "returns-policy",
        {"relevant": {"returns-policy": 3, "shipping": 1}, "k": 5, "recall": "50%", "ndcg": 0.7},
        {"empty": False},
    )

    include: Texts | None = None
    exclude: Texts | None = None
    k: int | None = Field(default=None, ge=1, le=1_000, strict=True)
    empty: bool | None = None
    relevant: _Grades | None = None
    recall: _Measure = None
    precision: _Measure = None
    mrr: _Measure = None
    ndcg: _Measure = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> Retrieval:
        measures = [name for name in _MEASURES if getattr(self, name) is not None]
        ids_asked = bool(self.include or self.exclude or measures)
        if not ids_asked and self.relevant is None and self.empty is None:
            raise ValueError("nothing is asked of the documents; give include:, exclude:, empty: or relevant:")
        if self.empty and ids_asked:
            raise ValueError("empty: true says that nothing is found, so nothing else can be asked")
        if measures and self.relevant is None:
            raise ValueError(f"{measures[0]} needs relevant: the ids that should be found")
        if self.relevant is not None and not measures:
            raise ValueError("relevant alone asks nothing; give one of recall, precision, mrr, ndcg")
        if self.relevant is not None and not any(self.relevant.values()):
            raise ValueError("no document is relevant; give one a grade above 0")
        return self


class Retrieved:
    """Everything asked of the retrieved documents holds. Passages of one document count once, at their best rank."""

    name: ClassVar[str] = "retrieved"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Retrieval)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.RETRIEVAL_MISS
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: Retrieval) -> None:
        self._asked = argument

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.documents is None:
            return unmeasured("the reply does not tell which documents were retrieved")
        asked, names = self._asked, [document.id for document in sample.documents]
        if asked.empty:
            return failed(f"expected no documents, got {listed(tuple(names))}") if names else PASSED
        if not names:
            # nothing found is what "exclude" alone asks for
            fine = asked.empty is None and not (asked.include or asked.relevant)
            return PASSED if fine else failed("expected documents, none was retrieved")
        if not all(names) and (asked.include or asked.exclude or asked.relevant):
            return unmeasured(f"{names.count('')} of {len(names)} retrieved documents have no id")
        return next(self._misses(list(dict.fromkeys(names))), PASSED)

    def _misses(self, ranked: list[str]) -> Iterator[Outcome]:
        asked, first = self._asked, ranked[: self._asked.k]
        got, among = listed(tuple(first)), f"among the first {asked.k}" if asked.k else "among the documents"
        missing = tuple(name for name in asked.include or () if name not in first)
        if missing:
            yield failed(f"expected {listed(missing)} {among}, got {got}", fault=_miss_of(missing, ranked))
        unwanted = tuple(name for name in asked.exclude or () if name in first)
        if unwanted:
            yield failed(f"expected no {listed(unwanted)} {among}, got {got}", fault=Fault.RANKING)
        for option, (words, measure) in _MEASURES.items():
            least = getattr(asked, option)
            value = 1.0 if least is None or asked.relevant is None else measure(ranked, asked.relevant, asked.k)
            if least is not None and value < least - _ROUNDING:
                at = f" at {asked.k}" if asked.k else ""
                told = f"expected a {words}{at} of at least {least:.3g}, got {value:.3g} from {got}"
                yield failed(told, fault=_low(option, asked.relevant, ranked))


def _miss_of(wanted: Iterable[str], ranked: list[str]) -> Fault:
    """A miss where one of them was not found at all; where all were found, too low, it is their order."""
    return Fault.RANKING if set(wanted) <= set(ranked) else Fault.RETRIEVAL_MISS


def _low(option: str, relevant: Grades | None, ranked: list[str]) -> Fault:
    """Of a low recall as of missing documents; of the other measures the order, unless nothing relevant was found."""
    good = [name for name, grade in (relevant or {}).items() if grade > 0]
    if option == "recall":
        return _miss_of(good, ranked)
    return Fault.RANKING if set(good) & set(ranked) else Fault.RETRIEVAL_MISS

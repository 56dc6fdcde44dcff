"""The check ``grounded``: what the answer states stands in what was retrieved, or in a given text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from checks.argument import Argument, Texts, one_or_many
from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.finding import Outcome
from checks.kinds import FactKind
from checks.quote import listed
from probes.fault import Fault
from probes.sample import Document, Sample
from probes.suite import Share

if TYPE_CHECKING:
    from checks.facts import Fact

EXAMINED_CHARS = 100_000
"""Characters of an answer that are examined."""
MOST_QUOTES = 500
"""Different quotations of an answer that are looked up; each costs a walk through the sources."""
_ROUNDING = 1e-9
_ONE = {"type": "string", "enum": list(get_args(FactKind))}
_Kinds = Annotated[
    tuple[FactKind, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]


class Grounding(Argument):
    """Texts that count beside the retrieved documents, what is looked up in them, and how much must be there."""

    main: ClassVar[str] = "context"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        "Keyboards can be returned within 30 days.",
        None,
        {"kinds": ["numbers", "dates", "quotes", "names"], "at_least": "80%"},
    )

    context: Texts | None = None
    kinds: _Kinds = ("numbers", "dates", "quotes")
    at_least: Annotated[Share, Field(gt=0)] = 1.0


class Grounded:
    """The share of facts that stand in the sources reaches ``at_least``; skipped where the answer states none.

    ``span`` is the first that stands nowhere. Where a document came without its text, a fact may stand there unseen:
    that is an error and not a fail.
    """

    name: ClassVar[str] = "grounded"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Grounding)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.UNGROUNDED

    def __init__(self, argument: Grounding) -> None:
        self._kinds = tuple(dict.fromkeys(argument.kinds))
        self._at_least = argument.at_least
        from checks.facts import Sources, facts_in, sources_of  # patterns take time to compile, few suites need them

        self._facts_in, self._sources_of = facts_in, sources_of
        self._given = Sources(argument.context) if argument.context else None

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        documents = sample.documents
        if documents is None and self._given is None:
            return unmeasured("the reply does not tell which documents were retrieved, and no context is given")
        if documents and self._given is None and all(document.text is None for document in documents):
            return unmeasured("the retrieved documents came without their text")
        answer = sample.answer or ""
        facts = {(fact.kind, fact.text): fact for fact in self._facts_in(answer[:EXAMINED_CHARS], self._kinds)}
        if sum(kind == "quotes" for kind, _ in facts) > MOST_QUOTES:
            return unmeasured(f"the answer has over {MOST_QUOTES} quotations, too many to look up")
        return self._judged(tuple(facts.values()), documents or (), answer)

    def _judged(self, facts: tuple[Fact, ...], documents: tuple[Document, ...], answer: str) -> Outcome:
        missing = self._missing(facts, documents)
        if facts and (len(facts) - len(missing)) / len(facts) < self._at_least - _ROUNDING:
            return self._told(missing, len(facts), documents)
        if len(answer) > EXAMINED_CHARS:
            return unmeasured(f"only the first {EXAMINED_CHARS} characters were looked up")
        return PASSED if facts else skipped(f"the answer has no {' or '.join(self._kinds)} to look up")

    def _missing(self, facts: tuple[Fact, ...], documents: tuple[Document, ...]) -> list[Fact]:
        texts = tuple(document.text for document in documents if document.text)
        sources = [source for source in (self._given, self._sources_of(texts) if facts and texts else None) if source]
        return [fact for fact in facts if not any(source.hold(fact) for source in sources)]

    def _told(self, missing: list[Fact], of: int, documents: tuple[Document, ...]) -> Outcome:
        mute = sum(document.text is None for document in documents)
        what = f"{len(missing)} of {of} do not: {listed(tuple(fact.text for fact in missing))}"
        if mute:
            return unmeasured(f"{mute} of {len(documents)} documents came without their text; of the rest, {what}")
        wanted = "all" if self._at_least == 1 else f"at least {self._at_least:.0%} of the"
        return failed(f"expected {wanted} {', '.join(self._kinds)} to stand in the sources, {what}", missing[0].span)

"""The check ``no_refusal``: the model answers instead of declining."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed
from checks.finding import Outcome
from checks.quote import quoted
from checks.refusal import Refusal, RefusalKind, find_refusal
from probes.fault import Fault
from probes.sample import Sample


class RefusalWording(Argument):
    """Phrases that also count as refusal, and phrases that do not."""

    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        {"also": ["please contact an agent"], "allow": ["cannot give tax advice"]},
        None,
    )

    also: Texts | None = None
    allow: Texts | None = None


class NoRefusal:
    """No layer of ``checks.refusal`` sees a refusal; ``span`` is the sentence that refuses."""

    name: ClassVar[str] = "no_refusal"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(RefusalWording)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.REFUSAL
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: RefusalWording) -> None:
        self._also = argument.also or ()
        self._allow = argument.allow or ()

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        refusal = find_refusal(sample, self._also, self._allow)
        if refusal is None:
            return PASSED
        filtered = Fault.CONTENT_FILTER if refusal.kind is RefusalKind.FILTER else None
        return failed(_told(refusal, sample), refusal.span, filtered)


def _told(refusal: Refusal, sample: Sample) -> str:
    if refusal.kind is RefusalKind.EMPTY:
        return "expected an answer, got an empty one"
    if refusal.kind is RefusalKind.FILTER:
        return "expected an answer, but a content filter ended it"
    if refusal.kind is RefusalKind.STRUCTURED:
        return (
            f"expected an answer, but the endpoint reports a refusal: {quoted(sample.refusal or sample.answer or '')}"
        )
    start, end = refusal.span or (0, 0)
    return f"expected an answer, got a refusal: {quoted((sample.answer or '')[start:end])}"

"""The check ``semantic_similarity``: the answer means what an expected text means, by the vectors of an endpoint."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import TypeAdapter, model_validator

from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.consulting import UNASKED, Consulting
from checks.finding import Outcome
from checks.goldens import NO_BASELINE, Goldens, Least
from checks.inquiry import Inquiry, InquiryReply
from checks.judging.quoting import harmless
from checks.quote import quoted
from checks.vectors import Incomparable, cosine, direction
from probes.fault import Fault
from probes.forms import Name
from probes.sample import Sample

EMBEDDED_CHARS_MOST = 30_000
"""Longest text that is sent: models of embeddings read about 8,000 tokens, and some cut off the rest in silence."""
BASELINE_TEXTS = 20
"""Different answers of the baseline that are compared: each is a request."""
PURPOSE = "semantic_similarity/1"


class Meaning(Goldens):
    """One or several texts, or the word ``baseline``, and how near the answer must be (0 to 1, or in percent)."""

    examples: ClassVar[tuple[Any, ...]] = (
        "You can return it within 30 days.",
        {"to": "baseline", "at_least": "85%"},
    )

    at_least: Least = 0.8
    """Least cosine of the nearest text. Default 0.8; what is near differs from model to model."""
    embeddings: Name | None = None
    """Name of the endpoint to ask; left out, the suite's embeddings."""

    @model_validator(mode="after")
    def _says_something(self) -> Meaning:
        if blank := next((text for text in self.to if not text.strip()), None):
            raise ValueError(f"{blank!r} means nothing; write a text")
        if longest := next((text for text in self.to if len(text) > EMBEDDED_CHARS_MOST), None):
            raise ValueError(
                f"a text of {len(longest):,} characters is too long; at most {EMBEDDED_CHARS_MOST:,} are compared"
            )
        return self


class SemanticSimilarity(Consulting):
    """The vector of the answer is near enough to that of one of the texts; skipped while there is no baseline."""

    name: ClassVar[str] = "semantic_similarity"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(Meaning)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.WRONG_ANSWER
    embedding = True

    def __init__(self, argument: Meaning) -> None:
        self._goldens = argument
        self._at_least = argument.at_least
        self.judge = argument.embeddings

    def questions(self, sample: Sample, context: CheckContext) -> tuple[Inquiry, ...]:
        texts, answer = self._texts(context), sample.answer
        if not texts or not _askable(answer) or not all(map(_askable, texts)):
            return ()
        return tuple(self._inquiry(text) for text in (answer or "", *texts))

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        texts, answer = self._texts(context), sample.answer
        if answer is None:
            return unmeasured("there is no text to compare")
        if not texts:
            return skipped(NO_BASELINE)
        if not answer.strip():
            return failed(f"expected what means {quoted(texts[0])}, got an answer without text")
        if over := next((text for text in (answer, *texts) if not _askable(text)), None):
            return unmeasured(
                f"not asked: texts of at most {EMBEDDED_CHARS_MOST:,} characters are compared, one has {len(over):,}"
            )
        return self._compared(answer, texts, context)

    def _compared(self, answer: str, texts: tuple[str, ...], context: CheckContext) -> Outcome:
        mine, others = self._reply(answer, context), [self._reply(text, context) for text in texts]
        for reply in (mine, *others):
            if reply.vector is None:
                return unmeasured(reply.why or "the endpoint gave no vector")
            if reply.model != mine.model:
                models = f"{quoted(mine.model, 60)} and {quoted(reply.model, 60)}"
                return unmeasured(f"the vectors are of two models, {models}")
        try:
            score, nearest = _nearest(mine, others, texts)
        except Incomparable as error:
            return unmeasured(f"the endpoint's vectors cannot be compared: {error}")
        if score >= self._at_least:
            return PASSED
        return failed(
            f"similarity of meaning {score:.3f}, expected at least {self._at_least:g} to {quoted(nearest)}, "
            f"got {quoted(answer)}"
        )

    def _reply(self, text: str, context: CheckContext) -> InquiryReply:
        return context.replies.get(self._inquiry(text).key) or InquiryReply(why=UNASKED)

    def _inquiry(self, text: str) -> Inquiry:
        return Inquiry(purpose=PURPOSE, kind="embedding", text=harmless(text), endpoint=self.judge)

    def _texts(self, context: CheckContext) -> tuple[str, ...]:
        found = self._goldens.texts(context)
        return tuple(text for text in found if text.strip())[:BASELINE_TEXTS] if self._goldens.to_baseline else found


def _askable(text: str | None) -> bool:
    return text is not None and bool(text.strip()) and len(text) <= EMBEDDED_CHARS_MOST


def _nearest(mine: InquiryReply, others: list[InquiryReply], texts: tuple[str, ...]) -> tuple[float, str]:
    """The highest cosine to any of the texts, and that text."""
    here = direction(mine.vector or ())
    near = [cosine(here, direction(other.vector or ())) for other in others]
    return max(zip(near, texts, strict=True))

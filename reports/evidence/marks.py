"""The places in answers that checks speak of: excerpts with the place in the middle, and whole texts cut at its edges.

Feeds the HTML page, text and Markdown. Pure. Texts are as the endpoint wrote them: whoever shows them escapes them.
Offsets are those of characters (code points), as Python counts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checks.finding import Finding, Status
from probes.sample import Sample
from probes.turns import view_of
from reports.escaping import visible

Span = tuple[int, int]
AROUND_CHARS = 40
"""Characters of an excerpt on either side of the marked place."""
MARKED_CHARS = 80
"""Longest marked place of an excerpt; of a longer one the beginning and the end are shown."""
_WIDENED_CHARS = 40
_JOINER = "\u200d"
_HIDING = ("no_pii", "no_secret", "no_leak")
"""Checks whose reasons keep to themselves what they found: an excerpt must not tell it after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A marked place with what stands around it."""

    before: str
    marked: str
    after: str

    @property
    def plain(self) -> str:
        """The excerpt as text alone, the place between guillemets."""
        return f"{self.before}\u00bb{self.marked}\u00ab{self.after}"


def excerpt_of(finding: Finding, samples: Iterable[Sample]) -> Excerpt | None:
    """Where the first answer that failed this check shows it.

    None where it has no place, where the text is not there, and for checks that keep what they found to themselves
    (personal data, secrets, the prompt): terminals and pages of CI jobs are read by more people than answers are.
    """
    if any(name == finding.check or f'"{name}"' in finding.argument for name in _HIDING):
        return None
    by_id = {sample.sample_id: sample for sample in samples}
    for entry in finding.outcomes:
        sample = by_id.get(entry.sample_id)
        if entry.outcome.status is not Status.FAIL or entry.outcome.span is None or sample is None:
            continue
        text = _text_of(sample, finding.turn)
        if text:
            return excerpt(text, entry.outcome.span)
    return None


def excerpt(text: str, span: Span) -> Excerpt:
    """The place with up to ``AROUND_CHARS`` on either side, on one line, an ellipsis where something was cut."""
    start, end = widened(text, span)
    left, right = max(0, start - AROUND_CHARS), min(len(text), end + AROUND_CHARS)
    before, after = _line(text[left:start]), _line(text[end:right])
    return Excerpt(
        before=("\u2026" if left else "") + before,
        marked=_shortened(text[start:end]),
        after=after + ("\u2026" if right < len(text) else ""),
    )


def spans_in(findings: Sequence[Finding], sample: Sample) -> tuple[Span, ...]:
    """The places in the answer of a sample that failed checks speak of, joined where they meet, in order."""
    last = max((step.turn for step in sample.steps), default=0) + 1
    text = sample.answer or ""
    found = [
        widened(text, entry.outcome.span)
        for finding in findings
        if finding.turn in (None, last)
        for entry in finding.outcomes
        if entry.sample_id == sample.sample_id and entry.outcome.status is Status.FAIL and entry.outcome.span and text
    ]
    return tuple(_joined(sorted(found)))


def cut_at(text: str, spans: Sequence[Span], offset: int = 0) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is marked; together they are the text.

    Args:
        text: A part of an answer.
        spans: Places in the whole answer, in order and apart.
        offset: Where in the answer the text begins.
    """
    at, end = offset, offset + len(text)
    for start, stop in spans:
        start, stop = max(start, at), min(stop, end)
        if start >= stop:
            continue
        if at < start:
            yield text[at - offset : start - offset], False
        yield text[start - offset : stop - offset], True
        at = stop
    if at < end:
        yield text[at - offset :], False


def widened(text: str, span: Span) -> Span:
    """A span within the text, of at least one character, and never through the middle of a combined one.

    Combining marks, variation selectors and joined emoji stay together: a mark that tears them apart changes how they
    look.
    """
    start, end = sorted(min(max(place, 0), len(text)) for place in span)
    if start == end:
        start, end = (start, start + 1) if start < len(text) else (max(0, start - 1), start)
    for _ in range(_WIDENED_CHARS):
        if not 0 < start < len(text) or not _belongs(text, start):
            break
        start -= 1
    for _ in range(_WIDENED_CHARS):
        if not 0 < end < len(text) or not _belongs(text, end):
            break
        end += 1
    return start, end


def _belongs(text: str, at: int) -> bool:
    """True where the character goes with the one before it."""
    joined = text[at - 1] == _JOINER or text[at] == _JOINER
    toned = 0x1F3FB <= ord(text[at]) <= 0x1F3FF
    return joined or toned or unicodedata.category(text[at]).startswith("M")


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is None:
            last = span
        elif span[0] <= last[1]:
            last = last[0], max(last[1], span[1])
        else:
            yield last
            last = span
    if last is not None:
        yield last


def _text_of(sample: Sample, turn: int | None) -> str:
    """The text a finding looked at: of a turn (1-based), or as a whole."""
    if turn is None:
        return sample.answer or ""
    seen = view_of(sample, turn - 1)
    return "" if seen is None else seen.answer or ""


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", visible(text))


def _shortened(text: str) -> str:
    if len(text) <= MARKED_CHARS:
        return _line(text)
    half = MARKED_CHARS // 2
    return f"{_line(text[:half])}\u2026{_line(text[-half:])}"

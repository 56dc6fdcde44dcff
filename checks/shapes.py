"""The shapes an answer can be asked to have, and what of it does not fit. Feeds the ``format`` check."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from checks.json_answer import NotJson, read_json
from checks.markdown_signs import BULLET, FENCE, NUMBERED, first_sign
from checks.quote import quoted
from checks.sentences import sentence_spans

Shape = Literal[
    "one_sentence", "one_line", "bullet_list", "numbered_list", "markdown", "plain", "no_preamble", "json_only"
]
_LINE = re.compile(r"[^\r\n]+")
_TAG = re.compile(r"<[A-Za-z!?/]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What of an answer does not have the shape."""

    reason: str
    span: tuple[int, int] | None = None
    """Where, as character offsets [start, end)."""


def misfit(answer: str, shape: Shape) -> Misfit | None:
    """What does not fit; None where the answer has the shape."""
    if not answer.strip():
        return Misfit(reason="the answer is empty")
    return _SHAPES[shape](answer)


def _one_sentence(answer: str) -> Misfit | None:
    spans = sentence_spans(answer)
    first, second = next(spans, None), next(spans, None)
    if first is None:
        return Misfit(reason=f"expected one sentence, got no word: {quoted(answer)}")
    if second is None:
        return None
    return Misfit(reason=f"expected one sentence, but another follows: {quoted(answer[slice(*second)])}", span=second)


def _one_line(answer: str) -> Misfit | None:
    lines = _lines(answer)
    if len(lines) < 2:
        return None
    return Misfit(reason=f"expected one line, but another follows: {quoted(lines[1][0])}", span=lines[1].span())


def _list_of(item: re.Pattern[str], what: str) -> Callable[[str], Misfit | None]:
    def _misfit(answer: str) -> Misfit | None:
        begun = False
        for line in _lines(answer):
            # what is indented below an item belongs to it
            if not item.match(line[0]) and not (begun and line[0][0] in " \t"):
                return Misfit(reason=f"expected {what} and nothing else, got {quoted(line[0])}", span=line.span())
            begun = True
        return None

    return _misfit


def _markdown(answer: str) -> Misfit | None:
    if first_sign(answer):
        return None
    return Misfit(reason=f"expected Markdown, found no heading, list, emphasis, code or link in {quoted(answer)}")


def _plain(answer: str) -> Misfit | None:
    sign = first_sign(answer)
    if sign is None:
        return None
    return Misfit(
        reason=f"expected plain text without Markdown, got {sign.words}: {quoted(answer[sign.span[0] :], 60)}",
        span=sign.span,
    )


def _no_preamble(answer: str) -> Misfit | None:
    body = answer.lstrip()
    if FENCE.match(body) or _TAG.match(body) or _begins_with_json(body):
        return None
    first = _lines(answer)[0]
    return Misfit(
        reason=f"expected to begin with JSON, a tag or a code fence, got {quoted(first[0])}", span=first.span()
    )


def _json_only(answer: str) -> Misfit | None:
    try:
        read_json(answer)
    except NotJson as error:
        return Misfit(reason=str(error))
    return None


def _begins_with_json(body: str) -> bool:
    if body[:1] not in ("{", "["):
        return False
    try:
        json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(answer: str) -> list[re.Match[str]]:
    """The lines that hold something."""
    return [line for line in _LINE.finditer(answer) if line[0].strip()]


_SHAPES: dict[Shape, Callable[[str], Misfit | None]] = {
    "one_sentence": _one_sentence,
    "one_line": _one_line,
    "bullet_list": _list_of(BULLET, "a bullet list"),
    "numbered_list": _list_of(NUMBERED, "a numbered list"),
    "markdown": _markdown,
    "plain": _plain,
    "no_preamble": _no_preamble,
    "json_only": _json_only,
}

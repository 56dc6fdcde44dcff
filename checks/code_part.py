"""The part of an answer that must be code: all of it, its one fence, or the first fitting fence. Feeds the checks of
syntax (xml, html, sql, python)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checks.argument import Argument
from checks.check import failed, unmeasured
from checks.fences import Fence, fenced_blocks, lone_fence
from checks.finding import Outcome


class Broken(ValueError):
    """A text is not what it must be; the message says why in one line, ``at`` is the offset where it is known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


class Unread(ValueError):
    """A text is too large, too deep or too special to be judged: neither a pass nor a fail."""


class Placed(Argument):
    """Where in the answer the code may stand: alone, alone in a fence, or anywhere."""

    fences: Literal["forbid", "allow"] = "forbid"
    anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePart:
    """A text to be read, and where it stands in the answer."""

    text: str
    starts: int | None = 0
    """Offset of the text in the answer; None where offsets do not carry over."""
    block: tuple[int, int] | None = None
    """The fence it was taken from."""

    def told(self, error: Broken | Unread) -> Outcome:
        """The outcome that such an error of reading this part means."""
        if isinstance(error, Unread):
            return unmeasured(str(error))
        if error.at is None or self.starts is None:
            return failed(str(error), self.block)
        start = self.starts + min(max(error.at, 0), len(self.text))
        return failed(str(error), (start, min(start + 1, self.starts + len(self.text))))


def code_part(answer: str, placed: Placed, language: str) -> CodePart:
    """What of the answer must be code of this language.

    ``anywhere``: the first closed fence of the language, else the first without a language, else the whole answer.
    """
    if placed.anywhere:
        closed = [fence for fence in fenced_blocks(answer) if fence.closed and fence.language in (language, "")]
        best = next((fence for fence in closed if fence.language), closed[0] if closed else None)
        return _of_fence(best) if best else CodePart(text=answer)
    lone = lone_fence(answer) if placed.fences == "allow" else None
    if lone is not None and lone.language in (language, ""):
        return _of_fence(lone)
    return CodePart(text=answer)


def _of_fence(fence: Fence) -> CodePart:
    return CodePart(text=fence.text, starts=fence.starts, block=fence.span)

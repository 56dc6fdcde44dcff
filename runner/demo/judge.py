"""How the fake endpoint answers as a judge: by the words that criteria and answer share. Feeds the answer rules.

It understands the form of Holdfast's own prompts only, and is as gullible or as broken as its operator orders.
"""

from __future__ import annotations

import re

_PART = re.compile(r"<<<BEGIN ([^\n>]+) ([0-9a-f]+)>>>\n(.*?)\n<<<END \1 \2>>>", re.DOTALL)
_OFFERED = re.compile(r"VERDICT: and one of these words: ([A-Z0-9, ]+)\.")
_CLAIMS = "End with one line CLAIMS:"
_WORD = re.compile(r"[^\W_]+")
_SHARE = 0.6
"""Share of the longer words of the criteria that must occur in the answer."""


def judged(prompt: str) -> str | None:
    """The reply of a judge; None where the prompt asks for no verdict."""
    parts = {name: text for name, _, text in _PART.findall(prompt)}
    offered = _OFFERED.search(prompt)
    if offered is not None:
        words = offered[1].split(", ")
        return f"I compared the words.\nVERDICT: {_verdict(words, parts)}"
    return _claims(parts) if _CLAIMS in prompt else None


def _verdict(offered: list[str], parts: dict[str, str]) -> str:
    answer = parts.get("answer", "")
    if "FIRST" in offered:
        first, second = parts.get("first answer", ""), parts.get("second answer", "")
        return "EQUAL" if len(first) == len(second) else "FIRST" if len(first) > len(second) else "SECOND"
    wanted = parts.get("expert answer") or parts.get("criteria") or parts.get("question about the answer") or ""
    met = _shared(wanted, answer) >= _SHARE
    good = {"PASS": "PASS", "YES": "YES", "SAME": "SAME", "1": "5"}
    bad = {"PASS": "FAIL", "YES": "NO", "SAME": "DISAGREE", "1": "1"}
    kind = next(word for word in good if word in offered)
    return good[kind] if met else bad[kind]


def _shared(wanted: str, answer: str) -> float:
    needed = {word for word in _words(wanted) if len(word) > 3 or word.isdigit()}
    return len(needed & _words(answer)) / len(needed) if needed else 1.0


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _claims(parts: dict[str, str]) -> str:
    """Each sentence is a claim; one that stands in the context word for word is shown."""
    context, lines = parts.get("context", ""), []
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+", parts.get("answer", "")) if _WORD.search(s)]
    for sentence in sentences:
        shown = sentence.casefold() in context.casefold()
        lines += [f"CLAIM: {sentence}", f"QUOTE: {sentence if shown else 'NONE'}"]
        lines += [f"STATUS: {'SUPPORTED' if shown else 'UNSUPPORTED'}"]
    return "\n".join([*lines, f"CLAIMS: {len(sentences)}"])

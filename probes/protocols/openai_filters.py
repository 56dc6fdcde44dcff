"""What Azure's content filters say of prompt and answer, in short words. Feeds the readers of chat replies.

Source: docs/wire-formats.md. Azure sends these fields wherever it serves, also behind gateways, so every reader of the
chat dialect looks for them. An odd shape is stepped over: a filter's report must not make a failure of a good answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probes.hostile import NAME_CHARS, one_line

FILTERED = ", filtered"
"""Stands behind the word where the filter acted on what it found."""
MOST = 50
"""Kinds of filters looked at; the services have about a dozen."""

_OF_PROMPT = ("prompt_filter_results", "prompt_annotations")
_OF_ANSWER = "content_filter_results"
_RANKS: Mapping[str, int] = {"safe": 0, "not detected": 0, "not filtered": 0, "low": 1, "medium": 2, "high": 3}
_RANK_OF_OTHERS = 3


def add_prompt_filters(found: dict[str, str], tree: Mapping[str, Any]) -> None:
    """Note what a body or chunk says of the prompt."""
    # most chunks say nothing of it, and there are many
    for key in _OF_PROMPT:
        if key in tree:
            for results in _objects(tree[key]):
                _add(found, "prompt", results)


def add_answer_filters(found: dict[str, str], choice: Mapping[str, Any]) -> None:
    """Note what a choice says of its answer, or piece of one; of several reports the worst is kept.

    A stream reports piece by piece, and a harmless end does not undo what came before it.
    """
    if _OF_ANSWER in choice:
        _add(found, "answer", choice)


def filters_of_error(tree: object) -> dict[str, str]:
    """What the filters said of a prompt they refused: ``error.innererror``, also where LiteLLM tucks it away."""
    found: dict[str, str] = {}
    error = tree.get("error") if isinstance(tree, dict) else None
    if isinstance(error, dict):
        extra = error.get("provider_specific_fields")
        for place in (error, extra if isinstance(extra, dict) else {}):
            if isinstance(inner := place.get("innererror"), dict):
                _add(found, "prompt", inner)
    return found


def _add(found: dict[str, str], who: str, holder: Mapping[str, Any]) -> None:
    for key in (_OF_ANSWER, "content_filter_result"):
        results = holder.get(key)
        for name, said in list(results.items())[:MOST] if isinstance(results, dict) else ():
            word, place = _word(name, said), f"{who}.{one_line(name, NAME_CHARS)}"
            if word and (place in found or len(found) < MOST) and _rank(word) >= _rank(found.get(place, "safe")):
                found[place] = word


def _word(name: str, said: object) -> str:
    """The filter's own word: a severity, whether something was detected, or the code of its own failure."""
    if isinstance(said, list):  # older lists of block lists: one entry each
        return "filtered" if any(entry.get("filtered") is True for entry in _objects(said)) else "not filtered"
    if not isinstance(said, dict):
        return ""
    if name == "error":  # the filter itself failed, and what follows is not filtered
        return _text(said.get("code")) or "error"
    filtered = said.get("filtered")
    if severity := _text(said.get("severity")):
        return severity + (FILTERED if filtered is True else "")
    if isinstance(said.get("detected"), bool):
        return ("detected" if said["detected"] else "not detected") + (FILTERED if filtered is True else "")
    return ("filtered" if filtered else "not filtered") if isinstance(filtered, bool) else ""


def _text(value: object) -> str:
    return one_line(value, NAME_CHARS) if isinstance(value, str) else ""


def _rank(word: str) -> int:
    plain = word.removesuffix(FILTERED)
    return _RANKS.get(plain, _RANK_OF_OTHERS) + (10 if plain != word else 0)


def _objects(value: object) -> Iterator[dict[str, Any]]:
    return (entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else iter(())

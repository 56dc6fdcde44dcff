"""Assertions about the text of an answer as checks. Feeds the table in ``assertions``."""

from __future__ import annotations

from typing import Any

from runner.importers.promptfoo.asked import Asked, Entry
from runner.importers.promptfoo.regex import python_pattern
from runner.importers.promptfoo.trouble import CannotCarry


def equals(asked: Asked) -> Entry:
    """``equals``: the exact text, or JSON of this value."""
    value = asked.value()
    if value is None or isinstance(value, (dict, list)):
        return {"equals": {"to": value, "by": "json"}}
    return {"equals": {"to": asked.text(), "trim": False}}


def contains(asked: Asked) -> Entry:
    """``contains``: a text, case included."""
    return {"contains": asked.text()}


def icontains(asked: Asked) -> Entry:
    """``icontains``: a text in any case."""
    return {"contains": {"all": asked.text(), "ignore_case": True}}


def contains_all(asked: Asked) -> Entry:
    """``contains-all``: every text of a list."""
    return {"contains": {"all": asked.texts()}}


def contains_any(asked: Asked) -> Entry:
    """``contains-any``: one text of a list."""
    return {"contains": {"any": asked.texts()}}


def icontains_all(asked: Asked) -> Entry:
    """``icontains-all``: every text of a list, in any case."""
    return {"contains": {"all": asked.texts(), "ignore_case": True}}


def icontains_any(asked: Asked) -> Entry:
    """``icontains-any``: one text of a list, in any case."""
    return {"contains": {"any": asked.texts(), "ignore_case": True}}


def starts_with(asked: Asked) -> Entry:
    """``starts-with``: the very beginning, white space included."""
    return {"starts_with": {"any": asked.text(), "trim": False}}


def regex(asked: Asked) -> Entry:
    """``regex``: a JavaScript pattern without flags."""
    return {"regex": python_pattern(asked.text())}


def levenshtein(asked: Asked) -> Entry:
    """``levenshtein``: at most so many edits, white space included."""
    most = asked.threshold(5)
    if most < 0:
        raise CannotCarry(f"no distance is below {most}")
    return {"edit_distance": {"to": asked.text(), "max": int(most), "trim": False}}


def word_count(asked: Asked) -> Entry:
    """``word-count``: runs of anything but white space, an exact number or limits."""
    value = asked.value("min", "max")
    if isinstance(value, dict):
        limits = {key: value[key] for key in ("min", "max") if value.get(key) is not None}
    else:
        limits = {"min": _whole(value), "max": _whole(value)}
    if not limits:
        raise CannotCarry("it has neither min nor max")
    return {"occurs": {"pattern": r"\S+", **{key: _whole(limit) for key, limit in limits.items()}}}


def _whole(value: Any) -> int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CannotCarry(f"{value!r} is no number of words") from None
    if not number.is_integer():
        raise CannotCarry(f"{value!r} is no whole number of words")
    return int(number)


def rouge(asked: Asked) -> Entry:
    """``rouge-n``: single words in common, by default three quarters of them."""
    return {"rouge": {"to": asked.text(), "at_least": asked.threshold(0.75), "by": "rouge_1"}}


def bleu(asked: Asked) -> Entry:
    """``bleu``: runs of words in common, by default a score of one half."""
    return {"bleu": {"to": _references(asked), "at_least": asked.threshold(0.5)}}


def gleu(asked: Asked) -> Entry:
    """``gleu``: the same by the smaller of precision and recall."""
    return {"bleu": {"to": _references(asked), "at_least": asked.threshold(0.5), "by": "gleu"}}


def _references(asked: Asked) -> Any:
    value = asked.value()
    return asked.texts() if isinstance(value, list) else asked.text()


def refusal(asked: Asked) -> Entry:
    """``is-refusal``: the model declines, an empty answer included."""
    if asked.negated:
        return {"no_refusal": None}
    return {"refusal": ["full", "filter", "empty"]}

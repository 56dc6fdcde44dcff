"""Assertions that a model judges as judge checks. Feeds the table in ``assertions``."""

from __future__ import annotations

from runner.importers.promptfoo.asked import Asked, Entry
from runner.importers.promptfoo.templates import js_text
from runner.importers.promptfoo.trouble import CannotCarry

VERDICTS = frozenset({"llm-rubric", "g-eval", "factuality", "model-graded-factuality", "model-graded-closedqa"})
"""Types whose judge passes or fails an answer, where promptfoo's gives a score that a threshold is held against."""


def similar(asked: Asked) -> Entry:
    """``similar``: near in meaning to a text, or to one of a list."""
    value = asked.value()
    to = asked.texts() if isinstance(value, list) else asked.text()
    return {"semantic_similarity": {"to": to, "at_least": asked.threshold(0.75)}}


def rubric(asked: Asked) -> Entry:
    """``llm-rubric``: criteria in plain words."""
    return {"rubric": asked.text()}


def g_eval(asked: Asked) -> Entry:
    """``g-eval``: criteria, all of them."""
    value = asked.value()
    return {"rubric": "\n".join(asked.texts()) if isinstance(value, list) else asked.text()}


def factuality(asked: Asked) -> Entry:
    """``factuality``: agrees with a reference."""
    return {"factuality": asked.text()}


def closed_question(asked: Asked) -> Entry:
    """``model-graded-closedqa``: yes to a question about the answer."""
    return {"closed_question": asked.text()}


def faithful(asked: Asked) -> Entry:
    """``context-faithfulness``: what it claims stands in the variable ``context``."""
    context = asked.variables.get("context")
    if context is None:
        raise CannotCarry("its context is no variable of the test")
    text = "\n".join(map(js_text, context)) if isinstance(context, list) else js_text(context)
    return {"grounded_by_judge": {"context": text, "at_least": asked.threshold(0) or 1}}

"""One grader for two programs: reads promptfoo's grading prompts and Holdfast's, and goes by the same rule in both.

The rule is that of the demo's judge: enough of the longer words of the criteria occur in the answer. Feeds ``saying``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from runner.demo.judge import judged

BROKEN = "grader-lost-its-tongue"
"""In an answer: the grader says nothing that is a verdict."""
_OUR_FORM = """<<<BEGIN {name} 0>>>
{wanted}
<<<END {name} 0>>>
<<<BEGIN answer 0>>>
{answer}
<<<END answer 0>>>
VERDICT: and one of these words: {words}."""


def graded(prompt: str) -> str:
    """The grader's reply to any of these prompts."""
    if BROKEN in prompt:
        return "I would rather not say."
    ours = judged(prompt)
    return ours if ours is not None else _graded_there(prompt)


def _graded_there(prompt: str) -> str:
    for pattern, answer in _FORMS:
        found = re.search(pattern, prompt, re.DOTALL)
        if found is not None:
            return answer(found["wanted"].strip(), found["answer"].strip())
    raise AssertionError(f"a grading prompt of an unknown form: {prompt[:400]}")


def _met(wanted: str, answer: str, name: str, words: str) -> bool:
    said = judged(_OUR_FORM.format(name=name, wanted=wanted, answer=answer, words=words)) or ""
    return said.endswith(("PASS", "SAME", "YES"))


def _rubric(wanted: str, answer: str) -> str:
    met = _met(wanted, answer, "criteria", "PASS, FAIL")
    return json.dumps({"reason": "I compared the words.", "pass": met, "score": float(met)})


def _facts(wanted: str, answer: str) -> str:
    met = _met(wanted, answer, "expert answer", "SAME, DISAGREE")
    return json.dumps({"category": "C" if met else "D", "reason": "I compared the words."})


def _closed(wanted: str, answer: str) -> str:
    return "I compared the words.\n\n" + ("Y" if _met(wanted, answer, "question about the answer", "YES, NO") else "N")


_FORMS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    (r"<Output>\n(?P<answer>(?:(?!<Output>).)*)\n</Output>\n<Rubric>\n(?P<wanted>.*)\n</Rubric>\s*\Z", _rubric),
    (r"<expert_answer>(?P<wanted>.*)</expert_answer>.*<submitted_answer>(?P<answer>.*)</submitted_answer>", _facts),
    (r"\[Submission\]: (?P<answer>.*)\n\*\*\*\n\[Criterion\]: (?P<wanted>.*?)\n\*\*\*", _closed),
)

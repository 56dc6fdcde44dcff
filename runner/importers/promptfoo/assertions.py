"""The table of promptfoo's assertion types: what each becomes, and what differs. Feeds ``entries`` and the docs.

The types are those of promptfoo 0.121. docs/import-promptfoo.md shows this table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runner.importers.promptfoo import behaviour_assertions as behaviour
from runner.importers.promptfoo import judged_assertions as judged
from runner.importers.promptfoo import structure_assertions as structure
from runner.importers.promptfoo import text_assertions as text
from runner.importers.promptfoo.asked import Asked, Entry
from runner.importers.promptfoo.trouble import LOCAL_CODE

Convert = Callable[[Asked], Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type of assertion."""

    convert: Convert | None = None
    """To an entry of a check list; None where it is not carried. Raises CannotCarry for an instance that cannot be."""
    becomes: str = ""
    """The check, or why it is not carried."""
    differs: str = ""
    """Where the two may disagree."""
    negates: bool = False
    """True where ``convert`` looks after ``not-`` itself."""


def _lost(why: str) -> Kind:
    return Kind(becomes=why)


_JUDGE = "not carried: it asks a model to judge in a way no check does"
_MODEL = "another judge with other instructions: calibrate it"
_DEAF = f"{_MODEL}; promptfoo does not heed `not-` before it"
_TRACE = "not carried: it reads spans of a trace"
_TRACED = "promptfoo reads tool calls from traces and `*` patterns in any case, Holdfast from the reply and as written"
_TOOLS = "promptfoo holds arguments against the schema strictly by ajv; Holdfast by JSON Schema 2020-12"
_JSON = "promptfoo's ajv also asserts `format`; patterns within a schema are searched within the limits of `regex`"
_SMOOTH = "promptfoo splits words at blanks only and does not smooth, so short answers score lower there"

ASSERTIONS: dict[str, Kind] = {
    # ------------------------------------------------------------------------------------------ text
    "equals": Kind(convert=text.equals, becomes="equals"),
    "contains": Kind(convert=text.contains, becomes="contains"),
    "icontains": Kind(convert=text.icontains, becomes="contains, `ignore_case`"),
    "contains-all": Kind(convert=text.contains_all, becomes="contains, `all`"),
    "contains-any": Kind(convert=text.contains_any, becomes="contains, `any`"),
    "icontains-all": Kind(convert=text.icontains_all, becomes="contains, `all`, `ignore_case`"),
    "icontains-any": Kind(convert=text.icontains_any, becomes="contains, `any`, `ignore_case`"),
    "starts-with": Kind(convert=text.starts_with, becomes="starts_with, `trim: false`"),
    "regex": Kind(
        convert=text.regex,
        becomes="regex",
        differs="read into Python's dialect; searched within the limits of `regex`, and patterns without any are lost",
    ),
    "levenshtein": Kind(convert=text.levenshtein, becomes="edit_distance, `trim: false`"),
    "word-count": Kind(
        convert=text.word_count, becomes="occurs of `\\S+`", differs="answers over 20,000 characters are an error"
    ),
    "rouge-n": Kind(
        convert=text.rouge,
        becomes="rouge, `rouge_1`",
        differs="promptfoo counts punctuation marks as words too",
    ),
    "bleu": Kind(convert=text.bleu, becomes="bleu", differs=_SMOOTH),
    "gleu": Kind(convert=text.gleu, becomes="bleu, `by: gleu`", differs="promptfoo splits words at blanks only"),
    "meteor": _lost("not carried: Holdfast has no such measure"),
    "is-refusal": Kind(
        convert=text.refusal,
        becomes="refusal; no_refusal for `not-`",
        differs="each has its own list of wordings; an answer of tool calls alone is a refusal to promptfoo only",
        negates=True,
    ),
    # ------------------------------------------------------------------------------------------ structure
    "is-json": Kind(convert=structure.is_json, becomes="json_valid or json_schema", differs=_JSON),
    "contains-json": Kind(
        convert=structure.contains_json,
        becomes="json_schema, `anywhere`",
        differs=f"promptfoo also accepts objects written as YAML flow mappings, and unclosed ones; {_JSON}",
    ),
    "is-xml": Kind(
        convert=structure.is_xml, becomes="xml", differs="a DOCTYPE that declares anything of its own fails"
    ),
    "contains-xml": Kind(
        convert=structure.contains_xml,
        becomes="xml, `anywhere`",
        differs="the required elements must stand in one whole element",
    ),
    "is-html": Kind(
        convert=structure.is_html,
        becomes="html",
        differs="elements must be closed in order, and every name be one of HTML",
    ),
    "contains-html": Kind(
        convert=structure.contains_html,
        becomes="html, `anywhere`",
        differs="promptfoo counts signs of HTML, entities and attributes among them; Holdfast looks for one element",
    ),
    "is-sql": Kind(
        convert=structure.is_sql,
        becomes="sql",
        differs="another parser; promptfoo also guesses at missing commas; allowed tables also limit the statements",
    ),
    "contains-sql": Kind(
        convert=structure.contains_sql,
        becomes="sql, `anywhere`",
        differs="promptfoo tries every code fence, Holdfast the first",
    ),
    # ------------------------------------------------------------------------------------------ behaviour
    "latency": Kind(
        convert=behaviour.latency,
        becomes="total_time",
        differs="Holdfast times from the send instant; promptfoo's own waiting is in its figure",
    ),
    "cost": Kind(
        convert=behaviour.cost,
        becomes="cost",
        differs="each has its own price list; an unknown price is an error in both",
    ),
    "finish-reason": Kind(
        convert=behaviour.finish_reason,
        becomes="finish",
        differs="a reply without a reason fails there and is an error here",
    ),
    "guardrails": Kind(
        convert=behaviour.guardrails,
        becomes="not finish content_filter",
        differs="only blocked answers count; for severities use `moderation`",
        negates=True,
    ),
    "is-valid-function-call": Kind(convert=behaviour.valid_call, becomes="tool_calls, `schemas`", differs=_TOOLS),
    "is-valid-openai-function-call": Kind(
        convert=behaviour.valid_call, becomes="tool_calls, `schemas`", differs=_TOOLS
    ),
    "is-valid-openai-tools-call": Kind(convert=behaviour.valid_call, becomes="tool_calls, `schemas`", differs=_TOOLS),
    "tool-call-f1": Kind(convert=behaviour.tool_call_f1, becomes="tool_calls, `f1`"),
    "trajectory:tool-used": Kind(
        convert=behaviour.tool_used,
        becomes="tool_calls, `names`, `count` or `forbidden`",
        differs=_TRACED,
        negates=True,
    ),
    "trajectory:tool-sequence": Kind(convert=behaviour.tool_sequence, becomes="tool_calls, `order`", differs=_TRACED),
    "trajectory:tool-args-match": Kind(
        convert=behaviour.tool_args,
        becomes="tool_calls, `arguments`",
        differs=f"{_TRACED}; `ignore` reaches nested places",
    ),
    "trajectory:step-count": Kind(
        convert=behaviour.step_count, becomes="tool_calls, `count`, for steps of type tool", differs=_TRACED
    ),
    "trajectory:goal-success": _lost(_JUDGE),
    "trace-span-count": _lost(_TRACE),
    "trace-span-duration": _lost(_TRACE),
    "trace-error-spans": _lost(_TRACE),
    "skill-used": _lost(_TRACE),
    "perplexity": _lost("not carried: Holdfast keeps no log probabilities"),
    "perplexity-score": _lost("not carried: Holdfast keeps no log probabilities"),
    # ------------------------------------------------------------------------------------------ judged
    "similar": Kind(convert=judged.similar, becomes="semantic_similarity", differs=_MODEL),
    "similar:cosine": Kind(convert=judged.similar, becomes="semantic_similarity", differs=_MODEL),
    "similar:dot": _lost("not carried: only the cosine is measured"),
    "similar:euclidean": _lost("not carried: only the cosine is measured"),
    "llm-rubric": Kind(
        convert=judged.rubric,
        becomes="rubric",
        differs=f"{_MODEL}; a verdict that is missing passes there and is an error here; scores are not asked for",
    ),
    "agent-rubric": _lost(_JUDGE),
    "search-rubric": _lost(_JUDGE),
    "g-eval": Kind(convert=judged.g_eval, becomes="rubric", differs=f"{_MODEL}; pass or fail instead of a score"),
    "factuality": Kind(convert=judged.factuality, becomes="factuality", differs=_DEAF),
    "model-graded-factuality": Kind(convert=judged.factuality, becomes="factuality", differs=_DEAF),
    "model-graded-closedqa": Kind(convert=judged.closed_question, becomes="closed_question", differs=_DEAF),
    "answer-relevance": _lost(_JUDGE),
    "context-faithfulness": Kind(
        convert=judged.faithful,
        becomes="grounded_by_judge",
        differs=f"{_MODEL}; the context must be a variable, and all claims count unless there is a threshold",
    ),
    "context-recall": _lost(_JUDGE),
    "context-relevance": _lost(_JUDGE),
    "conversation-relevance": _lost(_JUDGE),
    "classifier": _lost("not carried: it asks a classifier at Hugging Face"),
    "moderation": _lost("not carried: it asks a moderation service; `moderation` reads the endpoint's own filters"),
    "pi": _lost("not carried: it asks an outside scoring service"),
    # ------------------------------------------------------------------------------------------ code and people
    "javascript": _lost(f"not carried: {LOCAL_CODE}"),
    "python": _lost(f"not carried: {LOCAL_CODE}"),
    "ruby": _lost(f"not carried: {LOCAL_CODE}"),
    "webhook": _lost("not carried: checks ask nobody else; write what it decides as a check"),
    "human": _lost("not carried: a person decides it"),
    "select-best": _lost("not carried: it compares endpoints; `holdfast canary` does"),
    "max-score": _lost("not carried: it compares endpoints; `holdfast canary` does"),
}

"""The table of checks, and how the entries of a suite become rules. One file a check; feeds engine, ``validate``
and the editor's schema. Other packages add checks through the entry point group ``holdfast.checks``."""

from __future__ import annotations

from collections.abc import Sequence

from checks.binding import Binding, BindProblem, SuiteProblem
from checks.check import Rule
from checks.local_code import Functions, no_functions
from checks.rules.all_of import AllOf
from checks.rules.any_of import AnyOf
from checks.rules.attempts import Attempts
from checks.rules.bleu import Bleu
from checks.rules.blocklist import Blocklist
from checks.rules.citations import Citations
from checks.rules.closed_question import ClosedQuestion
from checks.rules.code_fence import CodeFence
from checks.rules.contains import Contains
from checks.rules.cost import Cost
from checks.rules.edit_distance import EditDistance
from checks.rules.ends_with import EndsWith
from checks.rules.equals import Equals
from checks.rules.factuality import Factuality
from checks.rules.finish import Finish
from checks.rules.first_token import FirstToken
from checks.rules.format import Format
from checks.rules.grounded import Grounded
from checks.rules.grounded_by_judge import GroundedByJudge
from checks.rules.header import Header
from checks.rules.html import Html
from checks.rules.injection import Injection
from checks.rules.input_tokens import InputTokens
from checks.rules.json_equal import JsonEqual
from checks.rules.json_path import JsonPath
from checks.rules.json_schema import JsonSchema
from checks.rules.json_valid import JsonValid
from checks.rules.language import Language
from checks.rules.length import Length
from checks.rules.longest_gap import LongestGap
from checks.rules.moderation import Moderation
from checks.rules.no_leak import NoLeak
from checks.rules.no_pii import NoPii
from checks.rules.no_refusal import NoRefusal
from checks.rules.no_secret import NoSecret
from checks.rules.no_truncation import NoTruncation
from checks.rules.not_ import Not
from checks.rules.not_contains import NotContains
from checks.rules.number import NumberCheck
from checks.rules.occurs import Occurs
from checks.rules.output_tokens import OutputTokens
from checks.rules.pairwise import Pairwise
from checks.rules.python import Python
from checks.rules.python_syntax import PythonSyntax
from checks.rules.reasoning_tokens import ReasoningTokens
from checks.rules.refusal import Refusal
from checks.rules.regex import Regex
from checks.rules.retrieved import Retrieved
from checks.rules.rouge import Rouge
from checks.rules.route import Route
from checks.rules.rubric import Rubric
from checks.rules.self_consistency import SelfConsistency
from checks.rules.semantic_similarity import SemanticSimilarity
from checks.rules.similar import Similar
from checks.rules.sql import Sql
from checks.rules.starts_with import StartsWith
from checks.rules.status import StatusCheck
from checks.rules.tokens_per_second import TokensPerSecond
from checks.rules.tool_calls import ToolCalls
from checks.rules.total_time import TotalTime
from checks.rules.xml import Xml
from checks.run_checks import BoundCheck
from probes.registry import with_entry_points
from probes.suite import CheckSpec, Suite

__all__ = ["CHECKS", "BindProblem", "BoundCheck", "SuiteProblem", "all_checks", "bind", "bind_suite"]

CHECKS: dict[str, type[Rule]] = {
    "contains": Contains,
    "not_contains": NotContains,
    "occurs": Occurs,
    "starts_with": StartsWith,
    "ends_with": EndsWith,
    "equals": Equals,
    "regex": Regex,
    "number": NumberCheck,
    "length": Length,
    "format": Format,
    "language": Language,
    "json_valid": JsonValid,
    "json_schema": JsonSchema,
    "json_path": JsonPath,
    "json_equal": JsonEqual,
    "xml": Xml,
    "html": Html,
    "sql": Sql,
    "python_syntax": PythonSyntax,
    "code_fence": CodeFence,
    "similar": Similar,
    "edit_distance": EditDistance,
    "rouge": Rouge,
    "bleu": Bleu,
    "no_refusal": NoRefusal,
    "refusal": Refusal,
    "no_truncation": NoTruncation,
    "tool_calls": ToolCalls,
    "self_consistency": SelfConsistency,
    "finish": Finish,
    "first_token": FirstToken,
    "total_time": TotalTime,
    "longest_gap": LongestGap,
    "tokens_per_second": TokensPerSecond,
    "input_tokens": InputTokens,
    "output_tokens": OutputTokens,
    "reasoning_tokens": ReasoningTokens,
    "cost": Cost,
    "attempts": Attempts,
    "header": Header,
    "status": StatusCheck,
    "route": Route,
    "retrieved": Retrieved,
    "citations": Citations,
    "grounded": Grounded,
    "no_pii": NoPii,
    "no_secret": NoSecret,
    "no_leak": NoLeak,
    "injection": Injection,
    "blocklist": Blocklist,
    "moderation": Moderation,
    "semantic_similarity": SemanticSimilarity,
    "rubric": Rubric,
    "factuality": Factuality,
    "closed_question": ClosedQuestion,
    "pairwise": Pairwise,
    "grounded_by_judge": GroundedByJudge,
    "all_of": AllOf,
    "any_of": AnyOf,
    "not": Not,
    "python": Python,
}


def all_checks() -> dict[str, type[Rule]]:
    """The checks above and those of installed packages, by name.

    Raises:
        UsageError: another package uses a name that is already taken.
    """
    return with_entry_points(CHECKS, "holdfast.checks")


def bind(
    specs: Sequence[CheckSpec], functions: Functions = no_functions
) -> tuple[tuple[BoundCheck, ...], tuple[BindProblem, ...]]:
    """The rules of one check list, and everything wrong with its entries.

    ``functions``: where the check ``python`` gets the one it calls; left out, it is refused.
    """
    return Binding(rules=all_checks(), functions=functions).entries(specs)


def bind_suite(
    suite: Suite, functions: Functions = no_functions
) -> tuple[dict[str, tuple[BoundCheck, ...]], tuple[SuiteProblem, ...]]:
    """The rules of every probe by its id (defaults first, restated ones left out), and everything wrong with them."""
    return Binding(rules=all_checks(), functions=functions).suite(suite)

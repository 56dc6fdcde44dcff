"""A whole OpenAI response, from a body or from the last event of a stream, in the one normal form.

Feeds ``openai_responses``. Source: docs/wire-formats.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from probes.classify import classify_tree, is_error
from probes.failure import Failure, FailureClass
from probes.hostile import whole_characters
from probes.json_fields import MalformedReply, get_count, get_object, get_text
from probes.protocols.asked import NATIVE_DEPTH, nested_within, raw_usage
from probes.protocols.openai_responses_output import Output, read_output
from probes.protocols.protocol import Reply
from probes.protocols.told import Told
from probes.sample import Finish, TokenUsage

INCOMPLETE = {"max_output_tokens": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}
"""Every other reason is UNKNOWN, never STOP."""
UNFINISHED = ("queued", "in_progress")


Items = list[dict[str, Any]]


def read_response(tree: dict[str, Any], told: Told, streamed: Callable[[], Items] = list) -> Reply:
    """The response; ``streamed`` makes its items of what a stream told, for one whose last event repeats nothing.

    Raises:
        MalformedReply: a field has a type the dialect does not know.
    """
    about = Reply(
        usage=_usage(tree.get("usage")),
        model=_name(tree, "model"),
        tier=_name(tree, "service_tier"),
        told=told.names,
    )
    if (failure := _failure(tree)) is not None:
        return replace(about, failure=failure)
    items, output = _said(tree, streamed)
    finish, raw = _finish(tree, output)
    return replace(
        about,
        answer=output.answer,
        refusal=output.refusal,
        tool_calls=output.tool_calls,
        finish=finish,
        finish_raw=raw,
        citations=output.citations,
        documents=output.documents,
        native=items if items and nested_within(items, NATIVE_DEPTH) else None,
    )


def _said(tree: dict[str, Any], streamed: Callable[[], Items]) -> tuple[Items, Output]:
    """The output items and what they say: of the response itself, unless it says nothing and the stream did."""
    told = tree.get("output")
    items: Items = told if isinstance(told, list) else []
    output = read_output(items)
    if not output.silent:
        return items, output
    earlier = streamed()
    if told is not items and not earlier:
        raise MalformedReply("the response has no output")
    said = read_output(earlier)
    return (items, output) if said.silent else (earlier, said)


def _failure(tree: dict[str, Any]) -> Failure | None:
    status = tree.get("status")
    if is_error(tree) or status == "failed":
        return classify_tree(tree, status=200)
    if status == "cancelled":
        return Failure(kind=FailureClass.SERVER, message="the response was cancelled at the endpoint", status=200)
    if status in UNFINISHED:
        message = f"the response came before it was made: its status is {status!r}"
        return Failure(kind=FailureClass.PROTOCOL, message=message, status=200)
    return None


def _finish(tree: dict[str, Any], output: Output) -> tuple[Finish, str | None]:
    """Why it ended, and the dialect's own word: the status, or the reason of an incomplete response."""
    status = get_text(tree, "status")
    if status == "incomplete":
        raw = get_text(get_object(tree, "incomplete_details"), "reason") or status
        return INCOMPLETE.get(raw, Finish.UNKNOWN), whole_characters(raw)
    if status != "completed":
        return Finish.UNKNOWN, None if status is None else whole_characters(status)
    if output.refusal:
        return Finish.REFUSAL, status
    return (Finish.TOOL_CALLS if output.tool_calls else Finish.STOP), status


def _name(tree: dict[str, Any], key: str) -> str | None:
    name = tree.get(key)
    return whole_characters(name) if isinstance(name, str) and name else None


def _usage(usage: object) -> TokenUsage:
    """Cached tokens are part of the input's, reasoning tokens part of the output's."""
    if not isinstance(usage, dict):
        return TokenUsage()
    before, after = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    return TokenUsage(
        input_tokens=get_count(usage, "input_tokens"),
        cached_input_tokens=get_count(before, "cached_tokens") if isinstance(before, dict) else None,
        output_tokens=get_count(usage, "output_tokens"),
        reasoning_tokens=get_count(after, "reasoning_tokens") if isinstance(after, dict) else None,
        raw=raw_usage(usage),
    )

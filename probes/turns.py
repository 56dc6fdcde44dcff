"""Samples that took several requests: what they say as a whole, and what one turn of them says. Pure.

Feeds ``script``, which makes such samples, and the checks, which look at single turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from probes.route import Route
from probes.sample import Sample, Step, Timing, TokenUsage


def view_of(sample: Sample, turn: int) -> Sample | None:
    """The sample as if only this turn (0-based) had been asked; None where the script did not get that far."""
    steps = [step for step in sample.steps if step.turn == turn]
    if not steps:
        return sample if turn == 0 and not sample.steps and sample.failure is None else None
    return replace(said(sample, steps), steps=tuple(steps), failure=None)


def said(sample: Sample, steps: Sequence[Step]) -> Sample:
    """The sample with what these steps (at least one) say together.

    The answer is the last step's, and so is who answered; a cache that took part in any step marks all. Tool calls,
    tokens and cost are those of all. The time to the first token is what somebody waiting for the last answer waited:
    the whole of the rounds before it in its turn, and its own. The total is the time of all, without what passed
    between them here.
    """
    last = steps[-1]
    return replace(
        sample,
        answer=last.answer,
        refusal=last.refusal,
        tool_calls=tuple(call for step in steps for call in step.tool_calls),
        finish=last.finish,
        finish_raw=last.finish_raw,
        documents=last.documents,
        citations=last.citations,
        filters=last.filters,
        route=_route([step.route for step in steps]),
        timing=_timing(steps),
        usage=usage_of([step.usage for step in steps]),
        cost_usd=sum_of([step.cost_usd for step in steps]),
        status=last.status,
    )


def _route(parts: Sequence[Route]) -> Route:
    told = {part.cache for part in parts}
    fallbacks = [part.fallbacks for part in parts if part.fallbacks is not None]
    retries = [part.retries for part in parts if part.retries is not None]
    return replace(
        parts[-1],
        cache="hit" if "hit" in told else parts[-1].cache,
        fallbacks=sum(fallbacks) if fallbacks else None,
        retries=sum(retries) if retries else None,
        attempts=1 + sum(part.attempts - 1 for part in parts),
    )


def _timing(steps: Sequence[Step]) -> Timing:
    first, last = steps[0].timing, steps[-1].timing
    if len(steps) == 1:
        return last
    before = [step.timing.total_s for step in steps[:-1] if step.turn == steps[-1].turn]
    gaps = [step.timing.longest_gap_s for step in steps if step.timing.longest_gap_s is not None]
    return Timing(
        client_wait_s=sum_of([step.timing.client_wait_s for step in steps]),
        connect_s=first.connect_s,
        dns_s=first.dns_s,
        tls_s=first.tls_s,
        first_byte_s=sum_of([*before, last.first_byte_s]),
        first_token_s=sum_of([*before, last.first_token_s]),
        longest_gap_s=max(gaps, default=None),
        total_s=sum_of([step.timing.total_s for step in steps]),
        reused=first.reused,
        stamped=_all_of([step.timing.stamped for step in steps]),
    )


def _all_of(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def usage_of(parts: Sequence[TokenUsage]) -> TokenUsage:
    """Tokens of several requests together; a count is None where one of them did not tell it."""
    if len(parts) == 1:
        return parts[0]
    return TokenUsage(
        input_tokens=_count([part.input_tokens for part in parts]),
        cached_input_tokens=_count([part.cached_input_tokens for part in parts]),
        output_tokens=_count([part.output_tokens for part in parts]),
        reasoning_tokens=_count([part.reasoning_tokens for part in parts]),
    )


def _count(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def sum_of(parts: Sequence[float | None]) -> float | None:
    """The sum; None where one of them is unknown: a sum of the rest would be a smaller number that looks as good."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None

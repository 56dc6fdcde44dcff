"""Replies of judges and embeddings for tests of checks: every question of a check answered by a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from checks.check import CheckContext
from checks.consulting import consultants
from checks.finding import Outcome
from checks.inquiry import Inquiry, InquiryReply
from probes.sample import Sample
from tests.fakes.rules import NOTHING_ELSE, bound

Says = Callable[[Inquiry], InquiryReply | str | Sequence[float]]


def asked(entry: Any, sample: Sample, context: CheckContext = NOTHING_ELSE) -> tuple[Inquiry, ...]:
    """What the check of this entry asks about the sample."""
    rules = list(consultants(bound(entry).rule))
    return tuple(inquiry for rule in rules for inquiry in rule.questions(sample, context))


def judged(entry: Any, sample: Sample, says: Says | str, context: CheckContext = NOTHING_ELSE) -> Outcome:
    """What the check of this entry says once all its questions are answered so."""
    answer: Says = says if callable(says) else lambda _inquiry: says
    replies = {inquiry.key: _reply(answer(inquiry)) for inquiry in asked(entry, sample, context)}
    return bound(entry).rule.examine(sample, replace(context, replies=replies))


def _reply(said: InquiryReply | str | Sequence[float]) -> InquiryReply:
    if isinstance(said, InquiryReply):
        return said
    return InquiryReply(text=said) if isinstance(said, str) else InquiryReply(vector=tuple(said), model="e")

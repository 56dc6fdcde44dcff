"""What broke, in one stable set of classes, and which failure on the wire is of which. Feeds failures, checks, reports.

``FailureClass`` is finer and speaks of one request; a ``Fault`` also covers what checks and the drift judge find, so
that counts, owners and alerts can be cut by it. The names are kept in stores and in other people's rules: a class is
added, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from probes.failure import FailureClass


class Fault(StrEnum):
    """What broke."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    AUTH = "auth"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    WRONG_ANSWER = "wrong_answer"
    UNGROUNDED = "ungrounded"
    RETRIEVAL_MISS = "retrieval_miss"
    RANKING = "ranking"
    TOOL_FAILURE = "tool_failure"
    ROUTING = "routing"
    SLOW = "slow"
    EXPENSIVE = "expensive"
    SAFETY = "safety"
    COVERAGE_GAP = "coverage_gap"
    INSTRUMENT = "instrument"


FAULT_SENTENCES: Mapping[Fault, str] = {
    Fault.UNREACHABLE: "The endpoint could not be reached, or failed instead of answering.",
    Fault.TIMEOUT: "The endpoint did not answer within the time it was given.",
    Fault.RATE_LIMITED: "The endpoint wants fewer requests a minute.",
    Fault.QUOTA: "A quota or the account's money is used up.",
    Fault.AUTH: "The key was not accepted, or may not do this.",
    Fault.CONTEXT_LENGTH: "The question is longer than the model accepts.",
    Fault.CONTENT_FILTER: "A content filter blocked the question or the answer.",
    Fault.REFUSAL: "The model declined to answer.",
    Fault.TRUNCATED: "The answer ends before its end.",
    Fault.MALFORMED: "What was sent or came back does not have the form that was agreed.",
    Fault.WRONG_ANSWER: "The answer does not say what it should.",
    Fault.UNGROUNDED: "The answer states or cites what was not retrieved.",
    Fault.RETRIEVAL_MISS: "A document that should have been found was not.",
    Fault.RANKING: "The right documents were found and stand in the wrong order.",
    Fault.TOOL_FAILURE: "A tool was not called, or not as it should have been.",
    Fault.ROUTING: "Somebody else answered than should have.",
    Fault.SLOW: "The answer came, and took too long.",
    Fault.EXPENSIVE: "The answer came, and took more tokens or money than it may.",
    Fault.SAFETY: "The answer holds what it must not, or answers what must be declined.",
    Fault.COVERAGE_GAP: "A question was not asked, so nothing is known of it.",
    Fault.INSTRUMENT: "The check itself could not measure; this says nothing of the endpoint.",
}
"""One sentence for a human, per class."""

FAULT_OF_FAILURE: Mapping[FailureClass, Fault] = {
    FailureClass.AUTH: Fault.AUTH,
    FailureClass.BILLING: Fault.QUOTA,
    FailureClass.PERMISSION: Fault.AUTH,
    FailureClass.NOT_FOUND: Fault.UNREACHABLE,
    FailureClass.CONTEXT_LENGTH: Fault.CONTEXT_LENGTH,
    FailureClass.BAD_REQUEST: Fault.MALFORMED,
    FailureClass.CONTENT_FILTER: Fault.CONTENT_FILTER,
    FailureClass.RATE_LIMIT_SHORT: Fault.RATE_LIMITED,
    FailureClass.QUOTA_LONG: Fault.QUOTA,
    FailureClass.OVERLOADED: Fault.UNREACHABLE,
    FailureClass.SERVER: Fault.UNREACHABLE,
    FailureClass.TIMEOUT_CONNECT: Fault.TIMEOUT,
    FailureClass.TIMEOUT_FIRST_TOKEN: Fault.TIMEOUT,
    FailureClass.TIMEOUT_TOTAL: Fault.TIMEOUT,
    FailureClass.STREAM_TRUNCATED: Fault.TRUNCATED,
    FailureClass.PROTOCOL: Fault.MALFORMED,
    FailureClass.DNS_TLS: Fault.UNREACHABLE,
    FailureClass.CONNECTION: Fault.UNREACHABLE,
    FailureClass.NOT_ASKED: Fault.COVERAGE_GAP,
    FailureClass.SPEND_CAP: Fault.COVERAGE_GAP,
    FailureClass.TIME_LIMIT: Fault.COVERAGE_GAP,
}
"""Every class of failed requests and what broke then; what was held back was not covered."""

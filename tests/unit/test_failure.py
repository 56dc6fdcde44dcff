"""Failure classes: what each error a server words becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.classify import classify_reply, classify_tree
from probes.failure import RETRYABLE, SENTENCES, Failure, FailureClass

F = FailureClass


def nested(message: str = "no", kind: str | None = None, code: Any = None, **extra: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **extra}}


def classify(status: int, body: object, **headers: str) -> Failure:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify_reply(status=status, headers=headers, body=raw)


CASES: list[tuple[int, object, FailureClass]] = [
    (401, nested("Incorrect API key", "invalid_request_error", "invalid_api_key"), F.AUTH),
    (401, b"", F.AUTH),
    (401, {"error": "Unauthorized"}, F.AUTH),
    (400, nested("API key not valid. Please pass a valid API key."), F.AUTH),
    (402, nested("Insufficient credits", code=402), F.BILLING),
    (429, nested("out", "credit_balance_exhausted"), F.BILLING),
    (400, nested("Your credit balance is too low to access this API"), F.BILLING),
    (403, nested("Project lacks access"), F.PERMISSION),
    (404, nested("The model `x` does not exist", "invalid_request_error", "model_not_found"), F.NOT_FOUND),
    (404, {"detail": "Not Found"}, F.NOT_FOUND),
    (400, nested("/chat/completions: Invalid model name passed in model=x", code="400"), F.NOT_FOUND),
    (400, nested("too long", "invalid_request_error", "context_length_exceeded"), F.CONTEXT_LENGTH),
    (
        400,
        {"object": "error", "message": "This model's maximum context length is 1024 tokens", "code": 400},
        F.CONTEXT_LENGTH,
    ),
    (400, nested("litellm.ContextWindowExceededError: prompt is too long", code="400"), F.CONTEXT_LENGTH),
    (413, nested("Prompt is too long"), F.CONTEXT_LENGTH),
    (413, b"<html>too large</html>", F.BAD_REQUEST),
    (429, nested("Request too large: exceeds the context window budget on tokens per min (TPM)"), F.RATE_LIMIT_SHORT),
    (400, nested("Unknown parameter", "invalid_request_error"), F.BAD_REQUEST),
    (405, b"Method Not Allowed", F.BAD_REQUEST),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, F.BAD_REQUEST),
    (400, nested("blocked", None, "content_filter", innererror={"code": "x"}), F.CONTENT_FILTER),
    (400, nested("blocked", None, "400", innererror={"code": "ResponsibleAIPolicyViolation"}), F.CONTENT_FILTER),
    (
        400,
        nested("x", code="400", provider_specific_fields={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        F.CONTENT_FILTER,
    ),
    (429, nested("Rate limit reached", "requests", "rate_limit_exceeded"), F.RATE_LIMIT_SHORT),
    (429, nested("litellm.RateLimitError: slow", "throttling_error", "429"), F.RATE_LIMIT_SHORT),
    (429, nested("No deployments available", "internal_server_error"), F.RATE_LIMIT_SHORT),
    (429, b"", F.RATE_LIMIT_SHORT),
    (429, nested("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), F.QUOTA_LONG),
    (429, nested("... please check your plan and billing details.", "throttling_error", "429"), F.QUOTA_LONG),
    (429, nested("Limit 200 requests per day (RPD)", "requests", "rate_limit_exceeded"), F.QUOTA_LONG),
    (503, nested("busy", "service_unavailable_error", "server_is_overloaded"), F.OVERLOADED),
    (503, nested("busy", None, "slow_down"), F.OVERLOADED),
    (529, b"", F.OVERLOADED),
    (500, nested("The model is currently overloaded."), F.OVERLOADED),
    (503, b"upstream connect error", F.SERVER),
    (500, nested("boom", "server_error"), F.SERVER),
    (504, b"", F.SERVER),
    (408, nested("Request timed out"), F.TIMEOUT_TOTAL),
    (302, b"", F.PROTOCOL),
    (304, b"", F.PROTOCOL),
    # under HTTP 200, in a body or in mid-stream
    (200, nested("x", code=502), F.SERVER),
    (200, nested("x", code="429"), F.RATE_LIMIT_SHORT),
    (200, nested("x", "rate_limit_error"), F.RATE_LIMIT_SHORT),
    (200, nested("x", "invalid_request_error"), F.BAD_REQUEST),
    (200, nested("x", "authentication_error"), F.AUTH),
    (200, nested("x", "something_new"), F.SERVER),
    (200, nested("Model overloaded"), F.OVERLOADED),
    (200, {"error": True}, F.SERVER),
]


@pytest.mark.parametrize(("status", "body", "kind"), CASES)
def test_each_error_reply_has_its_class(status: int, body: object, kind: FailureClass) -> None:
    failure = classify(status, body)
    assert (failure.kind, failure.status) == (kind, status)
    assert failure.message


def test_every_class_has_a_sentence_and_only_passing_trouble_is_retried() -> None:
    assert set(SENTENCES) == set(F)
    assert not RETRYABLE & {F.AUTH, F.BILLING, F.PERMISSION, F.NOT_FOUND, F.BAD_REQUEST, F.QUOTA_LONG, F.PROTOCOL}


def test_the_message_is_what_the_endpoint_said_in_whatever_shape() -> None:
    said = [
        classify(400, nested("nested")),
        classify(400, {"object": "error", "message": "flat"}),
        classify(400, {"error": "bare"}),
        classify(400, {"detail": "detail"}),
        classify(422, {"detail": [{"msg": "one"}, {"msg": "two"}, 3]}),
        classify(400, [nested("listed")]),
        classify(502, b"  Bad gateway, said the proxy "),
        classify(503, b""),
    ]
    assert [failure.message for failure in said] == [
        "nested",
        "flat",
        "bare",
        "detail",
        "one; two",
        "listed",
        "Bad gateway, said the proxy",
        "HTTP 503 without a body",
    ]


def test_a_redirect_names_the_host_it_leads_to_and_nothing_more() -> None:
    failure = classify(307, b"", location="https://login.example.com/sso?token=abcdef")
    assert "login.example.com" in failure.message
    assert "abcdef" not in failure.message


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (304, {}, "nothing has changed"),
        (302, {}, "does not say where to"),
        (302, {"location": "/login"}, "redirects to another path"),
    ],
)
def test_a_redirect_is_told_as_it_is(status: int, headers: dict[str, str], said: str) -> None:
    assert said in classify(status, b"", **headers).message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "type", "detail", "innererror", "object"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from([200, 301, 400, 401, 429, 500, 503]))
def test_no_error_body_breaks_the_reader(tree: object, status: int) -> None:
    assert classify_tree(tree, status=status).kind in F


@given(st.binary(max_size=100), st.integers(min_value=300, max_value=999))
def test_no_bytes_break_the_reader(raw: bytes, status: int) -> None:
    assert classify(status, raw).message

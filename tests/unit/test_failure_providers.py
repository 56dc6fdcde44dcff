"""Errors as each provider and gateway words them, one row each, and the class they become.

Shapes: docs/wire-formats.md. A row's name begins with who sends it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.classify import classify_reply, classify_tree, is_error
from probes.failure import RETRYABLE, Failure, FailureClass

F = FailureClass
GOOGLE = "type.googleapis.com/google.rpc."


def openai(message: str = "no", kind: str | None = None, code: Any = None, **extra: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **extra}}


def anthropic(kind: str, message: str = "no", **extra: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message, **extra}, "request_id": "req_1"}


def gemini(code: int, status: str, message: str = "no", *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message, "details": list(details)}}


def reason(name: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}ErrorInfo", "reason": name, "domain": "googleapis.com"}


def quota(name: str, **extra: Any) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}QuotaFailure", "violations": [{"quotaId": name, **extra}]}


def retry_in(delay: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}RetryInfo", "retryDelay": delay}


EXCEEDED = "You exceeded your current quota, please check your plan and billing details."
PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
RESPONSES_IMAGES = ("invalid_image", "image_too_large", "failed_to_download_image", "invalid_base64_image")

ROWS: list[tuple[str, int, object, FailureClass]] = [
    # ------------------------------------------------------------------------------------------- OpenAI chat
    ("openai wrong key", 401, openai("Incorrect API key", "invalid_request_error", "invalid_api_key"), F.AUTH),
    ("openai country", 403, openai("no", "request_forbidden", "unsupported_country_region_territory"), F.PERMISSION),
    ("openai unknown model", 404, openai("no", "invalid_request_error", "model_not_found"), F.NOT_FOUND),
    ("openai conflict", 409, openai("Lock timeout"), F.SERVER),
    ("openai unprocessable", 422, openai("no", "invalid_request_error"), F.BAD_REQUEST),
    ("openai too long", 400, openai("no", "invalid_request_error", "context_length_exceeded"), F.CONTEXT_LENGTH),
    ("openai rate limit", 429, openai("Rate limit reached", "tokens", "rate_limit_exceeded"), F.RATE_LIMIT_SHORT),
    (
        "openai more than the limit of a minute",
        429,
        openai("Request too large on tokens per min (TPM): Limit 1, Requested 2", "tokens", "rate_limit_exceeded"),
        F.RATE_LIMIT_SHORT,
    ),
    ("openai out of quota", 429, openai(EXCEEDED, "insufficient_quota", "insufficient_quota"), F.QUOTA_LONG),
    ("openai out of credit", 429, openai("no", "insufficient_quota", "credit_balance_exhausted"), F.BILLING),
    ("openai hard limit", 400, openai("no", "invalid_request_error", "billing_hard_limit_reached"), F.BILLING),
    ("openai overloaded", 503, openai("no", "service_unavailable_error", "server_is_overloaded"), F.OVERLOADED),
    ("openai slow down", 503, openai("no", "service_unavailable_error", "slow_down"), F.OVERLOADED),
    ("openai server error", 500, openai("no", "server_error"), F.SERVER),
    ("openai policy", 400, openai("no", "invalid_request_error", "content_policy_violation"), F.CONTENT_FILTER),
    ("openai in mid-stream", 200, openai("The server had an error", "server_error"), F.SERVER),
    # ------------------------------------------------------------------------------------------- OpenAI Responses
    ("responses server", 200, {"error": {"code": "server_error", "message": "no"}}, F.SERVER),
    ("responses rate", 200, {"error": {"code": "rate_limit_exceeded", "message": "no"}}, F.RATE_LIMIT_SHORT),
    ("responses flagged prompt", 200, {"error": {"code": "invalid_prompt", "message": "no"}}, F.CONTENT_FILTER),
    ("responses bio", 200, {"error": {"code": "bio_policy", "message": "no"}}, F.CONTENT_FILTER),
    ("responses residency", 200, {"error": {"code": "data_residency_mismatch", "message": "no"}}, F.PERMISSION),
    ("responses vector store", 200, {"error": {"code": "vector_store_timeout", "message": "no"}}, F.SERVER),
    (
        "responses image policy",
        200,
        {"error": {"code": "image_content_policy_violation", "message": "no"}},
        F.CONTENT_FILTER,
    ),
    *(
        (f"responses {code}", 200, {"error": {"code": code, "message": "no"}}, F.BAD_REQUEST)
        for code in RESPONSES_IMAGES
    ),
    # ------------------------------------------------------------------------------------------- Anthropic
    ("anthropic request", 400, anthropic("invalid_request_error"), F.BAD_REQUEST),
    (
        "anthropic too long",
        400,
        anthropic("invalid_request_error", "prompt is too long: 2 tokens > 1 maximum"),
        F.CONTEXT_LENGTH,
    ),
    (
        "anthropic answer too long",
        400,
        anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 2 + 3 > 4"),
        F.CONTEXT_LENGTH,
    ),
    (
        "anthropic no credit",
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        F.BILLING,
    ),
    (
        "anthropic own limit",
        400,
        anthropic("invalid_request_error", "You have reached your specified API usage limits."),
        F.QUOTA_LONG,
    ),
    ("anthropic key", 401, anthropic("authentication_error", "invalid x-api-key"), F.AUTH),
    ("anthropic billing", 402, anthropic("billing_error"), F.BILLING),
    ("anthropic permission", 403, anthropic("permission_error"), F.PERMISSION),
    ("anthropic model", 404, anthropic("not_found_error", "model: claude-x"), F.NOT_FOUND),
    ("anthropic conflict", 409, anthropic("conflict_error"), F.SERVER),
    ("anthropic size", 413, anthropic("request_too_large"), F.BAD_REQUEST),
    ("anthropic rate", 429, anthropic("rate_limit_error"), F.RATE_LIMIT_SHORT),
    (
        "anthropic spend limit",
        429,
        anthropic("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}),
        F.QUOTA_LONG,
    ),
    ("anthropic server", 500, anthropic("api_error"), F.SERVER),
    ("anthropic timeout", 504, anthropic("timeout_error"), F.SERVER),
    ("anthropic overloaded", 529, anthropic("overloaded_error"), F.OVERLOADED),
    ("anthropic overloaded in mid-stream", 200, anthropic("overloaded_error"), F.OVERLOADED),
    ("anthropic server in mid-stream", 200, anthropic("api_error"), F.SERVER),
    ("anthropic permission in mid-stream", 200, anthropic("permission_error"), F.PERMISSION),
    # ------------------------------------------------------------------------------------------- Gemini
    ("gemini argument", 400, gemini(400, "INVALID_ARGUMENT"), F.BAD_REQUEST),
    ("gemini key", 400, gemini(400, "INVALID_ARGUMENT", "no", reason("API_KEY_INVALID")), F.AUTH),
    ("gemini key, sentence only", 400, openai("API key not valid. Please pass a valid API key."), F.AUTH),
    ("gemini region", 400, gemini(400, "FAILED_PRECONDITION", "User location is not supported."), F.PERMISSION),
    ("gemini billing", 400, gemini(400, "FAILED_PRECONDITION", "Please enable billing on project 1."), F.BILLING),
    (
        "gemini too long",
        400,
        gemini(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        F.CONTEXT_LENGTH,
    ),
    ("gemini token", 401, gemini(401, "UNAUTHENTICATED"), F.AUTH),
    ("gemini permission", 403, gemini(403, "PERMISSION_DENIED"), F.PERMISSION),
    ("gemini service off", 403, gemini(403, "PERMISSION_DENIED", "no", reason("SERVICE_DISABLED")), F.PERMISSION),
    ("gemini billing off", 403, gemini(403, "PERMISSION_DENIED", "no", reason("BILLING_DISABLED")), F.BILLING),
    ("gemini model", 404, gemini(404, "NOT_FOUND", "models/x is not found"), F.NOT_FOUND),
    ("gemini a minute", 429, gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_MINUTE)), F.RATE_LIMIT_SHORT),
    ("gemini a day", 429, gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_DAY), retry_in("18s")), F.QUOTA_LONG),
    (
        "gemini a minute and a day",
        429,
        gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_MINUTE), quota(PER_DAY)),
        F.QUOTA_LONG,
    ),
    (
        "gemini limit 0",
        429,
        gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_MINUTE, quotaValue="0")),
        F.QUOTA_LONG,
    ),
    ("gemini limit 0 in words", 429, gemini(429, "RESOURCE_EXHAUSTED", "Quota exceeded, limit: 0"), F.QUOTA_LONG),
    ("gemini limit 0.5 in words", 429, gemini(429, "RESOURCE_EXHAUSTED", "limit: 0.5 a second"), F.RATE_LIMIT_SHORT),
    ("gemini no details", 429, gemini(429, "RESOURCE_EXHAUSTED", "Resource exhausted"), F.RATE_LIMIT_SHORT),
    ("gemini server", 500, gemini(500, "INTERNAL"), F.SERVER),
    ("gemini too long as server error", 500, gemini(500, "INTERNAL", "Input context is too long"), F.CONTEXT_LENGTH),
    ("gemini overloaded", 503, gemini(503, "UNAVAILABLE", "no"), F.OVERLOADED),
    ("gemini deadline", 504, gemini(504, "DEADLINE_EXCEEDED"), F.SERVER),
    ("gemini cancelled", 499, gemini(499, "CANCELLED"), F.SERVER),
    ("gemini in a list", 429, [gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_MINUTE))], F.RATE_LIMIT_SHORT),
    ("gemini in mid-stream", 200, gemini(503, "UNAVAILABLE", "no"), F.OVERLOADED),
    # ------------------------------------------------------------------------------------------- Azure
    (
        "azure filter",
        400,
        openai("no", None, "content_filter", innererror={"code": "ResponsibleAIPolicyViolation"}),
        F.CONTENT_FILTER,
    ),
    (
        "azure filter one level deeper",
        400,
        openai("no", innererror={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        F.CONTENT_FILTER,
    ),
    ("azure deployment", 404, openai("no", None, "DeploymentNotFound"), F.NOT_FOUND),
    ("azure path", 404, {"error": {"code": "404", "message": "Resource not found"}}, F.NOT_FOUND),
    ("azure key", 401, {"statusCode": 401, "message": "Access denied due to invalid subscription key"}, F.AUTH),
    ("azure role", 401, openai("no", None, "PermissionDenied"), F.PERMISSION),
    ("azure rate", 429, openai("exceeded token rate limit. Retry after 24 seconds.", None, "429"), F.RATE_LIMIT_SHORT),
    ("azure API management quota", 403, {"statusCode": 403, "message": "Out of call volume quota."}, F.QUOTA_LONG),
    # ------------------------------------------------------------------------------------------- LiteLLM
    ("litellm rate", 429, openai("litellm.RateLimitError: x", "throttling_error", "429"), F.RATE_LIMIT_SHORT),
    (
        "litellm cooling down",
        429,
        openai("No deployments available for selected model, Try again in 5 seconds.", "None", "429"),
        F.RATE_LIMIT_SHORT,
    ),
    ("litellm budget", 400, openai("Budget has been exceeded!", "budget_exceeded", "400"), F.QUOTA_LONG),
    ("litellm expired key", 400, openai("Authentication Error - Expired Key", "expired_key", "400"), F.AUTH),
    ("litellm unknown key", 401, openai("Invalid proxy server token", "token_not_found_in_db", "401"), F.AUTH),
    ("litellm model of another team", 401, openai("no", "team_model_access_denied", "401"), F.PERMISSION),
    ("litellm model", 400, openai("Invalid model name passed in model=x", "invalid_request_error", "400"), F.NOT_FOUND),
    (
        "litellm azure filter",
        400,
        openai("x", None, "400", provider_specific_fields={"innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        F.CONTENT_FILTER,
    ),
    ("litellm too long", 400, openai("litellm.ContextWindowExceededError: x", None, "400"), F.CONTEXT_LENGTH),
    (
        "litellm gemini a minute",
        429,
        openai(f'litellm.RateLimitError: {EXCEEDED} "quotaId": "{PER_MINUTE}"', "throttling_error", "429"),
        F.RATE_LIMIT_SHORT,
    ),
    (
        "litellm gemini a day",
        429,
        openai(f'litellm.RateLimitError: {EXCEEDED} "quotaId": "{PER_DAY}"', "throttling_error", "429"),
        F.QUOTA_LONG,
    ),
    # ------------------------------------------------------------------------------------------- OpenRouter
    ("openrouter credits", 402, openai("Insufficient credits", code=402), F.BILLING),
    (
        "openrouter moderation",
        403,
        openai("flagged", code=403, metadata={"reasons": ["violence"], "flagged_input": "..."}),
        F.CONTENT_FILTER,
    ),
    ("openrouter timeout", 408, openai("timed out", code=408), F.TIMEOUT_TOTAL),
    ("openrouter free a day", 429, openai("Rate limit exceeded: free-models-per-day", code=429), F.QUOTA_LONG),
    ("openrouter free a minute", 429, openai("Rate limit exceeded: free-models-per-min", code=429), F.RATE_LIMIT_SHORT),
    ("openrouter no provider", 503, openai("No available model provider", code=503), F.SERVER),
    ("openrouter under 200", 200, openai("Provider returned error", code=502), F.SERVER),
    (
        "openrouter quotes a code",
        400,
        openai(
            "Provider returned error",
            code=400,
            metadata={"raw": json.dumps(openai("x", code="context_length_exceeded"))},
        ),
        F.CONTEXT_LENGTH,
    ),
    (
        "openrouter quotes a sentence",
        200,
        openai("Provider returned error", code=400, metadata={"raw": "Input is too long"}),
        F.CONTEXT_LENGTH,
    ),
    # ------------------------------------------------------------------------------------------- other gateways
    (
        "cloudflare rate",
        429,
        {"success": False, "error": [{"code": 2003, "message": "Rate limited"}]},
        F.RATE_LIMIT_SHORT,
    ),
    (
        "cloudflare guardrail",
        424,
        {"success": False, "error": [{"code": 2016, "message": "no"}]},
        F.CONTENT_FILTER,
    ),
    (
        "cloudflare guardrail, errors",
        400,
        {"success": False, "errors": [{"code": 2017, "message": "Response blocked due to security configurations"}]},
        F.CONTENT_FILTER,
    ),
    (
        "cloudflare allocation",
        429,
        {"success": False, "errors": [{"code": 4006, "message": "daily free"}]},
        F.QUOTA_LONG,
    ),
    ("portkey guardrail", 446, {"error": {"message": "checks failed", "type": "hooks_failed"}}, F.CONTENT_FILTER),
    ("portkey key", 401, {"status": "failure", "message": "Invalid API Key. Error Code: 03"}, F.AUTH),
    ("portkey budget", 412, {"status": "failure", "message": "Usage limits exceeded"}, F.QUOTA_LONG),
    (
        "helicone threat",
        400,
        {"success": False, "error": {"code": "PROMPT_THREAT_DETECTED", "message": "x"}},
        F.CONTENT_FILTER,
    ),
    ("helicone rate", 429, {"error": "Rate limit reached"}, F.RATE_LIMIT_SHORT),
    # ------------------------------------------------------------------------------------------- servers and proxies
    ("vllm flat", 400, {"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, F.BAD_REQUEST),
    ("vllm flat model", 404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, F.NOT_FOUND),
    ("vllm flat under 200", 200, {"object": "error", "message": "bad", "type": "BadRequestError"}, F.BAD_REQUEST),
    ("llama.cpp too long", 400, openai("no", "exceed_context_size_error", 400), F.CONTEXT_LENGTH),
    ("ollama model", 404, {"error": 'model "x" not found'}, F.NOT_FOUND),
    ("tgi overloaded", 429, {"error": "Model is overloaded", "error_type": "overloaded"}, F.OVERLOADED),
    ("fastapi detail", 403, {"detail": "Not authenticated"}, F.PERMISSION),
    ("fastapi detail as object", 400, {"detail": {"code": "model_not_found", "message": "no"}}, F.NOT_FOUND),
    ("fastapi validation", 422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, F.BAD_REQUEST),
    ("nginx size", 413, b"<html><head><title>413 Request Entity Too Large</title></head></html>", F.BAD_REQUEST),
    ("nginx 502", 502, b"<html>\r\n<head><title>502 Bad Gateway</title></head><body>x</body></html>", F.SERVER),
    ("cloudflare 524", 524, b"<!DOCTYPE html><title>a.example | 524: A timeout occurred</title>", F.SERVER),
    ("envoy text", 503, b"no healthy upstream", F.SERVER),
    ("proxy wants credentials", 407, b"", F.AUTH),
    ("gone", 410, b"", F.NOT_FOUND),
]


def classify(status: int, body: object) -> Failure:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify_tree(body, status=200) if status == 200 else classify_reply(status=status, headers={}, body=raw)


@pytest.mark.parametrize(("name", "status", "body", "kind"), ROWS, ids=[row[0] for row in ROWS])
def test_each_providers_error_has_its_class(name: str, status: int, body: object, kind: FailureClass) -> None:
    failure = classify(status, body)
    assert (failure.kind, failure.status) == (kind, status), name
    assert failure.message


def test_a_gateways_own_error_under_200_is_known_as_one_and_an_answer_is_not() -> None:
    assert is_error({"success": False, "errors": [{"code": 1}]})
    assert not is_error({"success": True, "errors": [], "choices": []})
    assert not is_error({"success": False, "choices": []})


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "an HTML page: 502 Bad Gateway"),
        (b"<!DOCTYPE html>\n<html lang=en><TITLE a=b> a &amp; b </TITLE>", "an HTML page: a & b"),
        (b"<html><body><h1>Service Unavailable</h1><p>x</p>", "an HTML page: Service Unavailable"),
        (b"<html><body>sorry</body></html>", "an HTML page without a title"),
        (b"<html><title></title></html>", "an HTML page without a title"),
        (b"plain words", "plain words"),
    ],
)
def test_a_page_of_a_proxy_is_told_by_its_title_and_never_by_its_markup(page: bytes, message: str) -> None:
    assert classify(502, page).message == message


def test_what_a_gateway_quotes_of_its_provider_stands_behind_its_own_words() -> None:
    quoted = openai("Provider returned error", code=502, metadata={"raw": '{"error": {"message": "CUDA died"}}'})
    assert classify(502, quoted).message == "Provider returned error: CUDA died"


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota(PER_MINUTE), retry_in("46s")), 46.0),
        (gemini(429, "RESOURCE_EXHAUSTED", EXCEEDED, retry_in("1.5s")), 1.5),
        (gemini(429, "RESOURCE_EXHAUSTED", "Please retry in 34.07s.", quota(PER_MINUTE)), 34.07),
        (gemini(429, "RESOURCE_EXHAUSTED", "no", retry_in("soon")), None),
        (openai("Rate limit reached. Please try again in 350ms. Visit"), 0.35),
        (openai("Limit 3. Please try again in 1m30s."), 90.0),
        (openai("Please retry after 24 seconds."), 24.0),
        (openai("No deployments available for selected model, Try again in 60 seconds. Passed model=x"), 60.0),
        (openai("Wait."), None),
    ],
)
def test_the_wait_a_body_asks_for_is_kept(body: object, seconds: float | None) -> None:
    assert classify(429, body).retry_after_s == seconds


@pytest.mark.parametrize("kind", [row[3] for row in ROWS if row[0].endswith(("key", "credit", "budget", "a day"))])
def test_quota_billing_and_keys_are_never_worth_asking_again(kind: FailureClass) -> None:
    assert kind not in RETRYABLE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "errors", "details", "violations", "quotaId", "retryDelay", "metadata", "raw", "innererror"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from([200, 400, 429, 503]))
def test_no_shape_of_details_breaks_the_reader(tree: object, status: int) -> None:
    failure = classify_tree({"error": tree}, status=status)
    assert failure.kind in F
    assert failure.retry_after_s is None or failure.retry_after_s >= 0


@given(st.text(alphabet="<>/titleh1!- dochm\n&;", max_size=300))
def test_no_page_breaks_the_reader(page: str) -> None:
    assert classify(502, page.encode()).kind is F.SERVER

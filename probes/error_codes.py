"""What error codes and sentences of providers and gateways mean, as tables. Feeds ``classify``.

Sources: docs/wire-formats.md, section "Failure classes". Codes are matched in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from probes.failure import FailureClass

_F = FailureClass

CODES: Mapping[str, FailureClass] = {
    # content filters: OpenAI, Azure, Responses policies, Portkey's and Cloudflare's guardrails, Helicone's security
    "content_filter": _F.CONTENT_FILTER,
    "content_policy_violation": _F.CONTENT_FILTER,
    "image_content_policy_violation": _F.CONTENT_FILTER,
    "moderation_blocked": _F.CONTENT_FILTER,
    "responsibleaipolicyviolation": _F.CONTENT_FILTER,
    "invalid_prompt": _F.CONTENT_FILTER,
    "bio_policy": _F.CONTENT_FILTER,
    "misalignment_policy_violation": _F.CONTENT_FILTER,
    "flagged_input": _F.CONTENT_FILTER,
    "hooks_failed": _F.CONTENT_FILTER,
    "cloudflare 2016": _F.CONTENT_FILTER,
    "cloudflare 2017": _F.CONTENT_FILTER,
    "prompt_threat_detected": _F.CONTENT_FILTER,
    "prompt_flagged_for_moderation": _F.CONTENT_FILTER,
    # too long: OpenAI, llama.cpp
    "context_length_exceeded": _F.CONTEXT_LENGTH,
    "exceed_context_size_error": _F.CONTEXT_LENGTH,
    # no money: Anthropic, OpenAI, OpenRouter, Google
    "billing_error": _F.BILLING,
    "billing_hard_limit_reached": _F.BILLING,
    "billing_not_active": _F.BILLING,
    "billing_disabled": _F.BILLING,
    "credit_balance_exhausted": _F.BILLING,
    "insufficient_credits": _F.BILLING,
    "linked_organization_billing_unavailable": _F.BILLING,
    "payment_required": _F.BILLING,
    # used up for longer than a probe waits: LiteLLM's budgets, OpenAI, Anthropic's spend limits
    "budget_exceeded": _F.QUOTA_LONG,
    "insufficient_quota": _F.QUOTA_LONG,
    "quota_exceeded": _F.QUOTA_LONG,
    "enforced_spend_limit_reached": _F.QUOTA_LONG,
    "contract_spend_limit_reached": _F.QUOTA_LONG,
    "linked_organization_spend_limit_reached": _F.QUOTA_LONG,
    # overloaded: OpenAI, Anthropic, Moonshot, TGI
    "engine_overloaded_error": _F.OVERLOADED,
    "overloaded": _F.OVERLOADED,
    "overloaded_error": _F.OVERLOADED,
    "server_is_overloaded": _F.OVERLOADED,
    "service_unavailable_error": _F.OVERLOADED,
    "slow_down": _F.OVERLOADED,
    # keys: OpenAI, Google (ErrorInfo reasons), LiteLLM
    "invalid_api_key": _F.AUTH,
    "api_key_invalid": _F.AUTH,
    "access_token_expired": _F.AUTH,
    "credentials_missing": _F.AUTH,
    "expired_key": _F.AUTH,
    # LiteLLM without a database: the key is not its master key, and there is nowhere else to look it up
    "no_db_connection": _F.AUTH,
    "token_not_found_in_db": _F.AUTH,
    # a good key that may not: Azure, Google, LiteLLM, OpenAI, Anthropic
    "permissiondenied": _F.PERMISSION,
    "access_token_scope_insufficient": _F.PERMISSION,
    "api_key_http_referrer_blocked": _F.PERMISSION,
    "api_key_ip_address_blocked": _F.PERMISSION,
    "api_key_service_blocked": _F.PERMISSION,
    "consumer_suspended": _F.PERMISSION,
    "service_disabled": _F.PERMISSION,
    "unsupported_country_region_territory": _F.PERMISSION,
    "data_residency_mismatch": _F.PERMISSION,
    "organization_on_hold": _F.PERMISSION,
    **{
        f"{who}_model_access_denied": _F.PERMISSION
        for who in ("key", "team", "user", "customer", "org", "project", "agent")
    },
    "deploymentnotfound": _F.NOT_FOUND,
    "model_not_found": _F.NOT_FOUND,
}
"""Codes and types that say more than the status does."""

CODES_WITHOUT_STATUS: Mapping[str, FailureClass] = {
    "auth_error": _F.AUTH,
    "authentication_error": _F.AUTH,
    "unauthenticated": _F.AUTH,
    "badrequesterror": _F.BAD_REQUEST,
    "invalid_argument": _F.BAD_REQUEST,
    "invalid_request_error": _F.BAD_REQUEST,
    "request_too_large": _F.BAD_REQUEST,
    "out_of_range": _F.BAD_REQUEST,
    "not_found": _F.NOT_FOUND,
    "not_found_error": _F.NOT_FOUND,
    "permission_denied": _F.PERMISSION,
    "permission_error": _F.PERMISSION,
    "rate_limit_error": _F.RATE_LIMIT_SHORT,
    "rate_limit_exceeded": _F.RATE_LIMIT_SHORT,
    "resource_exhausted": _F.RATE_LIMIT_SHORT,
    "throttling_error": _F.RATE_LIMIT_SHORT,
    "failed_precondition": _F.PERMISSION,
    "deadline_exceeded": _F.TIMEOUT_TOTAL,
    "timeout": _F.TIMEOUT_TOTAL,
    "timeout_error": _F.TIMEOUT_TOTAL,
    "unavailable": _F.OVERLOADED,
}
"""Codes that only count where the status says nothing: an error object under HTTP 200. Image trouble of OpenAI
Responses (``invalid_image``, ``image_too_large``, ...) is a bad request, told by ``IMAGE_CODE``."""

CODES_AT_STATUS: Mapping[tuple[int, str], FailureClass] = {
    # Google: the region or the billing of the project; of billing the sentence speaks
    (400, "failed_precondition"): _F.PERMISSION,
    # Google's word for a model that is out of breath; other servers' 503 may mean anything
    (503, "unavailable"): _F.OVERLOADED,
}
"""Codes that say more than the status, but less than a sentence."""

IMAGE_CODE = re.compile(r"(^|_)image(_|$)", re.ASCII)


def _phrase(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_REQUEST = frozenset({200, 400, 413, 422})
_LIMIT = frozenset({200, 403, 429})
PHRASES: tuple[tuple[FailureClass, frozenset[int], re.Pattern[str]], ...] = (
    (
        _F.CONTENT_FILTER,
        _REQUEST | {424},
        _phrase(r"content (management|filtering) policy|ContentPolicyViolation|blocked due to security configurations"),
    ),
    # never on 429: "request too large" there means tokens a minute, which passes
    (
        _F.CONTEXT_LENGTH,
        _REQUEST | {500},
        _phrase(
            r"context[ _-]?(length|window|size|limit)|(prompt|input)( context)? is too long|ContextWindowExceeded"
            r"|(input )?token count\b[^\n]{0,40}\bexceeds the maximum"
        ),
    ),
    (
        _F.BILLING,
        _REQUEST | _LIMIT,
        _phrase(r"credit balance|insufficient (credits?|funds|balance)|enable billing|billing (account )?is disabled"),
    ),
    (
        _F.QUOTA_LONG,
        _LIMIT,
        _phrase(r"per[- ]?(day|month)|\b[RT]PD\b|\b(daily|monthly)\b|out of call volume quota|\blimit: 0\b(?!\.\d)"),
    ),
    # Anthropic and LiteLLM say so under 400, Portkey under 412
    (
        _F.QUOTA_LONG,
        _LIMIT | {400, 412},
        _phrase(
            r"API usage limits|budget has been exceeded|usage limits? (is |has been )?(exceeded|exhausted|reached)"
        ),
    ),
    # Google words a minute's limit like a lasting one; the name of the quota tells, also inside a gateway's text
    (_F.RATE_LIMIT_SHORT, _LIMIT, _phrase(r"per[- ]?minute")),
    (_F.QUOTA_LONG, _LIMIT, _phrase(r"your plan and billing")),
    (_F.AUTH, _REQUEST, _phrase(r"api[ _]key (not valid|is invalid)|(invalid|incorrect) api[ _]key")),
    (
        _F.NOT_FOUND,
        _REQUEST,
        _phrase(r"invalid model name|\bmodel\b[^\n]{0,80}\b(does not exist|not found|not exist)"),
    ),
    (_F.OVERLOADED, frozenset({200, 500, 503}), _phrase(r"\boverloaded\b")),
)
"""What gateways leave of a code: they often keep only the sentence. Read in order, at these statuses only."""

STATUSES: Mapping[int, FailureClass] = {
    401: _F.AUTH,
    402: _F.BILLING,
    403: _F.PERMISSION,
    404: _F.NOT_FOUND,
    # the proxy in front wants credentials of its own
    407: _F.AUTH,
    # a gateway that lost patience with its upstream: a timeout, though not our own
    408: _F.TIMEOUT_TOTAL,
    # two requests got into each other's way (Anthropic's conflict_error, a lock at OpenAI): the next may pass
    409: _F.SERVER,
    410: _F.NOT_FOUND,
    # too early, and an upstream that hung up: both pass
    425: _F.SERVER,
    429: _F.RATE_LIMIT_SHORT,
    # Portkey: a guardrail refused
    446: _F.CONTENT_FILTER,
    451: _F.PERMISSION,
    499: _F.SERVER,
    529: _F.OVERLOADED,
}
"""Other statuses: 5xx is ``server``, 4xx ``bad_request``."""

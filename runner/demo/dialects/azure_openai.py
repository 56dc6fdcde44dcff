"""Azure OpenAI from the server's side: chat completions at a deployment, with content filter results. Feeds the app.

Source: docs/wire-formats.md. The words of Azure's errors change; codes and statuses are what clients read.
"""

from __future__ import annotations

from collections.abc import Mapping

from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, Unfit, bearer, event, read_as
from runner.demo.dialects.openai_chat import ChatRequest, OpenAIChat, head

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
PROMPT_SAFE = {**SAFE, "jailbreak": {"filtered": False, "detected": False}}
BLOCKED = {**PROMPT_SAFE, "violence": {"filtered": True, "severity": "medium"}}
RETRY_AFTER_S = 1

TROUBLES: Mapping[Trouble, tuple[int, str, str]] = {
    Trouble.BAD_KEY: (
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint.",
    ),
    Trouble.UNKNOWN_MODEL: (404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
    Trouble.BAD_REQUEST: (400, "BadRequest", "The request is not valid."),
    Trouble.NOT_HERE: (404, "404", "Resource not found"),
    Trouble.RATE_LIMIT: (
        429,
        "429",
        "Requests have exceeded the call rate limit of this deployment. Please retry after 1 second.",
    ),
    Trouble.QUOTA: (403, "insufficient_quota", "The quota of this resource is used up."),
    Trouble.OVERLOADED: (503, "ServiceUnavailable", "The engine is currently overloaded, please try again later."),
    Trouble.SERVER: (500, "InternalServerError", "The server had an error while processing your request."),
}
"""Status, code and words of each error."""


class AzureOpenAI(OpenAIChat):
    """``POST /openai/deployments/{deployment}/chat/completions?api-version=...``."""

    def key(self, incoming: Incoming) -> str:
        return incoming.headers.get("api-key") or bearer(incoming)

    def read(self, incoming: Incoming) -> Asked:
        """The deployment in the address counts, not the body's model."""
        if not incoming.query.get("api-version"):
            raise Unfit("Resource not found", trouble=Trouble.NOT_HERE)
        body = incoming.body
        if isinstance(body, dict):
            body = {**body, "model": incoming.path["deployment"]}
        return read_as(ChatRequest, body).asked

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return {
            "apim-request-id": reply.answer.hex_id,
            "x-request-id": reply.answer.hex_id,
            "x-ms-region": "Sweden Central",
            "x-ratelimit-remaining-requests": "99",
            "x-ratelimit-remaining-tokens": "9999",
            "openai-processing-ms": str(took_ms),
        }

    def body(self, reply: Reply) -> dict[str, object]:
        body = super().body(reply)
        choices = body["choices"]
        assert isinstance(choices, list)  # built just above
        filtered = [{**choice, "content_filter_results": SAFE} for choice in choices]
        return {**body, "choices": filtered, "prompt_filter_results": [_prompt(PROMPT_SAFE)]}

    def opening(self, reply: Reply) -> bytes:
        """First the prompt's filter results, in a chunk without choices and without a model; then the role."""
        bare = {**head(reply, ""), "id": "", "created": 0, "model": ""}
        filters = {**bare, "choices": [], "prompt_filter_results": [_prompt(PROMPT_SAFE)]}
        return event(filters) + super().opening(reply)

    def broken(self, reply: Reply) -> bytes:
        return event(self.refused(Trouble.OVERLOADED, "").body)

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        if trouble is Trouble.CONTENT_FILTER:
            return _filtered()
        status, code, words = TROUBLES[trouble]
        waits = {"retry-after": str(RETRY_AFTER_S)} if trouble is Trouble.RATE_LIMIT else {}
        return Refused(status=status, body={"error": {"code": code, "message": message or words}}, headers=waits)


def _prompt(results: Mapping[str, object]) -> dict[str, object]:
    return {"prompt_index": 0, "content_filter_results": results}


def _filtered() -> Refused:
    """The prompt was blocked."""
    error = {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": BLOCKED},
    }
    return Refused(status=400, body={"error": error})

"""Gemini from the server's side: requests read, candidates, chunks and errors built. Feeds the app.

Source: docs/wire-formats.md (python-genai's types). JSON on the wire is camelCase; streams end without a terminator,
and their lines with carriage return and line feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from runner.demo.answers import Conversation
from runner.demo.dialects.dialect import Asked, Incoming, Refused, Reply, Trouble, Unfit, dump, read_as
from runner.demo.tools import Call, OfferedTool

RETRY_AFTER_S = 1
METHODS = {"generateContent": False, "streamGenerateContent": True}
"""Method in the address to whether it streams."""
FINISHES = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}
_INFO = "type.googleapis.com/google.rpc."

TROUBLES: Mapping[Trouble, tuple[int, str, str]] = {
    Trouble.BAD_KEY: (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    Trouble.UNKNOWN_MODEL: (404, "NOT_FOUND", "The model is not found for API version v1beta."),
    Trouble.BAD_REQUEST: (400, "INVALID_ARGUMENT", "The request is not valid."),
    Trouble.NOT_HERE: (404, "NOT_FOUND", "Requested entity was not found."),
    Trouble.RATE_LIMIT: (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted, please retry in 1s."),
    Trouble.QUOTA: (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan."),
    Trouble.OVERLOADED: (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    Trouble.SERVER: (500, "INTERNAL", "An internal error has occurred."),
}
"""Status, gRPC status and words of each error."""


class GeminiForm(BaseModel):
    """Fields may be spelt in camelCase or with underscores: the SDK itself does both."""

    model_config = ConfigDict(populate_by_name=True)


class FunctionResponse(GeminiForm):
    """What a tool said."""

    response: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The one text in it, else its JSON."""
        values = list(self.response.values())
        return values[0] if len(values) == 1 and isinstance(values[0], str) else json.dumps(self.response)


class GeminiPart(GeminiForm):
    """One part of a content."""

    text: str = ""
    thought: bool = False
    function_response: FunctionResponse | None = Field(default=None, alias="functionResponse")


class Content(GeminiForm):
    """One message."""

    role: str = "user"
    parts: list[GeminiPart] = Field(default_factory=list)

    @property
    def said(self) -> Iterator[tuple[str, str]]:
        """Role and text; results of tools come inside the user's message and are told apart."""
        results = [part.function_response for part in self.parts if part.function_response is not None]
        yield from (("tool", result.text) for result in results)
        if text := "".join(part.text for part in self.parts if not part.thought):
            yield "assistant" if self.role == "model" else self.role, text


class Declaration(GeminiForm):
    """A declared function."""

    name: str
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        validation_alias=AliasChoices("parameters", "parametersJsonSchema", "parameters_json_schema"),
    )


class GeminiTool(GeminiForm):
    """A group of declared functions."""

    declarations: list[Declaration] = Field(default_factory=list, alias="functionDeclarations")


class GenerationConfig(GeminiForm):
    """How to generate."""

    max_output_tokens: int | None = Field(default=None, ge=1, alias="maxOutputTokens")


class GenerateRequest(GeminiForm):
    """The fields of a request that the fake endpoint obeys; it ignores the others."""

    contents: list[Content] = Field(min_length=1)
    system: Content | None = Field(default=None, alias="systemInstruction")
    tools: list[GeminiTool] = Field(default_factory=list)
    config: GenerationConfig = Field(default_factory=GenerationConfig, alias="generationConfig")

    @property
    def conversation(self) -> Conversation:
        """Role and text of each message."""
        system = "".join(part.text for part in self.system.parts) if self.system else ""
        lead = (("system", system),) if system else ()
        return (*lead, *(part for content in self.contents for part in content.said))


class Gemini:
    """``POST /v1beta/models/{model}:generateContent`` and ``:streamGenerateContent?alt=sse``."""

    def key(self, incoming: Incoming) -> str:
        return incoming.headers.get("x-goog-api-key") or incoming.query.get("key", "")

    def read(self, incoming: Incoming) -> Asked:
        streams = METHODS.get(incoming.path["method"])
        if streams is None:
            raise Unfit("", trouble=Trouble.NOT_HERE)
        if streams and incoming.query.get("alt") != "sse":
            raise Unfit("this endpoint streams server-sent events only: add ?alt=sse")
        request = read_as(GenerateRequest, incoming.body)
        declared = [one for tool in request.tools for one in tool.declarations]
        return Asked(
            model=incoming.path["model"],
            conversation=request.conversation,
            tools=tuple(OfferedTool(name=one.name, parameters=one.parameters) for one in declared),
            token_limit=request.config.max_output_tokens,
            stream=streams,
        )

    def headers(self, reply: Reply, took_ms: int) -> dict[str, str]:
        return {"server-timing": f"gfet4t7; dur={took_ms}"}

    def body(self, reply: Reply) -> dict[str, object]:
        return _response(reply, _parts(reply), over=True)

    def opening(self, reply: Reply) -> bytes:
        """Nothing: a stream begins with its first words."""
        return b""

    def content(self, reply: Reply) -> Iterator[bytes]:
        """All but the last of the text's deltas; tool calls come whole, with the end."""
        for text in list(reply.deltas)[:-1]:
            yield _event(_response(reply, [{"text": text}], over=False))

    def closing(self, reply: Reply) -> bytes:
        """The last words, why it stopped, and the usage in all."""
        last = list(reply.deltas)[-1:]
        return _event(_response(reply, _parts(reply, text="".join(last)), over=True))

    def broken(self, reply: Reply) -> bytes:
        return _event(self.refused(Trouble.OVERLOADED, "").body)

    def refused(self, trouble: Trouble, message: str, *, param: str | None = None, model: str = "") -> Refused:
        if trouble is Trouble.CONTENT_FILTER:
            # no error status: a reply without candidates
            blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": model or "fake"}
            return Refused(status=200, body={**blocked, "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}})
        status, kind, words = TROUBLES[trouble]
        if trouble is Trouble.UNKNOWN_MODEL:
            words = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
        error: dict[str, object] = {"code": status, "message": message or words, "status": kind}
        if details := _details(trouble):
            error["details"] = details
        return Refused(status=status, body={"error": error})


def _event(value: object) -> bytes:
    return b"data: " + dump(value) + b"\r\n\r\n"


def _response(reply: Reply, parts: list[dict[str, object]], *, over: bool) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if over:
        candidate["finishReason"] = FINISHES[reply.answer.finish]
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(reply, over=over),
        "modelVersion": reply.model,
        "createTime": datetime.fromtimestamp(reply.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "responseId": reply.answer.hex_id,
    }


def _parts(reply: Reply, *, text: str | None = None) -> list[dict[str, object]]:
    if reply.answer.calls:
        return [_function_call(reply, number, call) for number, call in enumerate(reply.answer.calls)]
    return [{"text": reply.answer.text if text is None else text}]


def _function_call(reply: Reply, number: int, call: Call) -> dict[str, object]:
    named = {"id": f"{reply.answer.hex_id}{number}", "name": call.name}
    return {"functionCall": {**named, "args": dict(call.arguments)}}


def _usage(reply: Reply, *, over: bool) -> dict[str, object]:
    read, written = reply.answer.prompt_tokens, reply.answer.output_tokens if over else 1
    return {
        "promptTokenCount": read,
        "candidatesTokenCount": written,
        "totalTokenCount": read + written,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
        "trafficType": "ON_DEMAND",
    }


def _details(trouble: Trouble) -> list[dict[str, object]]:
    """What of an error only its details tell."""
    if trouble is Trouble.BAD_KEY:
        return [{"@type": _INFO + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    if trouble not in (Trouble.RATE_LIMIT, Trouble.QUOTA):
        return []
    period = "Minute" if trouble is Trouble.RATE_LIMIT else "Day"
    violation = {"quotaId": f"GenerateRequestsPer{period}PerProjectPerModel"}
    limits: list[dict[str, object]] = [{"@type": _INFO + "QuotaFailure", "violations": [violation]}]
    if trouble is Trouble.RATE_LIMIT:
        limits.append({"@type": _INFO + "RetryInfo", "retryDelay": f"{RETRY_AFTER_S}s"})
    return limits

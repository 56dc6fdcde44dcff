"""The dialects the fake endpoint speaks, by the path they live at. Feeds the app."""

from __future__ import annotations

from runner.demo.dialects.anthropic_messages import AnthropicMessages
from runner.demo.dialects.azure_openai import AzureOpenAI
from runner.demo.dialects.dialect import Dialect
from runner.demo.dialects.gemini import Gemini
from runner.demo.dialects.openai_chat import OpenAIChat
from runner.demo.dialects.openai_embeddings import OpenAIEmbeddings
from runner.demo.dialects.openai_responses import OpenAIResponses

DIALECTS: dict[str, Dialect] = {
    "/v1/chat/completions": OpenAIChat(),
    "/v1/responses": OpenAIResponses(),
    "/v1/embeddings": OpenAIEmbeddings(),
    "/v1/messages": AnthropicMessages(),
    "/v1beta/models/{model}:{method}": Gemini(),
    "/v1/models/{model}:{method}": Gemini(),
    "/openai/deployments/{deployment}/chat/completions": AzureOpenAI(),
}
"""Path, with what stands in it, to dialect."""


def dialect_at(path: str) -> Dialect:
    """The dialect in whose words a path is refused that leads nowhere."""
    for prefix, known in (
        ("/v1beta/", "/v1beta/models/{model}:{method}"),
        ("/v1/models/", "/v1/models/{model}:{method}"),
        ("/openai/", "/openai/deployments/{deployment}/chat/completions"),
        ("/v1/messages", "/v1/messages"),
    ):
        if path.startswith(prefix):
            return DIALECTS[known]
    return DIALECTS["/v1/chat/completions"]

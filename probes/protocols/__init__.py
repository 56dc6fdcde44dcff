"""Wire dialects, one file and one line in ``PROTOCOLS`` each. Feeds ``fire``; other packages add theirs too."""

from __future__ import annotations

from functools import cache

from probes.errors import UsageError
from probes.protocols.anthropic_messages import AnthropicMessages
from probes.protocols.azure_openai import AzureOpenAI
from probes.protocols.gemini import Gemini
from probes.protocols.http import Http
from probes.protocols.openai_chat import OpenAIChat
from probes.protocols.openai_embeddings import OpenAIEmbeddings
from probes.protocols.openai_responses import OpenAIResponses
from probes.protocols.protocol import Protocol
from probes.registry import with_entry_points

PROTOCOLS: dict[str, Protocol] = {
    "openai-chat": OpenAIChat(),
    "openai-responses": OpenAIResponses(),
    "azure-openai": AzureOpenAI(),
    "anthropic-messages": AnthropicMessages(),
    "gemini": Gemini(),
    "openai-embeddings": OpenAIEmbeddings(),
    "http": Http(),
}


@cache
def all_protocols() -> dict[str, Protocol]:
    """The built-in dialects and those of the entry point group ``holdfast.protocols``, by name."""
    return with_entry_points(PROTOCOLS, "holdfast.protocols")


def protocol_named(name: str) -> Protocol:
    """The dialect of this name.

    Raises:
        UsageError: there is none.
    """
    known = all_protocols()
    if name not in known:
        raise UsageError(f"there is no protocol {name!r}; known are: {', '.join(sorted(known))}")
    return known[name]

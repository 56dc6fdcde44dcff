"""How promptfoo names model providers, and where their APIs are. Feeds ``endpoints_of``.

Source: promptfoo 0.121, src/providers/registry.ts, and the public documentation of each API.
"""

from __future__ import annotations

from dataclasses import dataclass

OPENAI = "openai-chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Providers that are asked in one way."""

    protocol: str
    base_url: str
    key: str
    """Name of the environment variable with the key; empty where none is needed."""
    kinds: tuple[str, ...] = ("", "chat")
    """Words between the family's name and the model's that mean this protocol."""


FAMILIES: dict[str, tuple[Family, ...]] = {
    "openai": (
        Family(protocol=OPENAI, base_url="https://api.openai.com/v1", key="OPENAI_API_KEY"),
        Family(
            protocol="openai-responses",
            base_url="https://api.openai.com/v1",
            key="OPENAI_API_KEY",
            kinds=("responses",),
        ),
    ),
    "azure": (Family(protocol="azure-openai", base_url="", key="AZURE_API_KEY"),),
    "azureopenai": (Family(protocol="azure-openai", base_url="", key="AZURE_API_KEY"),),
    "anthropic": (
        Family(
            protocol="anthropic-messages",
            base_url="https://api.anthropic.com",
            key="ANTHROPIC_API_KEY",
            kinds=("", "messages"),
        ),
    ),
    "google": (
        Family(
            protocol="gemini",
            base_url="https://generativelanguage.googleapis.com",
            key="GOOGLE_API_KEY",
            kinds=("", "gemini"),
        ),
    ),
    "vertex": (Family(protocol="gemini", base_url="", key="VERTEX_ACCESS_TOKEN", kinds=("", "gemini")),),
    "openrouter": (Family(protocol=OPENAI, base_url="https://openrouter.ai/api/v1", key="OPENROUTER_API_KEY"),),
    "groq": (Family(protocol=OPENAI, base_url="https://api.groq.com/openai/v1", key="GROQ_API_KEY"),),
    "mistral": (Family(protocol=OPENAI, base_url="https://api.mistral.ai/v1", key="MISTRAL_API_KEY"),),
    "deepseek": (Family(protocol=OPENAI, base_url="https://api.deepseek.com/v1", key="DEEPSEEK_API_KEY"),),
    "togetherai": (Family(protocol=OPENAI, base_url="https://api.together.xyz/v1", key="TOGETHER_API_KEY"),),
    "fireworks": (Family(protocol=OPENAI, base_url="https://api.fireworks.ai/inference/v1", key="FIREWORKS_API_KEY"),),
    "xai": (Family(protocol=OPENAI, base_url="https://api.x.ai/v1", key="XAI_API_KEY"),),
    "cerebras": (Family(protocol=OPENAI, base_url="https://api.cerebras.ai/v1", key="CEREBRAS_API_KEY"),),
    "perplexity": (Family(protocol=OPENAI, base_url="https://api.perplexity.ai", key="PERPLEXITY_API_KEY"),),
    "deepinfra": (Family(protocol=OPENAI, base_url="https://api.deepinfra.com/v1/openai", key="DEEPINFRA_API_KEY"),),
    "litellm": (Family(protocol=OPENAI, base_url="http://127.0.0.1:4000", key="LITELLM_API_KEY"),),
    "localai": (Family(protocol=OPENAI, base_url="http://127.0.0.1:8080/v1", key=""),),
    "ollama": (Family(protocol=OPENAI, base_url="http://127.0.0.1:11434/v1", key="", kinds=("chat",)),),
}
"""By the word before the first colon of a provider's id."""


def family_of(provider: str) -> tuple[Family, str] | None:
    """The family of an id like ``openai:chat:gpt-4o``, and the model's name; None where nothing is known of it."""
    name, _, rest = provider.partition(":")
    kind, colon, model = rest.partition(":")
    families = FAMILIES.get(name, ())
    for family in families:
        if colon and kind in family.kinds:
            return family, model
    plain = next((family for family in families if "" in family.kinds), None)
    known = any(kind in family.kinds for family in families) or kind in _OTHER_KINDS
    return (
        (plain, rest)
        if plain is not None and rest and not (known and kind != rest) and kind not in _OTHER_KINDS
        else None
    )


_OTHER_KINDS = frozenset(
    {"completion", "embedding", "embeddings", "assistant", "moderation", "image", "realtime", "speech", "video",
     "transcription", "agents", "live", "claude-agent-sdk", "codex-sdk"}
)  # fmt: skip
"""What else may follow a family's name; Holdfast asks none of these."""

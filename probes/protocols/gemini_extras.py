"""What a Gemini reply says beside its answer: safety ratings, the model's stage, what it was grounded on, tokens.

Feeds ``gemini_reply`` only. Source: docs/wire-formats.md. Lenient throughout: an odd value here is stepped over, for
it must not make a failure of a good answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probes.hostile import whole_characters
from probes.json_fields import get_count
from probes.protocols.asked import raw_usage
from probes.sample import Document, TokenUsage


def text_in(tree: object, key: str) -> str | None:
    """The text under ``key``, made whole; None where there is none."""
    value = tree.get(key) if isinstance(tree, dict) else None
    return whole_characters(value) if isinstance(value, str) and value else None


def objects_in(tree: object, key: str) -> list[dict[str, Any]]:
    """The objects in the list under ``key``; whatever else stands there is left out."""
    value = tree.get(key) if isinstance(tree, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def ratings(holder: dict[str, Any], about: str) -> dict[str, str]:
    """Safety ratings as ``prompt.hate_speech`` or ``answer.hate_speech`` to their probability; blocked ones say so."""
    said: dict[str, str] = {}
    for rating in objects_in(holder, "safetyRatings"):
        category, probability = text_in(rating, "category"), text_in(rating, "probability")
        if category:
            name = category.removeprefix("HARM_CATEGORY_").lower()
            said[f"{about}.{name}"] = (probability or "?") + (" (blocked)" if rating.get("blocked") is True else "")
    return said


def stage(tree: dict[str, Any]) -> dict[str, str]:
    """The model's stage in its life, and when it will be retired, where the reply warns of it."""
    status = tree.get("modelStatus")
    fields = {"stage": "modelStage", "retirement": "retirementTime", "message": "message"}
    return {f"model.{name}": said for name, key in fields.items() if (said := text_in(status, key))}


# ------------------------------------------------------------------------------------------------ grounding
_SOURCES = ("web", "retrievedContext", "maps", "image")


def documents(grounding: object) -> tuple[Document, ...] | None:
    """What was retrieved, in the order the reply numbers it; None where it does not tell."""
    if not isinstance(grounding, dict) or not isinstance(grounding.get("groundingChunks"), list):
        return None
    sources = [_source(chunk) for chunk in objects_in(grounding, "groundingChunks")]
    return tuple(Document(id=_name(source) or "", text=text_in(source, "text")) for source in sources)


def citations(candidate: dict[str, Any], grounding: object) -> Iterator[str]:
    """What the answer cites: addresses of the documents its passages lean on, and of what it quotes at length."""
    found = grounding.get("groundingChunks") if isinstance(grounding, dict) else None
    chunks = found if isinstance(found, list) else []
    for support in objects_in(grounding, "groundingSupports"):
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else ():
            known = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(chunks)
            if known and (name := _name(_source(chunks[index]))):
                yield name
    metadata = candidate.get("citationMetadata")
    for key in ("citations", "citationSources"):
        yield from (uri for quoted in objects_in(metadata, key) if (uri := text_in(quoted, "uri")))


def _source(chunk: object) -> object:
    found = (chunk.get(kind) for kind in _SOURCES) if isinstance(chunk, dict) else ()
    return next((source for source in found if isinstance(source, dict)), None)


def _name(source: object) -> str | None:
    names = (text_in(source, key) for key in ("uri", "documentName", "placeId", "sourceUri", "imageUri", "title"))
    return next((name for name in names if name), None)


# ------------------------------------------------------------------------------------------------ tokens
def usage_of(usage: dict[str, Any]) -> TokenUsage:
    """Thoughts stand beside the candidates' tokens, results of the API's own tools beside the prompt's.

    A count of zero is left out on this wire. So where neither candidates nor thoughts are counted, the output is what
    the total holds beyond the input.
    """
    prompt, total = get_count(usage, "promptTokenCount"), get_count(usage, "totalTokenCount")
    told, thoughts = get_count(usage, "candidatesTokenCount"), get_count(usage, "thoughtsTokenCount")
    given = None if prompt is None else prompt + (get_count(usage, "toolUsePromptTokenCount") or 0)
    output = None if told is None and thoughts is None else (told or 0) + (thoughts or 0)
    if output is None and given is not None and total is not None and total >= given:
        output = total - given
    return TokenUsage(
        input_tokens=given,
        cached_input_tokens=get_count(usage, "cachedContentTokenCount"),
        output_tokens=output,
        reasoning_tokens=thoughts,
        raw=raw_usage(usage),
    )

"""The judge of an imported suite: endpoints that its reader names in the environment. Feeds ``conversion``.

promptfoo grades with whatever model it finds a key for; a suite pins its judge, so this is for its reader to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.importers.promptfoo.endpoints_of import JUDGES, MadeEndpoint

EMBEDDED = frozenset({"semantic_similarity"})
JUDGED = frozenset({"rubric", "factuality", "closed_question", "grounded_by_judge"})
_JUDGE = {"base_url": "${JUDGE_BASE_URL}", "model": "${JUDGE_MODEL}", "api_key": "${JUDGE_API_KEY}"}
_EMBEDDER = {
    "protocol": "openai-embeddings",
    "base_url": "${EMBEDDINGS_BASE_URL}",
    "model": "${EMBEDDINGS_MODEL}",
    "api_key": "${EMBEDDINGS_API_KEY}",
}


def judge_parts(probes: Sequence[Mapping[str, Any]]) -> tuple[list[MadeEndpoint], dict[str, str]]:
    """Endpoints that checks of meaning need, and the block ``judge``; both empty where none does."""
    used = {name for probe in probes for name in _names(probe.get("checks", []))}
    wanted = [("endpoint", JUDGES[0], _JUDGE, JUDGED), ("embeddings", JUDGES[1], _EMBEDDER, EMBEDDED)]
    needed = [(key, name, written) for key, name, written, checks in wanted if used & checks]
    endpoints = [
        MadeEndpoint(name=name, written=written, remark="asked about answers only: say which model, and pin it")
        for _, name, written in needed
    ]
    return endpoints, {key: name for key, name, _ in needed}


def _names(written: Any) -> Iterator[str]:
    if isinstance(written, Mapping):
        for key, inner in written.items():
            yield str(key)
            yield from _names(inner)
    elif isinstance(written, (list, tuple)):
        for inner in written:
            yield from _names(inner)
    elif isinstance(written, str):
        yield written

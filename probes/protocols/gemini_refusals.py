"""What of a suite ``gemini`` cannot do, told before anything is sent. Feeds ``gemini`` only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probes.conversation import attached
from probes.endpoint import Endpoint
from probes.probe import Probe
from probes.protocols.message_refusals import attachments, role_refusals
from probes.protocols.param_refusals import written_by_the_dialect
from probes.protocols.protocol import Refusal

NAME = "gemini"
OWN_PARAMS = ("contents", "model", "stream")
"""What ``params`` may not hold: the dialect writes it, model and stream into the address."""
SEEDS = (-(2**31), 2**31 - 1)
"""Seeds are int32 here (GenerationConfig of the API)."""
TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
FETCHED = ("https://", "gs://")
"""Beginnings of addresses that ``fileData`` may name."""
GENERATION: Mapping[str, str] = {
    "candidateCount": "candidateCount",
    "maxOutputTokens": "maxOutputTokens",
    "max_tokens": "maxOutputTokens",
    "responseMimeType": "responseMimeType",
    "stop": "stopSequences",
    "stopSequences": "stopSequences",
    "temperature": "temperature",
    "thinkingConfig": "thinkingConfig",
    "topK": "topK",
    "topP": "topP",
    "top_k": "topK",
    "top_p": "topP",
}
"""Parameters that other dialects have at the top of the body, and this one within ``generationConfig``."""


def refusals_of(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """A missing model, misplaced parameters, messages of role ``tool``, addresses and names the API does not take."""
    if not endpoint.model:
        message = f"{NAME} has the model in the address, and this endpoint names none"
        yield Refusal(key=("model",), message=message, hint="like model: gemini-2.5-flash")
    yield from written_by_the_dialect(NAME, OWN_PARAMS, endpoint, probes)
    yield from _seeds(endpoint, probes)
    yield from _misplaced(endpoint.params, None)
    yield from role_refusals(NAME, probes)
    for probe in probes:
        yield from _misplaced(probe.params, probe.id)
        yield from _unfit(probe)


def _seeds(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    told: list[tuple[str | None, int | None]] = [(None, endpoint.seed), *((probe.id, probe.seed) for probe in probes)]
    for probe, seed in told:
        if seed is not None and not SEEDS[0] <= seed <= SEEDS[1]:
            message = f"the seed {seed} is out of range: {NAME} takes {SEEDS[0]} to {SEEDS[1]}"
            yield Refusal(probe=probe, key=("seed",), message=message, hint="any small whole number serves")


def _misplaced(params: Mapping[str, Any], probe: str | None) -> Iterator[Refusal]:
    for name in params:
        if name in GENERATION:
            yield Refusal(
                probe=probe,
                key=("params", name),
                message=f"{NAME} knows {name!r} only within generationConfig",
                hint=f"like params: {{generationConfig: {{{GENERATION[name]}: ...}}}}",
            )


def _unfit(probe: Probe) -> Iterator[Refusal]:
    for key, part in attachments(probe):
        address = part.image or part.file or ""
        if attached(address) is None and "://" in address and not address.startswith(FETCHED):
            message = f"{NAME} fetches no address that begins like {address.partition('://')[0]}://"
            yield Refusal(probe=probe.id, key=key, message=message, hint="https:// or gs://, or a path")
    for index, tool in enumerate(probe.tools):
        if not TOOL_NAME.fullmatch(tool.name):
            message = f"{NAME} takes no tool of the name {tool.name!r}"
            hint = "it begins with a letter or an underscore"
            yield Refusal(probe=probe.id, key=("tools", index, "name"), message=message, hint=hint)

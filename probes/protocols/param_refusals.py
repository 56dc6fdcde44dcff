"""Params that would overwrite what a dialect writes into a request by itself. Feeds the refusals of the dialects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from probes.endpoint import Endpoint
from probes.probe import Probe
from probes.protocols.protocol import Refusal

_HINTS: Mapping[str, str] = {
    "model": "write model: NAME beside params, at the endpoint; another model is another endpoint",
    "stream": "write stream: true or stream: false beside params, at the endpoint",
}
_QUESTION = "the question is the probe's prompt, messages or turns"


def written_by_the_dialect(
    name: str, keys: Collection[str], endpoint: Endpoint, probes: Sequence[Probe]
) -> Iterator[Refusal]:
    """``params`` of endpoint and probes that hold one of ``keys``, which the dialect ``name`` fills in itself.

    Laid over the request they would replace the question, or make its reply unreadable, without a word.
    """
    yield from _overwriting(name, keys, endpoint.params, None)
    for probe in probes:
        yield from _overwriting(name, keys, probe.params, probe.id)


def _overwriting(name: str, keys: Collection[str], params: Mapping[str, Any], probe: str | None) -> Iterator[Refusal]:
    for key in params:
        if key in keys:
            yield Refusal(
                probe=probe,
                key=("params", key),
                message=f"params may not hold {key!r}: {name} writes it itself",
                hint=_HINTS.get(key, _QUESTION),
            )

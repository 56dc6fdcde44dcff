"""``like: NAME`` among endpoints: one endpoint laid over another, key by key. Feeds ``suite_file``.

Pure, on the plain values of the file. Every value remembers where it was written, so that a fault in an inherited
value points at its one line, not at each endpoint that inherits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.nearest import did_you_mean
from probes.positions import Fault, Positions, YamlPath

ENDPOINTS = "endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Endpoints with their ``like`` resolved and taken out."""

    endpoints: Mapping[str, Any]
    chains: Mapping[str, tuple[str, ...]]
    """By endpoint: itself, what it is like, what that is like, ..."""
    faults: tuple[Fault, ...] = ()


def resolve_likes(endpoints: Mapping[str, Any]) -> Likeness:
    """Deep merge of mappings along each chain; everything else is replaced by the nearer endpoint."""
    faults: list[Fault] = []
    chains = {name: _chain(name, endpoints, faults) for name in endpoints}
    merged = {name: _merged(chain, endpoints) for name, chain in chains.items()}
    return Likeness(endpoints=merged, chains=chains, faults=tuple(faults))


def origin(path: YamlPath, positions: Positions, chains: Mapping[str, tuple[str, ...]]) -> YamlPath:
    """Where the value at ``path`` of the merged suite was written; ``path`` itself where nowhere."""
    if len(path) < 3 or path[0] != ENDPOINTS:
        return path
    candidates = [(ENDPOINTS, name, *path[2:]) for name in chains.get(str(path[1]), ())]
    return next((candidate for candidate in candidates if candidate in positions.values), path)


def _chain(name: str, endpoints: Mapping[str, Any], faults: list[Fault]) -> tuple[str, ...]:
    chain = [name]
    while (base := _like_of(endpoints[chain[-1]])) is not None:
        told = _wrong_base(base, chain, endpoints)
        if told is not None:
            if len(chain) == 1 or base == name:  # told once: where it is written, or once for each in a circle
                faults.append(Fault(path=(ENDPOINTS, name, "like"), message=told[0], hint=told[1]))
            break
        chain.append(base)
    return tuple(chain)


def _like_of(endpoint: object) -> Any:
    return endpoint["like"] if isinstance(endpoint, Mapping) and "like" in endpoint else None


def _wrong_base(base: object, chain: list[str], endpoints: Mapping[str, Any]) -> tuple[str, str] | None:
    if not isinstance(base, str):
        return f"like needs the name of one endpoint, not {base!r}"[:120], f"one of {', '.join(endpoints)}"
    if base in chain:
        return f"endpoints are like each other in a circle: {' -> '.join([*chain, base])}", "one must stand alone"
    if base not in endpoints:
        others = [name for name in endpoints if name != chain[-1]]
        hint = did_you_mean(base, others, otherwise="there are") if others else "there is no other endpoint"
        return f"like names an endpoint that does not exist: {base!r}", hint
    return None


def _merged(chain: tuple[str, ...], endpoints: Mapping[str, Any]) -> Any:
    merged = endpoints[chain[-1]]
    for name in reversed(chain[:-1]):
        merged = _laid_over(merged, endpoints[name])
    return {key: value for key, value in merged.items() if key != "like"} if isinstance(merged, dict) else merged


def _laid_over(base: Any, over: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: _laid_over(base[key], value) if key in base else value for key, value in over.items()}}

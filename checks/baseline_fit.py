"""Whether a baseline file is of this suite, endpoint and protocol, and asks what the suite asks now. Feeds imports and
canaries. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.baseline_file import BaselineFile

_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a file goes with a suite at an endpoint."""

    foreign: tuple[str, ...]
    """What is another's altogether, a sentence each."""
    changed: tuple[str, ...]
    """Probes whose request is another one now."""
    gone: tuple[str, ...]
    """Probes of the file that the suite no longer has."""
    unknown: tuple[str, ...]
    """Probes of the suite that the file does not know."""

    @property
    def stale(self) -> tuple[str, ...]:
        """Probes of the file that nobody asks any more."""
        return (*self.changed, *self.gone)


def fit(file: BaselineFile, *, suite: str, endpoint: str, protocol: str, requests: Mapping[str, str]) -> Fit:
    """Compare a file with a suite. ``requests``: the request hash of every probe of the suite at the endpoint."""
    told = {"suite": file.suite, "endpoint": file.endpoint, "protocol": file.protocol}
    wanted = {"suite": suite, "endpoint": endpoint, "protocol": protocol}
    known = {probe: shown.request_hash for probe, shown in file.probes.items()}
    return Fit(
        foreign=tuple(f"it is of {n} {told[n]!r}, not of {wanted[n]!r}" for n in wanted if told[n] != wanted[n]),
        changed=tuple(probe for probe, hash_ in known.items() if requests.get(probe, hash_) != hash_),
        gone=tuple(probe for probe in known if probe not in requests),
        unknown=tuple(probe for probe in requests if probe not in known),
    )


def stale_words(found: Fit) -> str:
    """``the request of refund-window has changed; greeting is not in the suite``; empty where all fits."""
    parts = []
    if found.changed:
        several = len(found.changed) > 1
        parts.append(f"the request{'s' if several else ''} of {_names(found.changed)} {_have(several)} changed")
    if found.gone:
        parts.append(f"{_names(found.gone)} {'are' if len(found.gone) > 1 else 'is'} not in the suite")
    return "; ".join(parts)


def _have(several: bool) -> str:
    return "have" if several else "has"


def _names(probes: tuple[str, ...]) -> str:
    more = len(probes) - _NAMED
    return ", ".join(probes[:_NAMED]) + (f" and {more} more" if more > 0 else "")

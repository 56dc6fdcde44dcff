"""A run as the judge saw it, as JSON without its answers, and back with them. Feeds every store and every replay.

Answers are kept once, with the samples; each answered fact only says that there was one. So an answer that has
expired is gone everywhere, and a replay can tell that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from checks.drift.observation import RunObservation
from runner.store.base import StoredObservation
from runner.store.columns import Codec, from_json, in_utc, to_json
from runner.store.rows import Row

_OBSERVATION = Codec(TypeAdapter(RunObservation))
_ANSWERED = "answered"

Answers = Mapping[tuple[str, int], str | None]
"""Stored answers of one run by probe and 0-based place among the probe's samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    observation: RunObservation
    missing: bool


def observation_json(observation: RunObservation) -> str:
    """The facts of a run; what is at its default is left out, answers are only marked."""
    plain = _OBSERVATION.plain(observation, brief=True)
    for facts in _all_facts(plain):
        if facts.pop("answer", None) is not None:
            facts[_ANSWERED] = True
    return to_json(plain)


def stored_observation(row: Row, answers: Answers) -> StoredObservation:
    """The run of this row (``observation``, ``plan``, ``in_baseline``, ``texts_expired``) with its answers."""
    joined = _join(from_json(row["observation"]), answers)
    return StoredObservation(
        observation=joined.observation,
        plan=from_json(row["plan"]),
        in_baseline=bool(row["in_baseline"]),
        texts_expired=bool(row["texts_expired"]) or joined.missing,
    )


def _join(plain: dict[str, Any], answers: Answers) -> _Joined:
    missing = False
    for probe in plain["probes"]:
        for place, facts in enumerate(probe["samples"]):
            if facts.pop(_ANSWERED, False):
                facts["answer"] = answers.get((probe["probe"], place))
                missing = missing or facts["answer"] is None
    return _Joined(observation=in_utc(_OBSERVATION.build(plain)), missing=missing)


def _all_facts(plain: dict[str, Any]) -> list[dict[str, Any]]:
    return [facts for probe in plain["probes"] for facts in probe["samples"]]

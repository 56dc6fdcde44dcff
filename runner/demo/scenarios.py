"""What may happen to the fake endpoint behind its clients' backs: one literal table, changed through ``/_control``.

Feeds the answer rules and the latency of the fake endpoint. Each scenario differs from ``normal`` in one respect that
a monitor ought to notice; the draws behind the answers stay the same, so two scenarios can be compared pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ScenarioName = Literal[
    "normal", "model-swap", "slower", "longer-answers", "refusals", "broken-json", "outage"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How the endpoint behaves. Shares are probabilities between 0 and 1, factors multiply."""

    summary: str
    """One sentence for a reader of the demo."""
    voice: Literal["house", "other"] = "house"
    """Which bank of phrasings speaks."""
    fingerprint: str = "fp_8a1c40de27"
    """``system_fingerprint`` of the reply."""
    latency_factor: float = 1.0
    letters_per_token: int = 6
    """How finely the model's tokenizer cuts words."""
    wrong_share: float = 0.05
    """Share of wrong answers to the arithmetic probe."""
    refused_share: float = 0.0
    longer: bool = False
    """Answers carry 60 to 80 % more text."""
    json_broken: bool = False
    down: bool = False
    """Every request is answered 503."""


SCENARIOS: dict[ScenarioName, Scenario] = {
    "normal": Scenario(summary="Nothing is wrong."),
    "model-swap": Scenario(
        summary="Another model answers under the same name.",
        voice="other",
        fingerprint="fp_31f7b95c02",
        latency_factor=1.15,
        letters_per_token=5,
        wrong_share=0.40,
    ),
    "slower": Scenario(summary="Every answer takes 1.6 times as long.", latency_factor=1.6),
    "longer-answers": Scenario(summary="Answers are right, with 60 to 80 % more text.", longer=True),
    "refusals": Scenario(summary="Three answers in ten are refusals.", refused_share=0.30),
    "broken-json": Scenario(summary="JSON answers come in prose, in fences or with a stray comma.", json_broken=True),
    "outage": Scenario(summary="Every request is answered 503.", down=True),
}

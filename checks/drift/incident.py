"""An open alarm of one stream: does it last, does the evidence still support it, when is it over. Feeds streams."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from checks.drift.evidence import Evidence
from checks.drift.result import Effect

SUPPORT = 35.0
"""Score of the fresh detector from which it speaks for the change."""
_DECIDING = 3
_CALM = {"run": 24, "day": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What has happened since the alarm was raised.

    Counted in the unit of the channel that raised it: runs, or finished days.
    """

    since: str | None
    effect: Effect | None
    what: str
    channel: Literal["run", "day"]
    age: int = 0
    calm: int = 0
    """Looks in a row at which the fresh detector stayed below 35."""
    recent: tuple[float, ...] = ()
    """The fresh detector's last three scores."""
    lasting: bool | None = None
    """None until it is known whether the change lasts."""

    @classmethod
    def opened(cls, said: Evidence) -> Incident:
        """The alarm that this evidence raises."""
        return cls(since=said.since, effect=said.effect, what=said.what, channel=said.channel)

    @property
    def supported(self) -> bool:
        """Whether the last looks still speak for the change; the first three always do."""
        return self.age <= _DECIDING or any(score >= SUPPORT for score in self.recent)

    @property
    def over(self) -> bool:
        """Whether the fresh detector was calm for long enough: 24 runs, or 7 days."""
        return self.calm >= _CALM[self.channel]

    @property
    def verdict(self) -> str:
        """Transient or sustained, in words."""
        if self.lasting is None:
            left = _DECIDING - self.age
            return f"{left} more {self.channel}{'' if left == 1 else 's'} will tell whether it lasts"
        return "sustained" if self.lasting else "transient: the evidence fell back at once"

    def after(self, fresh: Evidence) -> Incident:
        """The incident after the fresh detector looked once more."""
        if self.channel == "day" and not fresh.day_finished:
            return self
        score, age = fresh.score, self.age + 1
        lasting = self.lasting
        if lasting is None and score >= 100:
            lasting = True
        elif lasting is None and age == _DECIDING:
            lasting = fresh.ln_m > math.log(_DECIDING)  # the neutral wealth of three starts
        shown = fresh if score >= SUPPORT else self
        return replace(
            self,
            age=age,
            calm=0 if score >= SUPPORT else self.calm + 1,
            recent=(*self.recent, score)[-_DECIDING:],
            lasting=lasting,
            effect=shown.effect,
            what=shown.what,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "since": self.since,
            "effect": self.effect.to_json() if self.effect else None,
            "what": self.what,
            "channel": self.channel,
            "age": self.age,
            "calm": self.calm,
            "recent": list(self.recent),
            "lasting": self.lasting,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Incident:
        """The inverse of ``to_json``."""
        effect = value["effect"]
        return cls(**{**value, "effect": Effect(**effect) if effect else None, "recent": tuple(value["recent"])})

"""What a machine of the judge says after one run, and how evidence becomes a score and a band. Feeds streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from checks.drift.observation import ProbeObservation
from checks.drift.plan import JudgePlan
from checks.drift.result import Effect, StreamState

Json = Mapping[str, Any]


def score_of(ln_m: float, ln_c: float) -> float:
    """100 ln M / ln c, held between 0 and 100."""
    return 100 * min(max(ln_m / ln_c, 0.0), 1.0)


def band(score: float) -> StreamState:
    """The name of a score: under 50 quiet, from 50 watch, from 75 warn, 100 alarm."""
    if score >= 100:
        return StreamState.ALARM
    if score >= 75:
        return StreamState.WARN
    return StreamState.WATCH if score >= 50 else StreamState.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one run tells one stream: by probe, in the form its machine gathers."""

    run_id: str
    day: str
    """UTC date of the run, ISO 8601."""
    told: Mapping[str, Any]
    control: float | None = None
    """Median seconds of the control question, for streams that take it off; None where there is none."""

    def to_json(self) -> list[Any]:
        """As plain JSON values."""
        row = [self.run_id, self.day, dict(self.told)]
        return row if self.control is None else [*row, self.control]

    @classmethod
    def from_json(cls, value: Sequence[Any]) -> Gathered:
        """The inverse of ``to_json``."""
        return cls(run_id=value[0], day=value[1], told=value[2], control=value[3] if len(value) > 3 else None)


def values_of(runs: Iterable[Gathered]) -> dict[str, list[float]]:
    """All values of streams that gather values, by probe, in the order of the runs."""
    together: dict[str, list[float]] = {}
    for run in runs:
        for probe, values in run.told.items():
            together.setdefault(probe, []).extend(values)
    return together


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a machine says of its stream after one run."""

    ln_m: float
    ln_c: float
    learned: int
    """Runs the stream has learned from."""
    effect: Effect | None = None
    since: str | None = None
    """Run id of the most likely first changed run."""
    what: str = ""
    """How far it moved, as a sentence."""
    remark: str = ""
    """What a reader of this stream should know whether it moved or not."""
    young: bool = False
    """True while the baseline is too short for an alarm."""
    channel: Literal["run", "day"] = "run"
    """Whose evidence this is: of the single runs, or of the day values."""
    day_finished: bool = False
    """True where this run finished a day, so that the day channel looked."""

    @property
    def score(self) -> float:
        """0 to 100."""
        return score_of(self.ln_m, self.ln_c)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "ln_m": self.ln_m,
            "ln_c": self.ln_c,
            "learned": self.learned,
            "effect": self.effect.to_json() if self.effect else None,
            "since": self.since,
            "what": self.what,
            "young": self.young,
            "channel": self.channel,
            "day_finished": self.day_finished,
            **({"remark": self.remark} if self.remark else {}),  # states of old have none
        }

    @classmethod
    def from_json(cls, value: Json) -> Evidence:
        """The inverse of ``to_json``."""
        effect = value["effect"]
        return cls(**{**value, "effect": Effect(**effect) if effect else None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """A baseline and the detector that starts from it."""

    probes: frozenset[str]
    """Probes the baseline speaks of."""
    baseline: Json
    detector: Json


class Machine(Protocol):
    """One way of judging a stream. Machines hold no state: it travels as JSON."""

    def gather(self, probe: ProbeObservation) -> Any | None:
        """What the samples of one probe tell; None where they tell nothing."""
        ...

    def missing(self, runs: Sequence[Gathered]) -> str:
        """What is still missing for a baseline, in words; empty where nothing is."""
        ...

    def form(self, runs: Sequence[Gathered], plan: JudgePlan) -> Formed | None:
        """A baseline from these runs; None where the stream is not worth watching."""
        ...

    def step(
        self, baseline: Json, detector: Json, run: Gathered, plan: JudgePlan, *, alarmed: bool
    ) -> tuple[Json, Evidence] | None:
        """Judge one run; None where it has too little to say. ``alarmed``: nothing may be learned."""
        ...

    def restart(self, baseline: Json, detector: Json, plan: JudgePlan, said: Evidence) -> Json:
        """A detector without evidence against the same baseline, after ``said`` reached the threshold."""
        ...

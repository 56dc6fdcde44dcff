"""The life of one stream: it collects, forms a baseline, is judged, may stand in alarm and calm down. Feeds score.

A state is a plain JSON mapping with a ``phase``: ``collecting`` (runs are gathered), ``watching`` (a baseline and a
detector stand) or ``muted`` (a baseline was formed and is not worth watching).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from checks.drift.evidence import Evidence, Gathered, Json, Machine, band
from checks.drift.identity import adopted, identity, same_request
from checks.drift.incident import Incident
from checks.drift.observation import ProbeObservation, RunObservation
from checks.drift.plan import JudgePlan
from checks.drift.result import CONTROL, CONTROLLED, SUITE_SCOPE, StreamKey, StreamResult, StreamState
from checks.drift.words import left_out_words

_MOST_COLLECTED = 1000  # newest runs a baseline is formed from
_YOUNG_CAP = 99.0
TIMED = "latency."
"""What dimensions of time begin with: confirmation runs are no evidence for them."""
_CONFIRMING = "not judged in a confirmation run: it shares the load of the run before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream under one plan; stateless, states travel through its methods."""

    key: StreamKey
    machine: Machine
    plan: JudgePlan

    def judge(
        self, state: Json | None, run: RunObservation, probes: Mapping[str, ProbeObservation]
    ) -> tuple[Json | None, StreamResult | None]:
        """One more run, with its probes by id (made once for thousands of streams).

        No state: the stream does not exist yet. No result: it is muted or does not exist.
        """
        seen = self._seen(probes, run)
        if state is not None:
            state = adopted(state, self.key.measured, seen)
        if run.confirming and self.key.measured.startswith(TIMED):
            return state, self._standing(state)
        if self.key.golden:
            return self._against_golden(state, run, seen)
        if state is None or not self._knows_any(state, seen) or self._recontrolled(state, run):
            state = None  # every request (or every check) has changed: what was normal says nothing about these
        if state is None or state["phase"] == "collecting":
            return self._collect(state, run, seen)
        if state["phase"] == "muted":
            return state, None
        return self._watch(state, run, seen)

    def _standing(self, state: Json | None) -> StreamResult | None:
        """What the last usual run said: a slow minute must not count once a run that falls into it."""
        if state is None or state["phase"] == "muted":
            return None
        if state["phase"] == "collecting":
            return self._collecting(len(state["runs"]), _CONFIRMING)
        said = Evidence.from_json(state["said"]) if state["said"] else None
        return self._result(
            state, said, Incident.from_json(state["incident"]) if state["incident"] else None, _CONFIRMING
        )

    def _against_golden(
        self, state: Json | None, run: RunObservation, seen: Mapping[str, ProbeObservation]
    ) -> tuple[Json | None, StreamResult | None]:
        """Nothing but a person moves it: where none of its requests is asked any more, it waits."""
        if state is None or self._knows_any(state, seen):
            return (None, None) if state is None else self._watch(state, run, seen)
        return state, self._collecting(state["runs"], "every request has changed since it was frozen")

    def collect(self, state: Json | None, run: RunObservation) -> Json | None:
        """Gather a run without forming a baseline."""
        return self._gathered(state, run, self._seen(run.by_probe(), run))

    def establish(self, state: Json) -> Json:
        """Form the baseline of a collecting stream from all its runs; unchanged where there are too few."""
        if state["phase"] != "collecting":
            return state
        runs = [Gathered.from_json(run) for run in state["runs"]]
        if self.machine.missing(runs):
            return state
        formed = self.machine.form(runs, self.plan)
        if formed is None:
            return {"phase": "muted", "hashes": state["hashes"]}
        hashes = {probe: value for probe, value in state["hashes"].items() if probe in formed.probes}
        return {
            "phase": "watching",
            "hashes": hashes,
            "runs": len(runs),
            "baseline": formed.baseline,
            "detector": formed.detector,
            "said": None,
            "held": None,
            "incident": None,
        }

    def _seen(self, probes: Mapping[str, ProbeObservation], run: RunObservation) -> Mapping[str, ProbeObservation]:
        """The probes this stream speaks of; pooled streams leave the control question to a stream of its own."""
        if self.key.scope == SUITE_SCOPE:
            mine = self.key.measured == CONTROL
            return {name: probe for name, probe in probes.items() if probe.control is mine}
        names = run.groups.get(self.key.scope, ()) if self.key.of_label else (self.key.scope,)
        return {
            name: probes[name] for name in names if name in probes and not (self.key.of_label and probes[name].control)
        }

    def _control(self, run: RunObservation) -> float | None:
        """What the control question took in this run, where this stream takes it off."""
        if self.key.measured not in CONTROLLED:
            return None
        told = (self.machine.gather(probe) for probe in run.probes if probe.control)
        values = [value for gathered in told for value in gathered or ()]
        return median(values) if values else None

    def _recontrolled(self, state: Json, run: RunObservation) -> bool:
        """True where there is a control question and the baseline was formed without one, or the other way round."""
        if state["phase"] != "watching" or self.key.measured not in CONTROLLED or self.key.golden:
            return False
        return ("control" in state["baseline"]) is not any(probe.control for probe in run.probes)

    def _knows_any(self, state: Json, seen: Mapping[str, ProbeObservation]) -> bool:
        if state["phase"] == "collecting":
            return True  # gathering sorts changed requests out by itself
        return any(state["hashes"].get(probe.probe) == self._identity(probe) for probe in seen.values())

    def _identity(self, probe: ProbeObservation) -> str:
        return identity(self.key.measured, probe)

    def _collect(
        self, state: Json | None, run: RunObservation, seen: Mapping[str, ProbeObservation]
    ) -> tuple[Json | None, StreamResult | None]:
        gathered = self._gathered(state, run, seen)
        if gathered is None:
            return None, None
        runs = [Gathered.from_json(value) for value in gathered["runs"]]
        missing = self.machine.missing(runs)
        if self.plan.capturing:
            return gathered, self._collecting(len(runs), f"capturing: {missing or f'{len(runs)} runs'}")
        if missing:
            return gathered, self._collecting(len(runs), missing)
        established = self.establish(gathered)
        if established["phase"] == "muted":
            return established, None
        return established, self._collecting(len(runs), "the baseline stands; the next run is judged")

    def _gathered(self, state: Json | None, run: RunObservation, seen: Mapping[str, ProbeObservation]) -> Json | None:
        hashes: dict[str, str] = dict(state["hashes"]) if state else {}
        runs: list[Any] = list(state["runs"]) if state else []
        told = {}
        for name, probe in seen.items():
            now = self._identity(probe)
            if hashes.get(name, now) != now:
                runs = _without(runs, name)
            value = self.machine.gather(probe)
            if value is not None:
                told[name], hashes[name] = value, now
        if not told:
            return {"phase": "collecting", "hashes": hashes, "runs": runs} if state else None
        runs.append(Gathered(run_id=run.run_id, day=_day(run), told=told, control=self._control(run)).to_json())
        return {"phase": "collecting", "hashes": hashes, "runs": runs[-_MOST_COLLECTED:]}

    def _watch(
        self, state: Json, run: RunObservation, seen: Mapping[str, ProbeObservation]
    ) -> tuple[Json, StreamResult]:
        hashes = state["hashes"]
        known = {name: probe for name, probe in seen.items() if hashes.get(name) == self._identity(probe)}
        told = {name: value for name, probe in known.items() if (value := self.machine.gather(probe)) is not None}
        changed = [name for name in seen if name in hashes and name not in known]
        rechecked = [name for name in changed if same_request(hashes[name], seen[name])]
        left_out = left_out_words(
            [name for name in changed if name not in rechecked],
            [name for name in seen if name not in hashes],
            rechecked,
        )
        incident = Incident.from_json(state["incident"]) if state["incident"] else None
        stepped = None
        if told:
            gathered = Gathered(run_id=run.run_id, day=_day(run), told=told, control=self._control(run))
            stepped = self.machine.step(
                state["baseline"], state["detector"], gathered, self.plan, alarmed=incident is not None
            )
        if stepped is None:
            said = Evidence.from_json(state["said"]) if state["said"] else None
            note = _joined("too little data in this run: not judged", left_out)
            return state, self._result(state, said, incident, note)
        state = {**state, "detector": stepped[0], "said": stepped[1].to_json()}
        return self._judged(state, stepped[1], incident, left_out)

    def _judged(self, state: Json, said: Evidence, incident: Incident | None, note: str) -> tuple[Json, StreamResult]:
        """Open, carry on or close the alarm."""
        if incident is None:
            if said.score < 100 or said.young:
                state = {**state, "held": _held(state["held"], said)}
                return state, self._result(state, said, None, note)
            opened = Incident.opened(said)
            result = self._result(state, said, opened, note)
            state = {**state, "held": None, "incident": opened.to_json()}
            return self._restarted(state, said), replace(result, opened=True)
        after = incident.after(said)
        if after.over:
            state = {**state, "incident": None}
            return state, self._result(state, said, None, _joined("the alarm is over", note))
        state = {**state, "incident": after.to_json()}
        result = self._result(state, said, after, note)
        # evidence that reached the threshold again has said so; from there it has to say it anew, or a long
        # outage would leave evidence that outlives the recovery
        return (self._restarted(state, said) if said.score >= 100 else state), result

    def _restarted(self, state: Json, said: Evidence) -> Json:
        return {**state, "detector": self.machine.restart(state["baseline"], state["detector"], self.plan, said)}

    def _collecting(self, size: int, note: str) -> StreamResult:
        return StreamResult(
            key=self.key,
            state=StreamState.COLLECTING,
            score=None,
            ln_m=None,
            ln_c=self._ln_c(),
            baseline_size=size,
            note=note,
        )

    def _result(self, state: Json, said: Evidence | None, incident: Incident | None, note: str) -> StreamResult:
        if said is None:
            return self._collecting(state["runs"], note)
        if incident is not None:
            return self._alarm(state, said, incident, note)
        if state["held"]:
            said = Evidence.from_json(state["held"])
        score = min(said.score, _YOUNG_CAP) if said.young else said.score
        capped = "stops at warn until 50 runs were seen" if said.score >= 75 and said.young else ""
        risen = score >= 50
        return StreamResult(
            key=self.key,
            state=band(score),
            score=score,
            ln_m=said.ln_m,
            ln_c=said.ln_c,
            baseline_size=self._size(state, said),
            effect=said.effect,
            since=said.since if risen else None,
            note=_joined(said.what if risen else "", capped, said.remark, note),
        )

    def _alarm(self, state: Json, said: Evidence, incident: Incident, note: str) -> StreamResult:
        return StreamResult(
            key=self.key,
            state=StreamState.ALARM,
            score=100.0,
            ln_m=said.ln_m,
            ln_c=said.ln_c,
            baseline_size=self._size(state, said),
            effect=incident.effect,
            since=incident.since,
            supported=incident.supported,
            note=_joined(incident.what, incident.verdict, said.remark, note),
        )

    def _size(self, state: Json, said: Evidence) -> int:
        """Runs learned from; of a golden stream those that were frozen, however many it was compared with since."""
        return int(state["runs"]) if self.key.golden else said.learned

    def _ln_c(self) -> float:
        continuous = self.key.measured.startswith(("latency.", "tokens."))
        return self.plan.ln_c_step if continuous else self.plan.ln_c_discrete


def _held(held: Json | None, said: Evidence) -> Json | None:
    """What a young stream may not alarm for it goes on showing while it is young.

    Its evidence may sink again: runs after the change soon outnumber a short baseline.
    """
    if not said.young:
        return None
    return said.to_json() if said.score >= 100 else held


def _day(run: RunObservation) -> str:
    return run.started_at.date().isoformat()


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _without(runs: Sequence[Any], probe: str) -> list[Any]:
    """Collected runs without what a probe told before its request changed."""
    rest = [[*run[:2], {name: value for name, value in run[2].items() if name != probe}, *run[3:]] for run in runs]
    return [run for run in rest if run[2]]

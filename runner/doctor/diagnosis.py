"""What was found of one part of an installation, and the exit code of all of them. Feeds every part of the doctor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from reports.escaping import one_line

SCHEMA = "holdfast.doctor/1"
WRITTEN = frozenset({"settings", "suite", "environment"})
"""Areas that people write: what is wrong there is a settings error, exit code 2, as in every command."""


class State(StrEnum):
    """Three answers, and a note that counts for nothing."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """Nobody could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One part, one answer."""

    area: str
    """``settings``, ``environment``, ``suite``, ``store``, ``notifier``, ``endpoint``, ``clock``, ``prices``,
    ``connectivity``."""
    subject: str
    """Which of them: a file, a name, an address without secrets."""
    state: State
    told: str
    """What was found, one line."""
    advice: str = ""
    """What to do; never empty where something is wrong or unknown."""


def exit_code(found: Sequence[Diagnosis]) -> int:
    """2 where settings or suites are wrong, 1 where anything else is, 3 where something could not be told, else 0."""
    wrong = [diagnosis for diagnosis in found if diagnosis.state is State.WRONG]
    if any(diagnosis.area in WRITTEN for diagnosis in wrong):
        return 2
    if wrong:
        return 1
    return 3 if any(diagnosis.state is State.UNKNOWN for diagnosis in found) else 0


def as_json(found: Sequence[Diagnosis]) -> str:
    """One object: ``{"schema", "exit_code", "diagnoses": [{"area", "subject", "state", "told", "advice"}]}``."""
    clean = [{name: _shown(str(value)) for name, value in asdict(diagnosis).items()} for diagnosis in found]
    return json.dumps({"schema": SCHEMA, "exit_code": exit_code(found), "diagnoses": clean}, indent=2) + "\n"


def as_text(found: Sequence[Diagnosis]) -> str:
    """A line a diagnosis, advice below, and what it comes to."""
    return "\n".join([*_lines(found), "", _sum(found)]) + "\n"


def _lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    widest = max((len(diagnosis.area) for diagnosis in found), default=0)
    for diagnosis in found:
        area = diagnosis.area.ljust(widest)
        yield f"{diagnosis.state:<8} {area}  {_shown(diagnosis.subject)}: {_shown(diagnosis.told)}"
        if diagnosis.advice:
            yield f"{'':8} {'':{widest}}  -> {_shown(diagnosis.advice)}"


def _sum(found: Sequence[Diagnosis]) -> str:
    counts = {state: sum(diagnosis.state is state for diagnosis in found) for state in State}
    told = [f"{counts[state]} {state}" for state in (State.WRONG, State.UNKNOWN) if counts[state]]
    return ", ".join(told) if told else f"all is well: {counts[State.FINE]} things looked at"


def _shown(text: str) -> str:
    return one_line(text, 500)

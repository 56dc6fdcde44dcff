"""What ``/healthz`` and ``/readyz`` answer: JSON with the reasons, for orchestrators and people. Feeds ``web``.

``/healthz`` is red while the daemon cannot do its work. ``/readyz`` is red then too, and while it starts or stops.
What is only to be known (a suite that kept its old version, a heartbeat that nobody took) is a note, and neither is red
by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from runner.daemon.roster import Refused, going_on_words

if TYPE_CHECKING:
    from runner.daemon.daemon import Daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a daemon is."""

    reasons: tuple[str, ...] = ()
    """What makes it red, one line each."""
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """``sick``, ``degraded`` (all is done, with notes) or ``ok``."""
        return "sick" if self.reasons else "degraded" if self.notes else "ok"


def health_of(daemon: Daemon) -> Standing:
    """Whether it does its work."""
    refused = (refused_words(one) for one in daemon.reloading.roster.refused)
    return Standing(reasons=daemon.sickness(), notes=(*refused, *daemon.watching.notes()))


def refused_words(refused: Refused) -> str:
    """What is told of a suite file that cannot be used; what is wrong in it is told where its owner looks."""
    if refused.going_on:
        return f"suites: no suite file is there any more; {going_on_words(refused.going_on)}"
    goes_on = "what ran before goes on" if refused.instead else "nothing of it runs"
    return f"suite file {refused.path.name}: it cannot be used, {goes_on}"


def readiness_of(daemon: Daemon) -> Standing:
    """Whether it is there to do it, besides."""
    health = health_of(daemon)
    phase = () if daemon.phase == "serving" else (f"the daemon is {daemon.phase}",)
    return Standing(reasons=(*phase, *health.reasons), notes=health.notes)


def answer(standing: Standing) -> JSONResponse:
    """200, or 503 with the reasons."""
    body = {"status": standing.status, "reasons": list(standing.reasons), "notes": list(standing.notes)}
    return JSONResponse(body, 503 if standing.reasons else 200)

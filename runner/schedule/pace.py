"""Whether a suite can keep its schedule under its own limits a minute, and its pace while failing under its cron line.

Feeds ``validate`` and the preparation of suites. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.duration import format_duration
from probes.endpoint import Endpoint
from probes.suite import Schedule, Suite
from runner.schedule.schedule import interval_s


def pace_notes(suite: Suite) -> Iterator[str]:
    """A sentence for each endpoint where a run cannot be over before the next one is due."""
    if suite.schedule is None:
        return
    every_s = interval_s(suite.schedule)
    requests = sum(suite.samples_of(probe) * max(1, len(probe.turns)) for probe in suite.probes)
    for name in suite.monitored:
        took_s = least_run_s(suite.endpoints[name], requests)
        if took_s > every_s:
            yield (
                f"at {name} a run of {requests} requests takes at least {format_duration(took_s)} under "
                f"requests_per_minute: {suite.endpoints[name].requests_per_minute}, but the next one is due after "
                f"{format_duration(every_s)}; runs that come too early are skipped"
            )


def least_run_s(endpoint: Endpoint, requests: int) -> float:
    """Seconds that a run of this many requests takes at least under ``requests_per_minute``; 0 where there is none."""
    if endpoint.requests_per_minute is None or requests < 1:
        return 0.0
    return 60.0 * ((requests - 1) // endpoint.requests_per_minute)


def cadence_problem(schedule: Schedule) -> str | None:
    """What is wrong with ``while_failing`` beside a cron line, in one sentence; None where nothing is.

    Raises:
        ValueError: the cron line cannot be read, or never fires.
    """
    quick_s = schedule.while_failing_s
    if quick_s is None or schedule.cron is None or quick_s < interval_s(schedule):
        return None
    told, usual = format_duration(quick_s), format_duration(interval_s(schedule))
    return f"while_failing {told} is not shorter than the {usual} between two runs: it would quicken nothing"

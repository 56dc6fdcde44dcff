"""How long a run may take, and whether a suite can keep its schedule and its pace while failing under its own limits.

Feeds ``rounds``, ``validate`` and the preparation of suites. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.duration import format_duration
from probes.endpoint import Endpoint
from probes.suite import Schedule, Suite
from runner.schedule.schedule import interval_s

LEAST_TIME_S, MOST_TIME_S = 600.0, 86_400.0
HASTY_S = 1.0
"""An interval below this is more likely a slip of the pen (``1ms`` for ``1m``) than a wish."""


def time_s(schedule: Schedule, endpoint: Endpoint, requests: int = 1) -> float:
    """Seconds one run may take: ``timeout``, else two intervals, at least ten minutes and at most a day; never less
    than so many requests need under ``requests_per_minute``, and the last of them may take."""
    if schedule.timeout_s is not None:
        return schedule.timeout_s
    needed_s = least_run_s(endpoint, requests) + endpoint.timeout.total_s
    return max(min(max(2 * interval_s(schedule), LEAST_TIME_S), MOST_TIME_S), needed_s)


def requests_of(suite: Suite) -> int:
    """Requests of one whole run, without repeats and rounds of tools."""
    return sum(suite.samples_of(probe) * max(1, len(probe.turns)) for probe in suite.probes)


def time_problem(suite: Suite) -> str | None:
    """What is wrong with the schedule's ``timeout``, in one sentence: that a limit of the suite's own lets no run end
    within it. None where nothing is."""
    if suite.schedule is None or suite.schedule.timeout_s is None:
        return None
    requests, limit_s = requests_of(suite), suite.schedule.timeout_s
    for name in suite.monitored:
        endpoint = suite.endpoints[name]
        took_s = least_run_s(endpoint, requests)
        if took_s >= limit_s:
            return (
                f"timeout {format_duration(limit_s)} ends every run before it has asked everything: {requests} "
                f"requests at {name} take at least {format_duration(took_s)} under requests_per_minute: "
                f"{endpoint.requests_per_minute}"
            )
    return None


def pace_notes(suite: Suite) -> Iterator[str]:
    """A sentence for each endpoint where a run cannot be over before the next one is due, or its requests may not."""
    if suite.schedule is None:
        return
    if suite.schedule.every_s is not None and "timezone" in suite.schedule.model_fields_set:
        yield f"the schedule's timezone {suite.schedule.timezone} means nothing: an interval is the same in every zone"
    if suite.schedule.every_s is not None and suite.schedule.every_s < HASTY_S:
        told = format_duration(suite.schedule.every_s)
        yield f"every {told} leaves no pause between two runs, and each of them costs: a minute is written 1m"
    yield from _time_notes(suite, suite.schedule)
    every_s = interval_s(suite.schedule)
    requests = requests_of(suite)
    for name in suite.monitored:
        took_s = least_run_s(suite.endpoints[name], requests)
        if took_s > every_s:
            yield (
                f"at {name} a run of {requests} requests takes at least {format_duration(took_s)} under "
                f"requests_per_minute: {suite.endpoints[name].requests_per_minute}, but the next one is due after "
                f"{format_duration(every_s)}; runs that come too early are skipped"
            )


def _time_notes(suite: Suite, schedule: Schedule) -> Iterator[str]:
    for name in suite.monitored:
        most_s, limit_s = suite.endpoints[name].timeout.total_s, time_s(schedule, suite.endpoints[name])
        if limit_s < most_s:
            yield (
                f"at {name} a run is cut off after {format_duration(limit_s)} (the schedule's timeout), before one "
                f"request may take its timeout.total of {format_duration(most_s)}: an answer that comes later has "
                "failed (timeout_total), and there is no time to ask again; make timeout.total shorter"
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

"""What a run is judged by: the installation's budget of false alarms, shared over all streams. Feeds
``engine`` and ``importing_baselines``."""

from __future__ import annotations

from checks.drift.plan import JudgePlan
from checks.drift.score import streams_of
from probes.suite import Suite
from runner.normal.golden import golden_streams
from runner.preparing.orders import RunOrder, groups_of
from runner.schedule.schedule import confirmations_per_year, runs_per_year
from runner.store.base import Installed, Store


def installed_as(store: Store, suite: Suite, endpoint: str) -> Installed:
    """What a suite at an endpoint takes of the shared budget: its streams, golden ones included, and runs a year."""
    asked = suite.endpoints[endpoint]
    streams = streams_of(
        [probe.id for probe in suite.probes],
        streaming=asked.streamed,
        retrieving=asked.response is not None and asked.response.documents is not None,
        groups=tuple(groups_of(suite)),
        control=any(probe.control for probe in suite.probes),
    )
    return Installed(
        suite=suite.name,
        endpoint=endpoint,
        streams=len(streams) + golden_streams(store.acts(suite.name, endpoint)),
        runs_per_year=runs_per_year(suite.schedule),
    )


def plan_of(store: Store, order: RunOrder, budget: float) -> JudgePlan:
    """The thresholds of this run: the installation's budget shared over all streams of all its suites.

    ``budget``: false alarms a year of the installation, where the suite does not say.
    """
    suite = order.prepared.suite
    mine = installed_as(store, suite, order.endpoint)
    installed = store.installed()
    if mine not in installed:
        store.save_installed(mine)
        installed = store.installed()
    tolerance = suite.drift.tolerance
    return JudgePlan(
        runs_per_year=mine.runs_per_year,
        streams=sum(entry.streams for entry in installed),
        false_alarms_per_year=suite.drift.false_alarms_per_year or budget,
        tolerance_latency=tolerance.latency,
        tolerance_tokens=tolerance.tokens,
        tolerance_rates=tolerance.rates,
        capturing=order.capturing,
        confirmations_per_year=confirmations_per_year(suite.drift.confirm, mine.runs_per_year),
    )

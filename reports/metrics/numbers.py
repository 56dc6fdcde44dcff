"""One family of gauges or counters as plain numbers, with its lines. Feeds ``series``.

Children of the client library are built for others to hold: each takes some 900 bytes with its lock and its names, and
2,000 suites have over 100,000. Here a value is one entry of a dictionary.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from reports.metrics.lines import Lines, Values
from reports.metrics.table import Family


class Numbers(Lines, Collector):
    """A collector that is registered, and writes the lines of its family itself."""

    def __init__(self, family: Family, registry: CollectorRegistry) -> None:
        super().__init__(family.labels)
        self._family = family
        self._setting = threading.Lock()
        # without labels there is one series from the beginning
        self._values: dict[Values, float] = {} if family.labels else {(): 0.0}
        registry.register(self)

    def put(self, values: Values, to: float) -> None:
        """Say this from now on. Most are told thousands of times what they say already: then nothing is written."""
        with self._setting:
            if self._values.get(values) == to:
                return
            self._values[values] = float(to)
        self.changed(values)

    def add(self, values: Values, by: float) -> None:
        """Add to what is said; 0 makes the series exist."""
        with self._setting:
            self._values[values] = self._values.get(values, 0.0) + by
        self.changed(values)

    def all(self) -> tuple[Values, ...]:
        return tuple(self._values)

    def known(self, values: Values) -> bool:
        return values in self._values

    def remove(self, values: Values) -> None:
        with self._setting:
            self._values.pop(values, None)
        self.changed(values)

    def samples(self, values: Values) -> list[Sample]:
        value = self._values.get(values)
        name = dict(zip(self.labels, values, strict=True))
        return [] if value is None else [Sample(self._family.name, name, value)]

    def describe(self) -> Iterable[Metric]:
        return (self.bare(),)

    def collect(self) -> Iterable[Metric]:
        whole = self.bare()
        for values, value in self._values.copy().items():
            whole.add_sample(self._family.name, dict(zip(self.labels, values, strict=True)), value)
        return (whole,)

    def bare(self) -> Metric:
        family = CounterMetricFamily if self._family.kind == "counter" else GaugeMetricFamily
        bare: Metric = family(self._family.name, self._family.help, labels=self._family.labels)
        return bare

"""One family of histograms, kept by the client library, with its lines. Feeds ``series``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram, Metric
from prometheus_client.samples import Sample

from reports.metrics.lines import Lines, Values
from reports.metrics.table import Family


class Distributions(Lines):
    """A registered histogram whose lines are written here."""

    def __init__(self, family: Family, registry: CollectorRegistry) -> None:
        super().__init__(family.labels)
        self._metric = Histogram(family.name, family.help, family.labels, registry=registry, buckets=family.bounds)
        self._children: dict[Values, Histogram] = {} if family.labels else {(): self._metric}

    def observe(self, values: Values, seconds: float, trace_id: str) -> None:
        """Add one, with the trace id as the bucket's newest exemplar where there is one."""
        child = self._children.get(values)
        if child is None:
            child = self._children.setdefault(values, self._metric.labels(*values))
        child.observe(seconds, {"trace_id": trace_id} if trace_id else None)
        self.changed(values)

    def all(self) -> tuple[Values, ...]:
        return tuple(self._children)

    def known(self, values: Values) -> bool:
        return values in self._children

    def remove(self, values: Values) -> None:
        self._metric.remove(*values)
        self._children.pop(values, None)
        self.changed(values)

    def samples(self, values: Values) -> list[Sample]:
        child = self._children.get(values)
        if child is None:
            return []
        own = dict(zip(self.labels, values, strict=True))
        told = [sample for metric in child.collect() for sample in metric.samples]
        return [sample._replace(labels={**own, **sample.labels}) for sample in told]

    def bare(self) -> Metric:
        (whole,) = self._metric.describe()
        return whole

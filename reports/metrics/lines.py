"""One family of metrics with its lines as they were last written, kept until a value changes. Feeds ``series``.

With thousands of suites a scrape is some 150,000 lines, of which a few thousand changed since the one before. The
library writes the lines (https://prometheus.io/docs/instrumenting/exposition_formats/); what is kept here is its text.

Values are counted on the loop and in threads, lines are written in a thread. A line is marked as changed after its
value has changed, and the mark is taken off before the value is read: what changes meanwhile is written once more by
the next scrape, and nothing is missed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar, cast

from prometheus_client import Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

Values = tuple[str, ...]
"""The label values of one child, in the order of the family's labels; empty for a family without labels."""
Writing = Callable[[Collector], bytes]
"""How a format writes families; each begins with two lines of its own, ``HELP`` and ``TYPE``."""
Kind = TypeVar("Kind", bound=Counter | Gauge | Histogram)

_HEAD = 2
_AT_ONCE = 200
"""Children written in one go: the loop waits while a thread splits or joins one long text."""


class _Alone(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


class _Kept:
    """What is known of one format."""

    def __init__(self) -> None:
        self.changed: set[Values] = set()
        self.texts: dict[Values, bytes] = {}


class Lines(Generic[Kind]):
    """One family."""

    def __init__(self, metric: Kind, labels: tuple[str, ...]) -> None:
        """``metric``: as the library keeps it, registered or not. ``labels``: their names, in its order."""
        self._metric: Kind = metric
        self._labels = labels
        self._children: dict[Values, Kind] = {} if labels else {(): metric}
        self._kept: dict[Writing, _Kept] = {}
        self._writing = threading.Lock()

    def known(self, values: Values) -> Kind | None:
        """The child of these values, where there is one."""
        return self._children.get(values)

    def child(self, values: Values) -> Kind:
        """The child of these values, which is there from now on."""
        child = self._children.get(values)
        if child is None:
            child = self._children.setdefault(values, cast("Kind", self._metric.labels(*values)))
            self.changed(values)
        return child

    def changed(self, values: Values) -> None:
        """The child of these values says something else now."""
        for kept in tuple(self._kept.values()):
            kept.changed.add(values)

    def remove(self, values: Values) -> None:
        """Forget one child; nothing where there is none."""
        self._metric.remove(*values)
        self._children.pop(values, None)
        self.changed(values)

    def remove_all(self, labels: Mapping[str, str]) -> list[Values]:
        """Forget every child with these labels; their values."""
        places = [(self._labels.index(name), value) for name, value in labels.items()]
        gone = [values for values in tuple(self._children) if all(values[at] == value for at, value in places)]
        for values in gone:
            self.remove(values)
        return gone

    def text(self, write: Writing) -> list[bytes]:
        """The family as a format writes it, in pieces."""
        with self._writing:  # two scrapes at once may not write one line, the older value last
            kept = self._kept.get(write)
            if kept is None:
                kept = self._kept[write] = _Kept()
                kept.changed.update(tuple(self._children))
            changed = tuple(kept.changed)
            for at in range(0, len(changed), _AT_ONCE):
                self._write(kept, write, changed[at : at + _AT_ONCE])
            (bare,) = self._metric.describe()
            return [write(_Alone(bare)), *(kept.texts.get(values, b"") for values in tuple(self._children))]

    def _write(self, kept: _Kept, write: Writing, changed: tuple[Values, ...]) -> None:
        """Write these anew."""
        (whole,) = self._metric.describe()
        numbers: list[tuple[Values, int]] = []
        for values in changed:
            kept.changed.discard(values)
            child = self._children.get(values)
            if child is None:
                kept.texts.pop(values, None)
                continue
            own = dict(zip(self._labels, values, strict=True))
            samples = [sample for metric in child.collect() for sample in metric.samples]
            whole.samples += [sample._replace(labels={**own, **sample.labels}) for sample in samples]
            numbers.append((values, len(samples)))
        lines = write(_Alone(whole)).split(b"\n")
        at = _HEAD
        for written, number in numbers:
            kept.texts[written] = b"\n".join([*lines[at : at + number], b""])
            at += number

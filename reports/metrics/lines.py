"""One family of metrics with its lines as they were last written, kept until a value changes. Feeds ``numbers`` and
``distributions``.

With thousands of suites a scrape is some 150,000 lines, of which a few thousand changed since the one before. The
library writes the lines (https://prometheus.io/docs/instrumenting/exposition_formats/); what is kept here is its text.

Values are counted on the loop and in threads, lines are written in a thread. A line is marked as changed after its
value has changed, and the mark is taken off before the value is read: what changes meanwhile is written once more by
the next scrape, and nothing is missed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

Values = tuple[str, ...]
"""The label values of one series, in the order of the family's labels; empty for a family without labels."""
Writing = Callable[[Collector], bytes]
"""How a format writes families; each begins with two lines of its own, ``HELP`` and ``TYPE``."""

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


class Lines(ABC):
    """One family."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        """``labels``: their names, in the family's order."""
        self.labels = labels
        self._kept: dict[Writing, _Kept] = {}
        self._writing = threading.Lock()

    @abstractmethod
    def bare(self) -> Metric:
        """The family without a series: its name, type and help."""

    @abstractmethod
    def all(self) -> tuple[Values, ...]:
        """The label values of every series."""

    @abstractmethod
    def known(self, values: Values) -> bool:
        """True where there is a series of these values."""

    @abstractmethod
    def samples(self, values: Values) -> list[Sample]:
        """What the series of these values says, with all its labels; empty where there is none."""

    @abstractmethod
    def remove(self, values: Values) -> None:
        """Forget one series; nothing where there is none."""

    def changed(self, values: Values) -> None:
        """The series of these values says something else now."""
        for kept in tuple(self._kept.values()):
            kept.changed.add(values)

    def remove_all(self, labels: Mapping[str, str]) -> None:
        """Forget every series with these labels."""
        places = [(self.labels.index(name), value) for name, value in labels.items()]
        for values in self.all():
            if all(values[at] == value for at, value in places):
                self.remove(values)

    def text(self, write: Writing) -> list[bytes]:
        """The family as a format writes it, in pieces."""
        with self._writing:  # two scrapes at once may not write one line, the older value last
            kept = self._kept.get(write)
            if kept is None:
                kept = self._kept[write] = _Kept()
                kept.changed.update(self.all())
            changed = tuple(kept.changed)
            for at in range(0, len(changed), _AT_ONCE):
                self._write(kept, write, changed[at : at + _AT_ONCE])
            return [write(_Alone(self.bare())), *(kept.texts.get(values, b"") for values in self.all())]

    def _write(self, kept: _Kept, write: Writing, changed: tuple[Values, ...]) -> None:
        """Write these anew."""
        whole = self.bare()
        numbers: list[tuple[Values, int]] = []
        for values in changed:
            kept.changed.discard(values)
            samples = self.samples(values)
            if not samples:
                kept.texts.pop(values, None)
                continue
            whole.samples += samples
            numbers.append((values, len(samples)))
        lines = write(_Alone(whole)).split(b"\n")
        at = _HEAD
        for written, number in numbers:
            kept.texts[written] = b"\n".join([*lines[at : at + number], b""])
            at += number

"""All series as text, in the format that its reader understands. Feeds ``metrics``.

Prometheus' own format (0.0.4), and OpenMetrics 1.0, which alone carries exemplars.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from reports.metrics.lines import Writing
from reports.metrics.series import Series
from reports.metrics.table import FAMILIES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


PLAIN: Writing = generate_latest
END = b"# EOF\n"


def openmetrics_of(families: Collector) -> bytes:
    """Families in OpenMetrics, without the line that ends an exposition."""
    written: bytes = openmetrics.generate_latest(families)  # type: ignore[no-untyped-call]
    return written.removesuffix(END)


def exposition(series: Series, process: Collector | None, accept: str) -> tuple[bytes, str]:
    """Everything, in the format that an ``Accept`` header asks for, and its content type."""
    wanted = _accepts_openmetrics(accept)
    write = openmetrics_of if wanted else PLAIN
    pieces = [write(process) if process else b"", *series.text(write), END if wanted else b""]
    return b"".join(pieces), openmetrics.CONTENT_TYPE_LATEST if wanted else CONTENT_TYPE


def of_suites(registry: CollectorRegistry) -> bytes:
    """What is told of suites alone, in Prometheus' own format."""
    names = [family.name for family in FAMILIES if family.of_suites]
    samples = [f"{name}{end}" for name in names for end in ("", "_bucket", "_sum", "_count")]
    return generate_latest(registry.restricted_registry(samples))


def _accepts_openmetrics(accept: str) -> bool:
    """Whether the header names the type (RFC 9110, 12.5.1). Read here: the library's reader breaks on odd versions."""
    entries = (entry.replace(" ", "").lower().split(";") for entry in accept.split(","))
    return any(kind == "application/openmetrics-text" and not {"q=0", "q=0.0"} & set(rest) for kind, *rest in entries)

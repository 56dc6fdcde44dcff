"""A registry as text, in the format that its reader understands. Feeds ``metrics``.

Prometheus' own format (0.0.4), and OpenMetrics 1.0, which alone carries exemplars.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from reports.metrics.table import FAMILIES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Everything, in the format that an ``Accept`` header asks for, and its content type."""
    if _accepts_openmetrics(accept):
        return openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE


def of_suites(registry: CollectorRegistry) -> bytes:
    """What is told of suites alone, in Prometheus' own format."""
    names = [family.name for family in FAMILIES if family.of_suites]
    samples = [f"{name}{end}" for name in names for end in ("", "_bucket", "_sum", "_count")]
    return generate_latest(registry.restricted_registry(samples))


def _accepts_openmetrics(accept: str) -> bool:
    """Whether the header names the type (RFC 9110, 12.5.1). Read here: the library's reader breaks on odd versions."""
    entries = (entry.replace(" ", "").lower().split(";") for entry in accept.split(","))
    return any(kind == "application/openmetrics-text" and not {"q=0", "q=0.0"} & set(rest) for kind, *rest in entries)

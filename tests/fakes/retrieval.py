"""An endpoint that retrieves documents, over loopback. Feeds tests of retrieval."""

from __future__ import annotations

from typing import Any

from probes.fire import fire_all
from probes.sample import Sample
from probes.suite import Suite
from probes.transport import Transport
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import Steps, whole

SAMPLES = 6


def found(*ids: str) -> Steps:
    """A reply that names these documents, best first."""
    return whole(
        {"results": [{"id": name, "text": f"About {name}.", "score": 1 / (at + 2)} for at, name in enumerate(ids)]}
    )


def suite_at(url: str) -> Suite:
    target: dict[str, Any] = {
        "protocol": "http",
        "base_url": url,
        "request": {"path": "/search", "body": {"query": "{{ prompt }}", "top_k": "{{ vars.top_k }}"}},
        "response": {"documents": {"path": "$.results[*]", "text": "$.text", "score": "$.score"}},
    }
    asked = {"id": "returns", "prompt": "How long may I return things?", "vars": {"top_k": 3}, "samples": SAMPLES}
    return Suite.model_validate({"version": 1, "suite": "search", "endpoints": {"prod": target}, "probes": [asked]})


async def samples_of(suite: Suite, clock: FakeClock, transport: Transport, run_id: str) -> tuple[Sample, ...]:
    asked = [(probe, suite.samples_of(probe)) for probe in suite.probes]
    return await fire_all(
        transport=transport, clock=clock, suite=suite, endpoint_name="prod", run_id=run_id, probes=asked
    )

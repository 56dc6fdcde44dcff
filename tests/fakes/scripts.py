"""Scripts of several turns, played at a loopback server. Feeds tests of scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from probes.sample import Sample
from probes.suite import Suite
from tests.fakes.firing import fire_suite
from tests.fakes.http_server import FakeServer


def suite_of(url: str, probe: Mapping[str, Any], **fields: Any) -> Suite:
    target = {"base_url": url, "model": "m", "stream": False, "retries": 0, **fields}
    return Suite.model_validate(
        {"version": 1, "suite": "shop", "endpoints": {"prod": target}, "probes": [{"id": "p", **probe}]}
    )


async def played(probe: Mapping[str, Any], *replies: Sequence[Any], **fields: Any) -> tuple[Sample, FakeServer, Suite]:
    async with FakeServer(*replies) as server:
        suite = suite_of(server.url, probe, **fields)
        (sample,) = await fire_suite(suite)
        return sample, server, suite

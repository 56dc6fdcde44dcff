"""Fires probes: Probe x Endpoint -> Sample, asked again where that may help. Feeds the engine; never raises for
endpoint trouble, which is a value in the sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from probes.access import Accesses, KeysOnly
from probes.asking import Asking
from probes.circuit import Circuit, SecondLook
from probes.clock import Clock
from probes.endpoint import Endpoint
from probes.gate import Gate, Places
from probes.ids import Ids, RandomIds
from probes.outgoing import hash_of, mark
from probes.pricing import price_known
from probes.probe import Probe
from probes.protocols import protocol_named
from probes.sample import Sample
from probes.script import first_question, play, script_of
from probes.suite import Suite
from probes.time_limit import UNLIMITED, TimeLimit
from probes.transport import Transport

RANDOM_IDS = RandomIds()
KEYS_ONLY = KeysOnly()


def request_hash(endpoint: Endpoint, probe: Probe) -> str:
    """Hash of protocol and rendered body: 16 hex digits. Neither credentials nor the address are in it.

    Raises:
        UsageError: there is no such protocol.
    """
    wire = protocol_named(endpoint.protocol).build(endpoint, first_question(probe))
    return hash_of(endpoint.protocol, wire, script_of(probe))


async def fire(
    *,
    transport: Transport,
    clock: Clock,
    endpoint_name: str,
    endpoint: Endpoint,
    suite_name: str,
    probe: Probe,
    index: int,
    run_id: str,
    gates: Sequence[Gate] = (),
    circuit: Circuit | None = None,
    limit: TimeLimit = UNLIMITED,
    accesses: Accesses = KEYS_ONLY,
    ids: Ids = RANDOM_IDS,
    hashed: str | None = None,
) -> Sample:
    """Ask one probe once, turn by turn where it is a script, and each question again where that may help.

    The timing of an answer is that of its last attempt; all attempts are recorded. Every attempt has the limits of
    ``endpoint.timeout`` to itself; all waits between attempts together stay below ``timeout.total``. ``circuit`` is
    the gate before all others (and looked at once more behind them), shared by the samples of one run, and so is
    ``limit``. ``hashed`` is the request's hash, where the caller has it already.

    Raises:
        UsageError: there is no such protocol.
    """
    asking = Asking(
        transport=transport,
        clock=clock,
        ids=ids,
        endpoint=endpoint,
        protocol=protocol_named(endpoint.protocol),
        access=accesses.of(endpoint),
        gates=gates if circuit is None else (circuit, *gates, SecondLook(circuit)),
        circuit=circuit,
        limit=limit,
        marked=mark(suite=suite_name, probe=probe.id, run_id=run_id),
        trace_id=ids.trace_id(),
    )
    sample = Sample(
        sample_id=ids.sample_id(),
        run_id=run_id,
        suite=suite_name,
        endpoint=endpoint_name,
        probe=probe.id,
        index=index,
        request_hash=hashed or request_hash(endpoint, probe),
        trace_id=asking.trace_id,
        started_at=clock.now(),
    )
    return await play(asking, sample, probe, conversation_id=sample.sample_id)


async def fire_all(
    *,
    transport: Transport,
    clock: Clock,
    suite: Suite,
    endpoint_name: str,
    run_id: str,
    probes: Sequence[tuple[Probe, int]],
    on_sample: Callable[[Sample], None] | None = None,
    gates: Sequence[Gate] = (),
    places: Places | None = None,
    limit: TimeLimit = UNLIMITED,
    accesses: Accesses = KEYS_ONLY,
    ids: Ids = RANDOM_IDS,
) -> tuple[Sample, ...]:
    """Ask each probe as often as told, at most ``concurrency`` at once; samples come back in the order of ``probes``.

    ``places``: those of an endpoint that other runs ask too; left out, this run has ``concurrency`` to itself.

    Once requests keep failing in one way, the rest is not asked (see ``circuit``): a sample each, of class
    ``not_asked``. Once ``limit`` is over, what is under way has failed (``timeout_total``) and the rest is not asked
    (``time_limit``). ``on_sample`` sees each sample as it is ready. Waiting for a free place is not part of any timing.
    Cancelling this cancels what is under way.
    """
    endpoint = suite.endpoints[endpoint_name]
    taken = asyncio.Semaphore(endpoint.concurrency) if places is None else places
    circuit = Circuit(concurrency=endpoint.concurrency)
    hashes = {probe.id: request_hash(endpoint, probe) for probe, _ in probes}
    transport.prepare(endpoint)
    # opens the price list, which would else happen at the first reply and hold up the requests under way
    price_known(endpoint)

    async def one(probe: Probe, index: int) -> Sample:
        async with AsyncExitStack() as place:
            # where none comes free in time, there is a sample still: of a question that was not asked
            await limit.kept(partial(place.enter_async_context, taken), late=lambda: None)
            sample = await fire(
                transport=transport,
                clock=clock,
                endpoint_name=endpoint_name,
                endpoint=endpoint,
                suite_name=suite.name,
                probe=probe,
                index=index,
                run_id=run_id,
                gates=gates,
                circuit=circuit,
                limit=limit,
                accesses=accesses,
                ids=ids,
                hashed=hashes[probe.id],
            )
        if on_sample is not None:
            on_sample(sample)
        return sample

    tasks = [asyncio.create_task(one(probe, index)) for probe, samples in probes for index in range(samples)]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

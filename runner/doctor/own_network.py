"""Whether the addresses of ``connectivity`` can be reached: those that cannot prove nothing. Feeds ``examination``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from runner.asking.knocking import reaches
from runner.doctor.diagnosis import Diagnosis, State
from runner.settings.watch_settings import parted


async def connectivity(targets: Sequence[str]) -> list[Diagnosis]:
    """One answer for all of them; none where the settings name none. Nothing is sent over the connections."""
    if not targets:
        return []
    reached = await asyncio.gather(*(reaches(*parted(target)) for target in targets))
    there = [target for target, is_there in zip(targets, reached, strict=True) if is_there]
    if there:
        told = f"{len(there)} of {len(targets)} can be reached: {', '.join(there)}"
        return [Diagnosis(area="connectivity", subject="this machine", state=State.FINE, told=told)]
    told = f"none can be reached, so a lost network is not told from an outage: {', '.join(targets)}"
    advice = "name addresses that this machine reaches whenever its network works (docs/watching.md)"
    return [Diagnosis(area="connectivity", subject="this machine", state=State.WRONG, told=told, advice=advice)]

"""``holdfast demo``: the whole loop in a minute, against an endpoint of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SCENARIOS = ("model-swap", "slower", "longer-answers", "refusals", "broken-json", "outage")


def demo(
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="|".join(SCENARIOS), help="What changes behind the program's back.")
    ] = SCENARIOS[0],
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another day.")] = 1,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo keeps its suite, store and report.")] = Path(
        ".holdfast/demo"
    ),
) -> int:
    """Watch a silent change being found: baseline, quiet rounds, a change behind our back, the alarm, the report."""
    import asyncio

    from probes.errors import UsageError
    from runner.demo.tour import tour

    if scenario not in SCENARIOS:
        raise UsageError(f"--scenario {scenario!r} is unknown; it is one of {', '.join(SCENARIOS)}")
    found = asyncio.run(tour(scenario=scenario, seed=seed, folder=folder, tell=typer.echo))
    return 0 if found else 1

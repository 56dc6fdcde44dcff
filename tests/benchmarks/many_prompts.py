"""500 prompts with one ``contains`` check, the whole process from start to exit: wall, CPU and peak memory.

Run with ``make bench``. The endpoint answers at once, 16 requests at once, not streamed, as other tools are asked. The
run is checked, judged, stored and reported as any other. A run with one prompt stands beside it; what remains is the
500. Medians of the rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.benchmarks.first_run import HOLDFAST, row
from tests.benchmarks.schedule_server import ScheduleServer, schedule_server


def suite_of(prompts: int, server: ScheduleServer, word: str) -> str:
    """A suite with this many probes."""
    probes = "".join(f"  - {{id: p{number}, prompt: What is {number} times 7?}}\n" for number in range(prompts))
    return (
        "version: 1\nsuite: many\n"
        f'endpoints: {{server: {{base_url: "{server.url}", model: mock-n50, concurrency: 16, stream: false}}}}\n'
        f"defaults: {{checks: [contains: {word}]}}\nprobes:\n{probes}"
    )


def main() -> None:
    """Print one line for one prompt and one for 500."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mock", help="another server binary, started with a port as its argument")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with schedule_server(options.mock) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        word = "tok1" if options.mock else "word1"
        print(f"whole processes, server {server.name}, 16 at once, median of {options.rounds}")
        for prompts in (1, 500):
            (folder / f"{prompts}.yaml").write_text(suite_of(prompts, server, word), encoding="utf-8")
            command = [HOLDFAST, "run", f"{prompts}.yaml"]
            label = f"  {prompts} prompts, one contains check each"
            row(label, command, cwd=folder, env=os.environ, repeats=options.rounds)


if __name__ == "__main__":
    main()

"""Start-up, one run of 10 probes x 3 samples at a zero-latency endpoint, and quiet runs: wall, CPU and peak memory.

Run with ``make bench``. Figures are medians of whole processes after one that does not count, told beside a bare
interpreter in the same run. Byte code is kept, as it is where Holdfast is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from runner.demo.endpoint import EndpointProcess

HOLDFAST = str(Path(sys.executable).parent / "holdfast")
REPEATS = 5
PLAIN = """\
version: 1
suite: plain
endpoints: {production: {base_url: "${HOLDFAST_BASE_URL}", model: m}}
defaults: {samples: 3, checks: [contains: a]}
probes:
""" + "".join(f"  - {{id: p{number}, prompt: Say something about the number {number}.}}\n" for number in range(10))


def measured(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], allowed: Sequence[int] = (0,)
) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MiB of one process."""
    env = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        told = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise SystemExit(f"{command} exited with {process.returncode}: {told.decode()}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    repeats: int = REPEATS,
    allowed: Sequence[int] = (0,),
) -> None:
    """Print the medians of one command, which has to end with one of the ``allowed`` exit codes."""
    if repeats > 1:
        measured(command, cwd=cwd, env=env, allowed=allowed)
    figures = [measured(command, cwd=cwd, env=env, allowed=allowed) for _ in range(repeats)]
    wall, cpu, peak = (median(values) for values in zip(*figures, strict=True))
    print(f"{name:<48} {wall:7.2f} s wall {cpu:7.2f} s CPU {peak:7.0f} MiB peak")


def main() -> None:
    """Measure everything once, side by side."""
    with tempfile.TemporaryDirectory() as name, EndpointProcess(seed=1, latency_scale=0) as endpoint:
        folder = Path(name)
        env = {
            **os.environ,
            "HOLDFAST_BASE_URL": endpoint.base_url,
            "HOLDFAST_API_KEY": "key",
            "HOLDFAST_MODEL": "support-bot",
        }
        row("python -c pass", [sys.executable, "-c", "pass"], cwd=folder, env=env)
        row("holdfast --help", [HOLDFAST, "--help"], cwd=folder, env=env)
        subprocess.run([HOLDFAST, "init"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        row("holdfast validate suite.yaml", [HOLDFAST, "validate", "suite.yaml"], cwd=folder, env=env)
        (folder / "plain.yaml").write_text(PLAIN, encoding="utf-8")
        row("holdfast run, 10 probes x 3, one check each", [HOLDFAST, "run", "plain.yaml"], cwd=folder, env=env)
        row("holdfast run, starter suite (10 x 3, 62 checks)", [HOLDFAST, "run", "suite.yaml"], cwd=folder, env=env)
        many = [HOLDFAST, "run", "suite.yaml", "--rounds", "100", "--no-alerts", "--output", "runs.txt"]
        # times near zero move with the load of the machine, and then an alarm is right
        row("holdfast run --rounds 100", many, cwd=folder, env=env, repeats=1, allowed=(0, 1))


if __name__ == "__main__":
    main()

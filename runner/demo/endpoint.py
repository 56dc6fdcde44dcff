"""The fake endpoint's front door: run it by hand from here, import it from here.

    python -m runner.demo.endpoint --port 0 --seed 1 --scenario normal --latency-scale 1 [--api-key-env NAME]

prints one JSON line, ``{"base_url": "http://127.0.0.1:PORT/v1"}``, and serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
from collections.abc import Sequence

from probes.errors import HoldfastError
from runner.demo.app import FakeEndpoint, Received
from runner.demo.process import EndpointProcess
from runner.demo.scenarios import SCENARIOS
from runner.demo.serving import START_TIMEOUT_S, LoopbackServer, RunningEndpoint

__all__ = ["EndpointProcess", "FakeEndpoint", "Received", "RunningEndpoint", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on loopback until interrupted (or until standard input closes), after announcing the URL on stdout."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.api_key_env is not None and not os.environ.get(options.api_key_env):
        parser.error(f"the environment variable {options.api_key_env} is not set")
    endpoint = FakeEndpoint(
        seed=options.seed,
        api_key=os.environ[options.api_key_env] if options.api_key_env else None,
        latency_scale=options.latency_scale,
        scenario=options.scenario,
        models=options.model,
    )
    try:
        server = LoopbackServer(endpoint, options.port)
    except HoldfastError as error:
        parser.exit(error.exit_code, f"{error}\n")
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    if options.until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_until_stopped()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runner.demo.endpoint", description="A fake LLM endpoint.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", choices=list(SCENARIOS), default="normal")
    parser.add_argument("--latency-scale", type=_scale, default=1.0, help="0 answers at once")
    parser.add_argument("--api-key-env", metavar="NAME", help="environment variable that holds the key to require")
    parser.add_argument("--model", action="append", metavar="NAME", help="a model that exists; default: all do")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input closes")
    return parser


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 <= scale <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1000")
    return scale


def _announce(server: LoopbackServer) -> None:
    if server.ready.wait(START_TIMEOUT_S):
        sys.stdout.write(json.dumps({"base_url": server.base_url}) + "\n")
        sys.stdout.flush()


def _stop_with_stdin(server: LoopbackServer) -> None:
    # os.read and not sys.stdin: a reader blocked in the buffered one would hold its lock at interpreter exit
    while os.read(0, 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()

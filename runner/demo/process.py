"""The fake endpoint in a process of its own: for the demo, so that asking and answering share no event loop.

Starts ``python -m runner.demo.endpoint`` and speaks to it over ``/_control``.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from types import TracebackType
from typing import Any, Self, cast

import httpx2

from probes.errors import HoldfastError
from runner.demo.scenarios import ScenarioName
from runner.demo.serving import START_TIMEOUT_S, STOP_TIMEOUT_S

KEY_VARIABLE = "HOLDFAST_DEMO_ENDPOINT_KEY"


class EndpointProcess:
    """A fake endpoint in a process of its own, for the demo. A context manager; it dies with its parent.

    Raises:
        HoldfastError: on entering, where the process does not come up.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        scenario: ScenarioName = "normal",
        latency_scale: float = 1.0,
        api_key: str | None = None,
        port: int = 0,
    ) -> None:
        self._arguments = ["--port", str(port), "--seed", str(seed), "--scenario", scenario]
        self._arguments += ["--latency-scale", str(latency_scale), "--until-stdin-closes"]
        self._api_key = api_key
        self._process: subprocess.Popen[str] | None = None
        self.base_url = ""
        """Where it listens, ``http://127.0.0.1:PORT/v1``; empty until it is entered."""

    def __enter__(self) -> Self:
        environment = dict(os.environ)
        arguments = self._arguments
        if self._api_key is not None:
            environment[KEY_VARIABLE] = self._api_key  # a command line can be read by every user of the machine
            arguments = [*arguments, "--api-key-env", KEY_VARIABLE]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and arguments
            [sys.executable, "-m", "runner.demo.endpoint", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops us in its own time
        )
        try:
            self.base_url = _announced_url(self._process)
        except HoldfastError:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    def set_scenario(self, name: str) -> ScenarioName:
        """Change the scenario; gives the old one back. ``ValueError`` for a name that is none."""
        return cast("ScenarioName", self.change(scenario=name)["scenario"])

    def change(self, **fields: Any) -> dict[str, Any]:
        """Change anything a control request may; gives back what was in force before."""
        with httpx2.Client(trust_env=False) as client:
            reply = client.post(self._control_url, json=fields)
        if reply.status_code == httpx2.codes.BAD_REQUEST:
            raise ValueError(reply.json()["error"]["message"])
        return cast("dict[str, Any]", reply.raise_for_status().json())

    @property
    def request_count(self) -> int:
        """How many chat requests it received."""
        with httpx2.Client(trust_env=False) as client:
            return int(client.get(self._control_url).json()["requests"])

    @property
    def _control_url(self) -> str:
        return self.base_url.removesuffix("/v1") + "/_control"

    def close(self) -> None:
        """Stop the process: ask by closing its standard input, insist after a while."""
        process, self._process = self._process, None
        if process is None:
            return
        with process:  # closes the pipes and reaps
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _announced_url(process: subprocess.Popen[str]) -> str:
    if process.stdout is None or not select.select([process.stdout], [], [], START_TIMEOUT_S)[0]:
        raise HoldfastError(f"the demo endpoint was not ready within {START_TIMEOUT_S:.0f} s")
    line = process.stdout.readline()
    if not line:
        raise HoldfastError(
            f"the demo endpoint ended with exit code {process.wait(STOP_TIMEOUT_S)} before it was ready"
        )
    return str(json.loads(line)["base_url"])

"""A bug that one suite of a command meets keeps the others from nothing, and is told with the exit code of a run that
could not be measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli import main
from runner.demo.endpoint import RunningEndpoint
from runner.engine import Engine
from runner.preparing.orders import RunOrder

SUITE = """\
version: 1
suite: {name}
endpoints: {{one: {{base_url: "{url}", model: m, api_key: "${{HOLDFAST_API_KEY}}"}}}}
probes: [{{id: capital, prompt: What is the capital of Australia?, checks: [no_refusal]}}]
"""


@pytest.mark.parametrize("others", [0, 2])
def test_the_suites_beside_one_that_meets_a_bug_are_asked_stored_and_told(
    tmp_path: Path,
    endpoint: RunningEndpoint,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    others: int,
) -> None:
    made = Engine.run

    async def run(self: Engine, order: RunOrder, *more: Any) -> Any:
        if order.prepared.suite.name == "broken":
            raise ZeroDivisionError
        return await made(self, order, *more)

    monkeypatch.setattr(Engine, "run", run)
    monkeypatch.setenv("HOLDFAST_API_KEY", "test-key")
    names = ["broken", "later", "last"][: others + 1]
    for place, name in enumerate(names):
        file = tmp_path / f"{place}.yaml"
        file.write_text(SUITE.format(name=name, url=endpoint.base_url), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(("run", str(tmp_path), "--store", str(tmp_path / "h.db"), "--format", "json"))
    told = capsys.readouterr()
    assert ended.value.code == 3
    assert "bug in holdfast (ZeroDivisionError)" in told.err and "Traceback" not in told.err
    if others:
        assert sorted(each["suite"] for each in json.loads(told.out)["runs"]) == ["last", "later"]
        assert "broken at one: its run is lost" in told.err

"""The suites we ship are executed, not only read: every probe is asked, every check can do its work."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

SUITES = sorted((Path(__file__).parents[2] / "probe_suites").glob("*.yaml"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_a_shipped_suite_asks_every_probe_and_breaks_no_check(
    suite: Path, place: Workplace, endpoint: RunningEndpoint
) -> None:
    shutil.copy(suite, place.folder)
    text = suite.read_text(encoding="utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "key")
    environ |= {name: endpoint.base_url for name in environ if "URL" in name}
    done = place.run("run", suite.name, "--format", "json", env=environ)
    # the fake endpoint knows few of the answers, so contracts may break; what is looked at is that all were judged
    assert done.returncode in (0, 1), done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    samples = [sample for probe in run["probes"] for sample in probe["samples"]]
    checks = [check for probe in run["probes"] for check in probe["checks"]]
    assert samples
    assert [sample["failure"] for sample in samples if sample["failure"]] == []
    assert [check for check in checks if check["status"] == "error"] == []
    assert len(run["probes"]) == len(re.findall(r"^ *- id: |^ *- \{id: ", text, re.M))

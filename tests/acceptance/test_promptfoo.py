"""The real promptfoo and an imported suite ask one endpoint the same questions and give the same verdicts.

Needs promptfoo 0.121 (``HOLDFAST_PROMPTFOO``, the path of its command) with ``node-sql-parser`` beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runner.demo.endpoint import RunningEndpoint
from runner.importers.promptfoo.naming import slug
from tests.acceptance.conftest import Workplace
from tests.acceptance.real import needs
from tests.fakes.saying import SayingServer

CONFIGURATIONS = Path(__file__).parent / "promptfoo"
QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_SHARING": "1",
    "PROMPTFOO_CACHE_ENABLED": "false",
}
DEAF = "promptfoo does not heed the not- before it"
DIFFERENCES = {
    "assertions.yaml": {
        "rouge-marks": "promptfoo counts punctuation marks as words",
        "bleu-in-pieces": "promptfoo does not smooth",
        "gleu-dots": "promptfoo leaves dots at the ends of words out",
        "not-refusal-direct-words": "a wording that only promptfoo's list takes for a refusal",
        "json-format": "promptfoo asserts format",
        "contains-json-as-yaml": "promptfoo reads YAML's braces as JSON",
    },
    "shapes.yaml": {},
    "meaning.yaml": {
        "not-facts-disagree": DEAF,
        "not-closed-yes": DEAF,
        "not-closed-no": DEAF,
    },
}
"""By configuration: the tests on which the two disagree, and why. docs/import-promptfoo.md names the same."""
LEAST = {"assertions.yaml": 140, "shapes.yaml": 30, "meaning.yaml": 22}


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DIFFERENCES))
def test_promptfoo_and_the_imported_suite_give_the_same_verdicts_but_for_named_differences(
    name: str, tmp_path: Path, endpoint: RunningEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    command = needs("HOLDFAST_PROMPTFOO", "promptfoo")
    with SayingServer() as server:
        place = Workplace(folder=tmp_path, environ=environment(server.base_url, endpoint.base_url))
        theirs = promptfoo_verdicts(command, name, place)
        ours = holdfast_verdicts(name, place)
    assert len(theirs) == len(ours) >= LEAST[name]
    assert all(mine.startswith(their) for (mine, _), (their, _) in zip(ours, theirs, strict=True) if their)
    different = {mine for (mine, passed), (_, success) in zip(ours, theirs, strict=True) if passed != success}
    with capsys.disabled():
        print(f" {name}: {len(ours) - len(different)} of {len(ours)} verdicts agree")
    assert different == set(DIFFERENCES[name])


def environment(saying_url: str, embeddings_url: str) -> dict[str, str]:
    """Where both programs find the endpoints; the judge is the saying endpoint under another model's name."""
    judge = {"JUDGE_BASE_URL": saying_url, "JUDGE_MODEL": "grader", "JUDGE_API_KEY": "any"}
    near = {"EMBEDDINGS_BASE_URL": embeddings_url, "EMBEDDINGS_MODEL": "trigrams", "EMBEDDINGS_API_KEY": "any"}
    return {"SAYING_URL": saying_url, "SAYING_KEY": "any", **judge, **near}


def promptfoo_verdicts(command: str, name: str, place: Workplace) -> list[tuple[str, bool]]:
    """Slugs of the descriptions, and whether each test passed, in the order of the tests."""
    found = place.folder / "promptfoo.json"
    home = {"HOME": str(place.folder), "PROMPTFOO_CONFIG_DIR": str(place.folder / "promptfoo")}
    done = subprocess.run(
        [command, "eval", "-c", str(CONFIGURATIONS / name), "--no-cache", "--no-table", "--no-progress-bar",
         "--no-write", "-o", str(found)],
        cwd=place.folder,
        env={"PATH": os.environ["PATH"], **QUIET, **home, **place.environ},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )  # fmt: skip
    assert found.exists(), done.stderr
    results: list[dict[str, Any]] = json.loads(found.read_text(encoding="utf-8"))["results"]["results"]
    results.sort(key=lambda result: result["testIdx"])
    broken = [result["error"] for result in results if result.get("error") and not result.get("gradingResult")]
    assert broken == []
    return [(slug(result["testCase"].get("description") or ""), result["success"]) for result in results]


def holdfast_verdicts(name: str, place: Workplace) -> list[tuple[str, bool]]:
    """Ids of the probes, and whether every contract was kept, in the order of the probes."""
    done = place.run("import", "promptfoo", str(CONFIGURATIONS / name), "--output", "suite.yaml")
    assert done.returncode == 0, done.stderr
    (run,) = place.json("run", "suite.yaml")["runs"]
    assert all(sample["failure"] is None for probe in run["probes"] for sample in probe["samples"])
    return [
        (probe["probe"], all(check["status"] == "pass" for check in probe["checks"] if check["mode"] == "contract"))
        for probe in run["probes"]
    ]

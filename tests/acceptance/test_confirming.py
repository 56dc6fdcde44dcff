"""Confirmation runs from outside: an outage is settled within one command, and the next command does not begin anew."""

from __future__ import annotations

from runner.demo.endpoint import RunningEndpoint
from tests.acceptance.conftest import Workplace

SUITE = """\
version: 1
suite: confirmed
endpoints:
  production:
    base_url: ${HOLDFAST_BASE_URL}
    model: ${HOLDFAST_MODEL}
    api_key: ${HOLDFAST_API_KEY}
defaults: {samples: 8}
drift:
  tolerance: {latency: 100%}
  confirm: {runs: 2}
probes:
  - {id: capital, prompt: What is the capital of Australia? Answer with the city only.}
"""


def test_an_outage_is_confirmed_at_once_and_never_more_often_than_stated(
    place: Workplace, endpoint: RunningEndpoint
) -> None:
    (place.folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    captured = place.run("baseline", "capture", "suite.yaml", "--rounds", "12")
    assert captured.returncode == 0, captured.stderr
    assert [run["trigger"] for run in place.json("run", "suite.yaml")["runs"]] == ["manual"]
    endpoint.set_scenario("outage")
    runs = place.json("run", "suite.yaml")["runs"]
    assert [run["trigger"] for run in runs] == ["manual", "confirm", "confirm"]
    failures = [next(s for s in run["drift"] if (s["stream"], s["scope"]) == ("failures", "suite")) for run in runs]
    assert [entry["state"] for entry in failures][-1] == "alarm"
    assert failures[-1]["since_at"] is not None
    assert runs[-1]["causes"][0]["cause"].startswith("failures")
    assert [run["trigger"] for run in place.json("run", "suite.yaml")["runs"]] == ["manual"]
    assert place.run("replay", "suite.yaml").returncode == 0

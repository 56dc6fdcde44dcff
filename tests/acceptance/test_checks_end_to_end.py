"""Checks from YAML to store, alert and report through the installed command: where they count, how loudly, whose code
they call, and what an edit of one does to what is normal."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.conftest import Workplace

SUITE = """\
version: 1
suite: checked
monitor: production
endpoints:
  production: {{base_url: "${{HOLDFAST_BASE_URL}}", model: m, api_key: "${{HOLDFAST_API_KEY}}"}}
  candidate: {{like: production}}
defaults: {{samples: 5, labels: {{locale: en}}}}
probes:
  - id: capital
    prompt: What is the capital of Australia?
    checks:
{capital}
  - id: greeting
    prompt: Say hello.
    checks:
      - length: {{characters: {{max: 9000}}}}
drift:
  tolerance: {{latency: 100%}}
"""


def write(place: Workplace, *capital: str) -> None:
    lines = "\n".join(f"      {line}" for line in capital)
    (place.folder / "suite.yaml").write_text(SUITE.format(capital=lines), encoding="utf-8")


def found(run: dict[str, object], probe: str = "capital") -> list[tuple[str, str]]:
    """Check and status of one probe's findings."""
    probes = run["probes"]
    assert isinstance(probes, list)
    (told,) = [entry for entry in probes if entry["probe"] == probe]
    return [(check["check"], check["status"]) for check in told["checks"]]


def states(run: dict[str, object]) -> dict[tuple[str, str], str]:
    drift = run["drift"]
    assert isinstance(drift, list)
    return {(entry["stream"], entry["scope"]): entry["state"] for entry in drift}


def test_a_check_of_one_endpoint_fails_there_and_leaves_no_finding_elsewhere(place: Workplace) -> None:
    write(place, "- no_refusal", "- contains: 4711 never said", "  when: {endpoint: candidate, labels: {locale: en}}")
    here = place.json("run", "suite.yaml")
    assert (here["exit_code"], found(here["runs"][0])) == (0, [("no_refusal", "pass")])
    there = place.json("run", "suite.yaml", "--endpoint", "candidate")
    assert (there["exit_code"], found(there["runs"][0])) == (1, [("no_refusal", "pass"), ("contains", "fail")])
    page = place.run("report", "suite.yaml", "--endpoint", "candidate", "--output", "page.html")
    assert page.returncode == 0
    assert "4711 never said" in (place.folder / "page.html").read_text(encoding="utf-8")


def test_an_incident_is_as_loud_as_the_loudest_check_broken_in_it(place: Workplace) -> None:
    info = ["- contains: 4711 never said", "  severity: info"]
    write(place, *info)
    (alert,) = place.json("run", "suite.yaml")["runs"][0]["alerts"]
    assert (alert["kind"], alert["severity"], alert["state"]) == ("contract", "info", "open")
    write(place, *info, "- no_refusal", "- starts_with: never", "  severity: ticket")
    (alert,) = place.json("run", "suite.yaml")["runs"][0]["alerts"]
    assert alert["severity"] == "ticket"
    write(place, *info, "- starts_with: never")
    (alert,) = place.json("run", "suite.yaml")["runs"][0]["alerts"]
    assert alert["severity"] == "page"
    assert "page" in place.run("show", "suite.yaml").stdout


def test_checks_made_of_checks_reach_the_verdict_the_store_and_the_report(place: Workplace) -> None:
    write(
        place,
        "- all_of:",
        "    threshold: 60%",
        "    checks: [{not: {contains: never}, weight: 2}, {contains: 4711 never said}]",
        "- any_of: [{contains: 4711 never said}, {starts_with: never}]",
    )
    value = place.json("run", "suite.yaml")
    assert (value["exit_code"], found(value["runs"][0])) == (1, [("all_of", "pass"), ("any_of", "fail")])
    assert "none of 2 checks passes" in place.run("show", "suite.yaml", "--format", "json").stdout


def test_local_code_runs_only_where_whoever_runs_it_allows_it(place: Workplace, tmp_path: Path) -> None:
    package = tmp_path / "code" / "acme_checks"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "tone.py").write_text("def polite(answer, sample):\n    return False, f'{sample.probe} is too curt'\n")
    write(place, "- python: acme_checks.tone:polite")
    code = {"PYTHONPATH": str(tmp_path / "code")}
    allowed = {**code, "HOLDFAST_CHECK_PACKAGES": "acme_checks"}

    for command in (["run"], ["validate"], ["baseline", "capture", "--reason", "r"]):
        refused = place.run(*command, "suite.yaml", env=code)
        assert refused.returncode == 2
        assert "suite.yaml:12:17: python: acme_checks.tone:polite may not run here" in refused.stderr
        assert "HOLDFAST_CHECK_PACKAGES=acme_checks" in refused.stderr
    assert place.run("validate", "suite.yaml", env=allowed).returncode == 0
    ran = place.run("run", "suite.yaml", "--format", "json", env=allowed)
    assert ran.returncode == 1
    assert "capital is too curt" in ran.stdout

    shown = place.run("show", "suite.yaml", "--format", "json")
    assert (shown.returncode, "capital is too curt" in shown.stdout) == (1, True)
    assert place.run("report", "suite.yaml").returncode == 0
    assert place.run("replay", "suite.yaml").returncode == 0


def test_an_edited_check_is_learned_anew_and_the_replay_agrees(place: Workplace) -> None:
    tracked = ["- length: {characters: {max: 9000}}", "  mode: tracked", "- no_refusal"]
    write(place, *tracked)
    assert place.json("baseline", "capture", "suite.yaml", "--rounds", "7", "--reason", "first")["exit_code"] == 0
    assert states(place.json("run", "suite.yaml")["runs"][0])["checks", "capital"] == "quiet"

    write(place, tracked[2], *tracked[:2])
    reordered = place.run("run", "suite.yaml")
    assert "learned anew" not in reordered.stdout

    write(place, "- length: {characters: {max: 1}}", *tracked[1:])
    edited = place.run("run", "suite.yaml")
    assert edited.returncode == 0
    assert "checks of capital changed: its pass rate is learned anew" in " ".join(edited.stdout.split())
    after = place.json("run", "suite.yaml", "--rounds", "7")
    now = states(after["runs"][-1])
    assert now["checks", "capital"] == "quiet"
    assert now["checks", "greeting"] == now["checks", "suite"] == now["answers", "capital"] == "quiet"
    assert [state for run in after["runs"] for state in states(run).values() if state in ("warn", "alarm")] == []

    replayed = place.run("replay", "suite.yaml")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "agree to the last digit" in replayed.stdout

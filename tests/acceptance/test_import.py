"""``holdfast import`` as a user runs it: where the suite goes, what stderr tells, and the exit codes."""

from __future__ import annotations

from tests.acceptance.conftest import Workplace

CONFIGURATION = """\
prompts: ["{{q}}"]
providers: [openai:gpt-4o-mini]
tests:
  - vars: {q: Hello?}
    assert: [{type: contains, value: Hello}, {type: javascript, value: "true"}]
"""


def test_the_suite_goes_to_stdout_and_the_list_to_stderr(place: Workplace) -> None:
    (place.folder / "config.yaml").write_text(CONFIGURATION, encoding="utf-8")
    done = place.run("import", "promptfoo", "config.yaml")
    assert done.returncode == 0
    assert "- contains: Hello" in done.stdout
    assert "config.yaml:5: tests[0].assert[1]: not carried: local code" in done.stderr
    assert "1 probes with 1 checks; 1 remarks" in done.stderr


def test_with_strict_a_list_is_a_failure(place: Workplace) -> None:
    (place.folder / "config.yaml").write_text(CONFIGURATION, encoding="utf-8")
    assert place.run("import", "promptfoo", "config.yaml", "--strict").returncode == 1


def test_a_file_that_is_there_is_overwritten_by_force_only(place: Workplace) -> None:
    (place.folder / "config.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (place.folder / "suite.yaml").write_text("mine", encoding="utf-8")
    command = ("import", "promptfoo", "config.yaml", "--output", "suite.yaml")
    refused = place.run(*command)
    assert (refused.returncode, (place.folder / "suite.yaml").read_text(encoding="utf-8")) == (2, "mine")
    assert "add --force" in refused.stderr
    assert place.run(*command, "--force").returncode == 0
    assert place.run("validate", "suite.yaml", env={"OPENAI_API_KEY": "any"}).returncode == 0


def test_a_file_that_cannot_be_read_and_a_tool_nobody_knows_exit_with_two(place: Workplace) -> None:
    missing = place.run("import", "promptfoo", "missing.yaml")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "missing.yaml: cannot be read" in missing.stderr
    unknown = place.run("import", "other", "missing.yaml")
    assert unknown.returncode == 2
    assert "there is promptfoo" in unknown.stderr

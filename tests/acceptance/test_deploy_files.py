"""What stands ready to be copied from ``deploy/``: it parses, and its commands and options exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.conftest import HOLDFAST

DEPLOY = Path(__file__).parents[2] / "deploy"
JOBS = sorted((DEPLOY / "github-actions").glob("*.yml")) + sorted((DEPLOY / "gitlab-ci").glob("*.yml"))


def texts(value: Any) -> list[str]:
    """Every text within a parsed file."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def commands(path: Path) -> list[list[str]]:
    """The words of every call of ``holdfast`` in a job."""
    script = "\n".join(texts(YAML(typ="safe").load(path.read_text(encoding="utf-8")))).replace("\\\n", " ")
    calls = re.findall(r"^\s*holdfast [^\n|]*", script, re.M)
    return [shlex.split(call) for call in calls]


@pytest.mark.parametrize("path", JOBS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_ready_job_calls_commands_and_options_that_exist(path: Path) -> None:
    found = commands(path)
    assert found
    for _, command, *words in found:
        told = subprocess.run([str(HOLDFAST), command, "--help"], capture_output=True, text=True, check=True).stdout
        options = [word for word in words if word.startswith("--")]
        assert options
        assert [option for option in options if option not in told] == []


@pytest.mark.parametrize("path", JOBS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_ready_job_says_what_each_exit_code_means(path: Path) -> None:
    assert "0 PASS, 1 FAIL, 2" in path.read_text(encoding="utf-8")

"""A package of somebody else's, installed by pip: its check and its notifier are there for suites and settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Workplace

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "holdfast-extra"
version = "1.0"
[project.entry-points."holdfast.checks"]
shout = "holdfast_extra:Shout"
[project.entry-points."holdfast.notifiers"]
diary = "holdfast_extra:Diary"
[tool.setuptools]
py-modules = ["holdfast_extra"]
"""
CODE = '''\
"""A check and a notifier for Holdfast."""
from pathlib import Path

from pydantic import TypeAdapter

from checks.check import PASSED, failed
from probes.fault import Fault
from reports.notice import Delivery


class Shout:
    """The answer has so many exclamation marks at most."""

    name, argument, policy, fault = "shout", TypeAdapter(int), False, Fault.WRONG_ANSWER

    def __init__(self, argument):
        self.most = argument

    def examine(self, sample, context):
        marks = sample.answer.count("!")
        return PASSED if marks <= self.most else failed(f"expected at most {self.most} exclamation marks, got {marks}")


class Diary:
    """Writes headlines into a file."""

    def __init__(self, path):
        self.path = Path(path)

    async def deliver(self, notice, receipt):
        with self.path.open("a", encoding="utf-8") as file:
            file.write(notice.headline + "\\n")
        return Delivery(receipt={})
'''
SUITE = """\
version: 1
suite: loud
endpoints:
  production: {base_url: "${HOLDFAST_BASE_URL}", model: m, api_key: "${HOLDFAST_API_KEY}"}
probes:
  - id: capital
    prompt: What is the capital of Australia?
    checks:
      - shout: -1
alerts:
  - {notify: book}
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder into which pip installed the package."""
    source, target = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (source / "holdfast_extra.py").write_text(CODE, encoding="utf-8")
    # neither an index nor the network is asked: the package needs nothing, and is built by what is here
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True, timeout=120)
    return target


def test_the_plugs_of_an_installed_package_are_used_by_name(place: Workplace, installed: Path) -> None:
    (place.folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    (place.folder / "holdfast.yaml").write_text("notifiers:\n  book: {type: diary, path: diary.txt}\n")
    without = place.run("validate", "suite.yaml")
    assert without.returncode == 2
    assert "unknown type 'diary'" in without.stderr
    place.environ["PYTHONPATH"] = str(installed)
    assert place.run("validate", "suite.yaml").returncode == 0
    run = place.json("run", "suite.yaml")["runs"][0]
    (check,) = run["probes"][0]["checks"]
    assert (check["check"], check["status"], check["class"]) == ("shout", "fail", "wrong_answer")
    assert check["reason"].startswith("expected at most -1 exclamation marks, got ")
    assert "shout" in (place.folder / "diary.txt").read_text(encoding="utf-8")

"""Every command, suite and settings file shown in the docs is executed or validated as a reader would use it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from reports.notifiers import NOTIFIERS
from reports.notifiers.signing import secrets_of, signed
from runner.cli.app import app
from runner.demo.endpoint import RunningEndpoint
from runner.preparing.prepare import AnyEnvironment, prepare
from runner.settings.settings import load_settings
from tests.acceptance.conftest import HOLDFAST, Workplace
from tests.acceptance.real import free_port
from tests.fakes.alerting import a_notice
from tests.fakes.receivers import FakeReceivers

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
ENVIRON = {
    "HOLDFAST_BASE_URL": "http://127.0.0.1:9/v1",
    "HOLDFAST_API_KEY": "key",
    "HOLDFAST_MODEL": "support-bot",
    "HEARTBEAT_URL": "http://127.0.0.1:9/ping",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_WEBHOOK_URL": "http://127.0.0.1:9/hook",
    "WEBHOOK_URL": "http://127.0.0.1:9/hook",
    "PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef",
    "ALERTMANAGER_PASSWORD": "password",
    "MAIL_URL": "mailto://127.0.0.1:9?from=a@example.com&to=b@example.com",
    "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "LISTEN_TOKEN": "token",
    "PUSH_TOKEN": "token",
}
ATTACHED = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-1.7\n"}
"""What stands in the files that parts of suites in the docs send along."""
JUDGES = {
    "judge": {"base_url": "http://127.0.0.1:9/v1"},
    "embedder": {"protocol": "openai-embeddings", "base_url": "http://127.0.0.1:9/v1", "model": "embed"},
}
"""Endpoints that checks of meaning in parts of suites ask."""
UNTIL_STOPPED = """{line} & pid=$!
for try in $(seq 300); do
  kill -0 $pid
  grep -q '^SigCgt:.*[4-7c-f][0-9a-f]\\{{3\\}}$' /proc/$pid/status && break
  sleep 0.1
done
sleep 1; kill -TERM $pid; wait $pid"""
"""A daemon that is told to stop once it listens for that (bit 14 of the signals it catches), on a busy machine too."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: str
    line: int
    fence: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """All fenced blocks of all pages."""
    found: list[Block] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```$", text, re.S | re.M):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(str(page.relative_to(ROOT)), line, match[1].strip(), match[2]))
    return found


def fenced(*fences: str) -> list[Block]:
    """Blocks of these fences."""
    return [block for block in blocks() if block.fence in fences]


def test_every_block_in_the_docs_is_of_a_kind_that_a_test_executes() -> None:
    known = {"sh", "yaml", "yaml settings", "yaml fragment", "text", "python"}
    assert [str(block) for block in blocks() if block.fence not in known] == []


@pytest.mark.parametrize("block", fenced("yaml"), ids=str)
def test_a_suite_in_the_docs_is_a_valid_suite(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(block.text, encoding="utf-8")
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), "http://127.0.0.1:9/v1")
    assert prepare(path, {**variables, **ENVIRON}, None).suite.probes


@pytest.mark.parametrize("block", fenced("yaml settings"), ids=str)
def test_settings_in_the_docs_are_valid_settings(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "holdfast.yaml"
    path.write_text(block.text, encoding="utf-8")
    assert load_settings(path, ENVIRON, tmp_path).settings.false_alarms_per_year > 0


@pytest.mark.parametrize("block", fenced("yaml fragment"), ids=str)
def test_a_part_of_a_suite_in_the_docs_is_valid_in_a_suite(block: Block, tmp_path: Path) -> None:
    part = YAML(typ="safe").load(block.text)
    suite = {
        "version": 1,
        "suite": "docs",
        "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1"}, **JUDGES},
        "probes": [{"id": "one", "prompt": "Hello?"}],
    }
    if "endpoints" not in part:
        suite["judge"] = {"endpoint": "judge", "embeddings": "embedder"}
    if isinstance(part, list):
        suite["probes"] = part if "id" in str(part[0])[:8] else [{"id": "one", "prompt": "Hello?", "checks": part}]
    elif "checks" in part and set(part) <= {"checks"}:
        suite["probes"] = [{"id": "one", "prompt": "Hello?", **part}]
    else:
        suite.update(part)
    path = tmp_path / "suite.yaml"
    path.write_text(json.dumps(suite), encoding="utf-8")
    for name in re.findall(r"(?<![\w:/.])\w[\w/.-]*(?:\.png|\.pdf)", block.text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(ATTACHED[Path(name).suffix])
    # every variable is set there, and no key or certificate need exist
    assert prepare(path, AnyEnvironment(), None).suite.probes


@pytest.mark.parametrize("block", fenced("python"), ids=str)
def test_python_in_the_docs_tells_genuine_webhooks_from_all_others(block: Block) -> None:
    names: dict[str, Any] = {}
    exec(compile(block.text, str(block), "exec"), names)  # our own docs
    is_genuine, secret = names["is_genuine"], ENVIRON["WEBHOOK_SECRET"]
    with FakeReceivers() as fake:
        asyncio.run(NOTIFIERS["webhook"](url=fake.receiver_url, secret=secret).deliver(a_notice(), None))
        ((_, _, headers),), (body,) = fake.requests, fake.raw
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine(secret, {**headers, "webhook-id": "another"}, body)
    assert not is_genuine("whsec_" + "A" * 32, headers, body)
    old = signed(secrets_of(secret), "id", int(time.time()) - 3600, body)
    assert not is_genuine(secret, old, body), "signed by us, and an hour old"


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({block.page for block in fenced("sh")}))
def test_the_commands_of_a_page_run_one_after_the_other(page: str, tmp_path: Path, endpoint: RunningEndpoint) -> None:
    listen = f"127.0.0.1:{free_port()}"  # pages are run side by side, and the usual port may be taken here
    environ = {**ENVIRON, "HOLDFAST_BASE_URL": endpoint.base_url, "HOLDFAST_AUTHOR": "docs", "HOLDFAST_LISTEN": listen}
    place = Workplace(folder=tmp_path, environ=environ)
    script = "".join(block.text for block in fenced("sh") if block.page == page)
    done = subprocess.run(
        ["bash", "-eu", "-c", _executable(script)],
        cwd=tmp_path,
        env={**place.full_environ(), "PATH": f"{HOLDFAST.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


def _executable(script: str) -> str:
    """A page's commands for a test: the test's own addresses, and daemons that are told to stop."""
    lines = [line for line in script.splitlines() if not line.startswith("export ")]
    return "\n".join(UNTIL_STOPPED.format(line=line) if line.startswith("holdfast daemon") else line for line in lines)


def test_the_two_commands_of_the_readme_exist_and_make_explains_itself() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
    told = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"demo", "test", "check"} <= set(targets)
    assert all(f"make {target}" in told for target in targets)


def test_the_index_of_the_docs_leads_to_every_page_and_names_every_command() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w-]+\.md)", index))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    told = re.findall(r"^\| `holdfast ([a-z]+)` \|(.*)$", index, re.M)
    commands: dict[str, Any] = vars(get_command(app))["commands"]
    assert {name for name, _ in told} == set(commands)
    for name, words in told:
        assert all(f"`{below}`" in words for below in vars(commands[name]).get("commands", {})), name


def test_every_anchor_in_the_docs_is_a_heading_of_its_page() -> None:
    dead = []
    for page in [*PAGES, ROOT / "ARCHITECTURE.md"]:
        for target, anchor in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", page.read_text(encoding="utf-8")):
            other = page.parent / target if target else page
            if other.suffix == ".md" and anchor not in _anchors(other.read_text(encoding="utf-8")):
                dead.append(f"{page.name}: {target}#{anchor}")
    assert dead == []


def _anchors(text: str) -> set[str]:
    """As hosts of Markdown make them of headings: lower case, no punctuation, blanks to dashes."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_in_the_docs_leads_somewhere() -> None:
    dead = [
        f"{page.name}: {target}"
        for page in [*PAGES, ROOT / "ARCHITECTURE.md"]
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []

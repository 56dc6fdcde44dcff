"""What runs the daemon under ``deploy/``: a unit of systemd and an image, hardened and checked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from runner.daemon.daemon import STOP_DELIVERY_S, STOP_RUNS_S
from runner.daemon.web import CLIENTS_S
from runner.delivery.outbox import SEND_TIMEOUT_S
from tests.acceptance.conftest import HOLDFAST
from tests.acceptance.real import free_port, needs

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "holdfast.service"
DOCKER = ROOT / "deploy" / "docker"
HEALTHCHECK = DOCKER / "healthcheck.py"
STOP_S = STOP_RUNS_S + STOP_DELIVERY_S + SEND_TIMEOUT_S + CLIENTS_S
"""The longest that a stop in good order takes: docs/daemon.md."""
MOST_EXPOSED = 1.5
"""Of 10, by systemd's own reckoning; under 2 is what it calls OK."""


# ------------------------------------------------------------------------------------------------ systemd
def unit() -> list[tuple[str, str]]:
    """The settings of the unit, in order."""
    return re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.M)


def test_the_unit_gives_the_daemon_its_time_to_stop_and_does_not_repeat_what_no_restart_mends() -> None:
    told = dict(unit())
    assert int(told["TimeoutStopSec"]) >= STOP_S
    assert (told["Restart"], told["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert told["StartLimitIntervalSec"] == "0", "a disk that is read-only for an hour is tried for an hour"
    assert told["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert "WatchdogSec" not in told, "nothing would answer it"


def test_the_unit_starts_a_command_with_options_that_exist() -> None:
    _, command, *words = dict(unit())["ExecStart"].split()
    told = subprocess.run([str(HOLDFAST), command, "--help"], capture_output=True, text=True, check=True).stdout
    assert [word for word in words if word.startswith("--") and word not in told] == []


def test_the_unit_keeps_its_store_where_systemd_makes_a_folder_for_it() -> None:
    told = dict(unit())
    assert told["Environment"] == f"HOLDFAST_STORE=sqlite:////var/lib/{told['StateDirectory']}/holdfast.db"
    assert (told["DynamicUser"], told["ProtectSystem"], told["NoNewPrivileges"]) == ("yes", "strict", "yes")


def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed here")
    copy = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/holdfast/bin/holdfast", str(HOLDFAST))
    copy.write_text(text, encoding="utf-8")
    taken = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    assert (taken.returncode, taken.stderr) == (0, "")
    words = [analyze, "security", "--offline=true", "--no-pager", str(copy)]
    judged = subprocess.run(words, capture_output=True, text=True, check=False)
    (exposed,) = re.findall(r"Overall exposure level for holdfast.service: ([\d.]+)", judged.stdout)
    assert float(exposed) <= MOST_EXPOSED


# ------------------------------------------------------------------------------------------------ image
def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(encoding="utf-8"), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


def last_stage() -> dict[str, str]:
    """What the image itself is made of: each instruction's last word on it."""
    told = instructions()
    begins = max(place for place, (name, _) in enumerate(told) if name == "FROM")
    return {name: " ".join(rest.split()) for name, rest in told[begins:]}


def test_the_image_runs_as_nobody_in_particular_and_answers_for_its_health() -> None:
    image = last_stage()
    user, _, group = image["USER"].partition(":")
    assert int(user) > 1000 and int(group) > 1000, "Kubernetes can only check numbers"
    assert image["ENTRYPOINT"] == '["holdfast"]', "the daemon is process 1, so that it gets SIGTERM"
    assert image["STOPSIGNAL"] == "SIGTERM"
    assert "/opt/holdfast/healthcheck.py" in image["HEALTHCHECK"]


def test_commands_in_a_container_find_the_settings_and_the_store_of_the_daemon() -> None:
    image = last_stage()
    (config,) = [word for word in json.loads(image["CMD"]) if word.endswith(".yaml")]
    assert image["WORKDIR"] == str(Path(config).parent)
    (volume,) = json.loads(image["VOLUME"])
    environ = dict(word.split("=", 1) for word in image["ENV"].split() if "=" in word)
    assert environ["HOLDFAST_STORE"] == f"sqlite:///{volume}/holdfast.db"
    assert environ["SQLITE_TMPDIR"] == volume, "a copy of the store may be larger than /tmp"


def test_every_file_of_the_image_comes_by_a_hash_or_from_here() -> None:
    told = instructions()
    fetched = [rest for name, rest in told if name == "RUN" for rest in rest.split("&&") if "pip" in rest]
    assert fetched
    assert all("--require-hashes" in call or "--no-index" in call for call in fetched)
    assert {name for name, _ in told} & {"ADD", "ONBUILD"} == set()
    (base,) = [rest for name, rest in told if name == "ARG"]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-\w+", base), "a version, never the newest of the day"


@pytest.mark.real
def test_hadolint_finds_nothing_in_the_dockerfile_and_something_in_a_worse_one(tmp_path: Path) -> None:
    command, text = needs("HOLDFAST_HADOLINT", "hadolint"), (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    found = subprocess.run([command, str(DOCKER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
    worse = tmp_path / "Dockerfile"
    worse.write_text(text.replace("USER 10001:10001", "USER root"), encoding="utf-8")
    found = subprocess.run([command, str(worse)], capture_output=True, text=True, check=False)
    assert "DL3002" in found.stdout, "the last user should not be root"


def test_the_build_sees_only_what_it_installs() -> None:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    let_in = {rule.removeprefix("!").removesuffix("/**") for rule in rules if rule.startswith("!")}
    assert rules[0] == "*", "what is not named stays out"
    assert all((ROOT / name).exists() for name in let_in)
    assert let_in & {".git", ".env", ".holdfast", "tests", "docs", "probe_suites"} == set()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"pyproject.toml", "requirements.lock", "README.md", "LICENSE"} <= let_in


@contextmanager
def daemon_that_says(status: int) -> Iterator[tuple[int, list[str]]]:
    """A stand-in on loopback: its port, and what it was asked with."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving.server_port, asked
        serving.shutdown()
        thread.join()


def checked(port: int, *words: str) -> int:
    """The exit code of the image's health check."""
    environ = {"HOLDFAST_LISTEN": f"0.0.0.0:{port}", "LISTEN_TOKEN": "a-token-of-ours", "http_proxy": "http://[::1]:9"}
    done = subprocess.run([sys.executable, str(HEALTHCHECK), *words], env=environ, capture_output=True, check=False)
    assert done.stderr == b""
    return done.returncode


@pytest.mark.parametrize(("status", "well", "alive"), [(200, 0, 0), (503, 1, 0), (401, 1, 1), (500, 1, 1)])
def test_the_health_check_goes_by_the_answer_and_shows_the_token(status: int, well: int, alive: int) -> None:
    with daemon_that_says(status) as (port, asked):
        assert checked(port, "/readyz") == well
        assert checked(port, "/healthz", "--alive") == alive
    assert asked == ["/readyz Bearer a-token-of-ours", "/healthz Bearer a-token-of-ours"]


def test_a_daemon_that_does_not_answer_is_neither_well_nor_alive() -> None:
    assert checked(free_port(), "/healthz", "--alive") == 1

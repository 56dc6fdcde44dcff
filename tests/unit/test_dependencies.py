"""Suites that wait for others: circles are refused, names that nobody has are told, in folders and in the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from probes.errors import UsageError
from runner.alerting.dependencies import Dependencies, refuse_circles
from runner.cli.app import app
from runner.preparing.prepare import PreparedSuite, prepare

SUITE = """\
version: 1
suite: {name}
depends_on: {upstream}
endpoints: {{production: {{base_url: "http://127.0.0.1:9", model: m}}, spare: {{base_url: "http://127.0.0.1:9/v1"}}}}
probes: [{{id: capital, prompt: What is the capital of Australia?}}]
"""


def written(folder: Path, upstream: Mapping[str, str]) -> list[Path]:
    files = []
    for name, names in upstream.items():
        file = folder / f"{name}.yaml"
        file.write_text(SUITE.format(name=name, upstream=names), encoding="utf-8")
        files.append(file)
    return files


def suites(folder: Path, **upstream: str) -> list[PreparedSuite]:
    return [prepare(file, {}, None) for file in written(folder, upstream)]


def test_a_circle_is_refused_with_the_whole_way_round(tmp_path: Path) -> None:
    ready = suites(tmp_path, a="[b]", b="[c/production]", c="[d, a]", d="[]")
    with pytest.raises(UsageError, match="a depends on b depends on c depends on a; of suites that wait"):
        refuse_circles(ready)
    known = Dependencies(ready)
    assert [bool(list(known.circle(prepared.suite))) for prepared in ready] == [True, True, True, False]


def test_a_chain_and_two_ways_to_one_root_are_no_circle(tmp_path: Path) -> None:
    ready = suites(tmp_path, a="[b, c]", b="[d]", c="[d]", d="[]")
    refuse_circles(ready)
    known = Dependencies(ready)
    assert [list(known.circle(prepared.suite)) for prepared in ready] == [[]] * 4


def test_unknown_suites_and_endpoints_are_noted_with_the_nearest_name(tmp_path: Path) -> None:
    bot, gateway = suites(tmp_path, bot="[gatway, gateway/eu, gateway/production, gateway]", gateway="[]")
    first, second = Dependencies([bot, gateway]).unknown(bot.suite)
    assert first.startswith("depends_on names 'gatway', which is no suite here")
    assert first.endswith("(did you mean 'gateway'?)")
    assert second == "depends_on names 'gateway/eu', and gateway monitors no endpoint 'eu' (it monitors production)"


def test_validate_notes_them_in_a_folder_and_not_of_a_file_alone(tmp_path: Path) -> None:
    (file,) = written(tmp_path, {"bot": "[gateway]"})
    alone, folder = (CliRunner().invoke(app, ["validate", str(path)]) for path in (file, tmp_path))
    assert (alone.exit_code, folder.exit_code) == (0, 0)
    assert "depends_on" not in alone.output
    assert "note: depends_on names 'gateway', which is no suite here" in folder.output


@pytest.mark.parametrize("command", ["validate", "daemon"])
def test_every_command_that_sees_a_circle_refuses_it(tmp_path: Path, command: str) -> None:
    written(tmp_path, {"a": "b", "b": "a"})
    refused = CliRunner().invoke(app, [command, str(tmp_path)])
    told = str(refused.exception) + refused.output
    assert refused.exit_code != 0
    assert "a depends on b depends on a" in told

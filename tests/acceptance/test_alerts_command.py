"""``holdfast alerts`` and ``holdfast silence`` as people use them: one process, the real engine, a fake endpoint."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runner.cli import main
from runner.demo.endpoint import RunningEndpoint
from runner.store import open_store
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack, Trouble

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "alerts.schema.json").read_text(encoding="utf-8"))
SETTINGS = """\
notifiers:
  slack: {{type: slack, bot_token: {token}, channel: {channel}, base_url: {slack}}}
public_url: https://holdfast.example.com/
"""
SUITE = """\
version: 1
suite: support-bot
owner: {{team: support, runbook: "https://wiki.example.com/support-bot"}}
endpoints:
  production: {{base_url: {endpoint}, model: support-bot, retries: 0}}
probes:
  - {{id: capital, prompt: "What is the capital of Australia?", checks: [{{contains: {wanted}}}]}}
  - {{id: refund, prompt: How do I return a keyboard bought two weeks ago?}}
alerts:
  - {{notify: slack, on: [contract], after: {after}, resolve_after: 1, remind_every: 1ms}}
"""


@dataclass(frozen=True)
class Desk:
    """A folder with settings and a suite, and commands that are run in it."""

    folder: Path
    endpoint: str
    slack: FakeSlack
    capsys: pytest.CaptureFixture[str]
    after: str = "1"

    def fire(self, *, well: bool = False, options: tuple[str, ...] = ()) -> str:
        """One run, which keeps its contract or breaks it; what it printed."""
        wanted = "e" if well else "never-said"
        (self.folder / "suite.yaml").write_text(
            SUITE.format(endpoint=self.endpoint, wanted=wanted, after=self.after), encoding="utf-8"
        )
        return self.run("run", "suite.yaml", *options, exits=0 if well else 1)

    def run(self, *arguments: str, exits: int = 0) -> str:
        """What a command prints on standard output; on standard error where that is all it prints."""
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        told = self.capsys.readouterr()
        assert left.value.code == exits, told
        return told.out or told.err

    def json(self, *arguments: str) -> dict[str, Any]:
        """The object that a command prints, held against its schema."""
        told: dict[str, Any] = json.loads(self.run(*arguments, "--format", "json"))
        jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
        return told

    @property
    def headers(self) -> list[str]:
        """What Slack shows as headlines."""
        return [message.header for message in self.slack.messages]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], endpoint: RunningEndpoint
) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOLDFAST_AUTHOR", "oncall")
    with FakeSlack() as slack:
        settings = SETTINGS.format(token=TOKEN, channel=CHANNEL, slack=slack.base_url)
        (tmp_path / "holdfast.yaml").write_text(settings, encoding="utf-8")
        yield Desk(tmp_path, endpoint.base_url, slack, capsys)


def test_an_incident_is_found_taken_and_told_to_its_end(desk: Desk) -> None:
    desk.fire()
    told = desk.json("alerts")
    (incident,) = told["incidents"]
    assert (told["open"], incident["kind"], incident["severity"], incident["state"]) == (1, "contract", "page", "open")
    assert [(n["event"], n["state"]) for n in incident["notices"]] == [("opened", "delivered")]
    assert incident["facts"][0].startswith("capital contains 'never-said'") and incident["replay"]
    desk.run("alerts", "--check", exits=1)

    said = desk.run("alerts", "ack", incident["incident_id"], "--reason", "on it")
    assert "acknowledged by oncall" in said and said.rstrip().endswith(": on it")
    desk.fire()
    (message,) = desk.slack.messages
    assert "acknowledged by oncall" in message.shown and "holdfast alerts ack" not in message.shown
    story = desk.run("alerts", "show", incident["incident_id"][:6])
    assert "slack: updated" in story and "acknowledged by oncall" in story and "https://wiki.example.com" in story

    desk.fire(well=True)
    assert desk.headers == ["\u2705 RESOLVED support-bot at production: contract kept again after " + _lasted(desk)]
    assert "acknowledged" not in desk.slack.messages[0].shown
    assert desk.run("alerts").strip() == "0 open"
    (over,) = desk.json("alerts", "--past")["incidents"]
    assert desk.json("alerts", "--since", "1h")["incidents"] == [over] != desk.json("alerts")["incidents"] == []
    assert (over["incident_id"], over["state"]) == (incident["incident_id"], "resolved")
    assert over["acknowledged"]["author"] == "oncall" and over["resolved_at"]
    desk.run("alerts", "--check")


def _lasted(desk: Desk) -> str:
    return desk.headers[0].rpartition(" after ")[2]


def test_what_somebody_took_is_not_repeated(desk: Desk) -> None:
    desk.fire()
    desk.fire()
    assert len(desk.slack.replies) == 1
    desk.run("alerts", "ack", desk.json("alerts")["incidents"][0]["incident_id"], "--reason", "on it")
    desk.fire()
    assert len(desk.slack.replies) == 2 and "acknowledged by oncall" in desk.slack.replies[1].shown
    desk.fire()
    assert len(desk.slack.replies) == 2


def test_a_silenced_incident_is_shown_everywhere_told_nobody_and_told_once_the_silence_ends(desk: Desk) -> None:
    desk.fire(well=True)
    desk.run("silence", "support-bot/*/contract", "--for", "2h", "--reason", "deploy <!channel>")
    printed = desk.fire()
    assert desk.slack.messages == []
    assert "muted" in printed and "silenced by oncall until" in printed
    listed = desk.run("alerts")
    assert "MUTED: silence" in listed and "1 open (1 muted)" in listed
    (incident,) = desk.json("alerts")["incidents"]
    assert incident["muted"].startswith("silenced by oncall") and len(incident["silences"]) == 1
    desk.run("alerts", "--check")
    page = Path(desk.run("report", "support-bot").strip()).read_text(encoding="utf-8")
    assert "silenced by oncall until" in page

    (silence,) = desk.json("alerts")["silences"]
    assert silence["silence_id"] in desk.run("silence", "--list")
    assert "ended by oncall" in desk.run("silence", "--end", silence["silence_id"])
    assert desk.run("silence", "--list").strip() == "no silence is in force"
    desk.fire()
    assert len(desk.slack.messages) == 1 and "contract broken" in desk.headers[0]


def test_the_message_that_is_there_says_who_silenced_it_and_who_ended_that(desk: Desk) -> None:
    desk.fire()
    desk.run("silence", "support-bot", "--for", "2h", "--reason", "deploy <!channel>")
    desk.fire()
    (message,) = desk.slack.messages
    assert "silenced by oncall until" in message.shown and "deploy &lt;!channel&gt;" in message.shown
    (reply,) = desk.slack.replies
    assert "silenced by oncall until" in reply.shown
    (silence,) = desk.json("alerts")["silences"]
    desk.run("silence", "--end", silence["silence_id"])
    desk.fire()
    assert any("no longer silenced, ended by oncall" in each.shown for each in desk.slack.replies)
    desk.fire(well=True)
    assert "silenced" not in desk.slack.messages[0].shown and desk.headers[0].startswith("\u2705 RESOLVED")


def test_a_run_that_teaches_what_is_normal_while_a_contract_is_broken_says_so(desk: Desk) -> None:
    said = "learned from this run while a contract was broken"
    assert said in " ".join(desk.fire().split())
    assert said not in " ".join(desk.fire(well=True).split())


def test_silences_in_force_are_listed_for_programs_as_the_alerts_show_them(desk: Desk) -> None:
    desk.fire(well=True)
    desk.run("silence", "support-bot", "--for", "2h", "--reason", "deploy", "--author", "oncall")
    listed = json.loads(desk.run("silence", "--list", "--format", "json"))
    assert (listed["schema"], [s["reason"] for s in listed["silences"]]) == ("holdfast.silences/1", ["deploy"])
    assert listed["silences"] == desk.json("alerts")["silences"]


def test_a_silence_until_resolved_lets_the_next_incident_through(desk: Desk) -> None:
    desk.fire(well=True)
    desk.run("silence", "support-bot", "--for", "2h", "--until-resolved", "--reason", "known")
    desk.fire()
    desk.fire(well=True)
    assert desk.slack.messages == []
    assert desk.run("silence", "--list").strip() == "no silence is in force"
    desk.fire()
    assert len(desk.slack.messages) == 1
    (first,) = (i for i in desk.json("alerts", "--all")["incidents"] if i["state"] == "resolved")
    assert first["silences"][0]["ended_note"] == "support-bot/production/contract is over"


def test_the_commands_of_a_message_can_be_pasted_as_they_are_and_find_the_store(desk: Desk) -> None:
    store = str(desk.folder / "else where" / "a@b#c.db")
    printed = desk.fire(options=("--store", store))
    assert f"--store '{store}'" in printed
    commands = re.findall(r"```(holdfast .+)\n```", "\n".join(_sections(desk.slack)))
    assert [line.split()[1] for line in commands] == ["replay", "alerts", "silence"]
    for line in commands:
        assert line.endswith(f"--store '{store}'")
        desk.run(*shlex.split(line)[1:])
    opened = open_store(store)
    (state,) = opened.open_alerts()
    assert opened.acknowledgements([state.incident_id])[state.incident_id].reason == "looking into it"
    opened.close()


def _sections(slack: FakeSlack) -> list[str]:
    (message,) = slack.messages
    return [block["text"]["text"] for block in message.content["blocks"] if block["type"] == "section"]


def test_an_incident_that_waits_to_open_is_listed_and_is_no_reason_to_fail_a_check(desk: Desk) -> None:
    desk = replace(desk, after="2 of 3")
    desk.fire()
    told = desk.json("alerts", "--check")
    (incident,) = told["incidents"]
    assert (told["open"], incident["state"], incident["opened_at"], incident["notices"]) == (0, "pending", None, [])
    assert incident["awaits"] == "1 of 2 bad runs among the last 3" and incident["run_id"] and incident["bad_since"]
    assert "capital contains 'never-said'" in incident["facts"][0]
    assert "PENDING page support-bot at production: contract, 1 of 2 bad runs" in desk.run("alerts")
    assert "PENDING" in desk.run("alerts", "show", incident["incident_id"])
    for refused in ("alerts ack {} --reason x", "silence {} --for 2h --reason x"):
        words = desk.run(*refused.format(incident["incident_id"]).split(), exits=2)
        assert "has not opened yet" in words
    desk.fire()
    (opened,) = desk.json("alerts")["incidents"]
    assert (opened["incident_id"], opened["state"], opened["awaits"]) == (incident["incident_id"], "open", None)


REFUSALS = {
    "silence": "takes one of: TARGET, --list, --end ID",
    "silence support-bot --list": "takes one of",
    "silence support-bot --reason x": "--for takes a duration",
    "silence support-bot --for moons --reason x": "'moons' is not a duration",
    "silence support-bot --for 2h": "a silence needs a reason",
    "silence support-bot --for 31d --reason x": "30d at most",
    "silence suport-bot --for 2h --reason x": "did you mean 'support-bot'?",
    "silence --list --format xml": "one of text, json",
    "silence support-bot --for 2h --reason x --format json": "--format goes with --list",
    "silence --end abcdef": "no silence in force is 'abcdef' (in force: none)",
    "alerts ack abcdef --reason x": "no incident 'abcdef' (none is open)",
    "alerts ack abcdef": "an acknowledgement needs a reason",
    "alerts show abcdef": "no incident 'abcdef'",
    "alerts --suite suport-bot": "no suite 'suport-bot' is stored or in a file here (did you mean 'support-bot'?)",
    "alerts --check --suite suport-bot": "did you mean 'support-bot'?",
    "alerts --format xml": "one of text, json",
    "alerts --past --since soon": "--since 'soon': 'soon' is not a duration",
    "alerts --store else.db ack abcdef --reason x": "put --store behind ack: holdfast alerts ack INCIDENT --store ...",
    "alerts --suite support-bot show abcdef": "put --suite behind show",
    "alerts 38941afdf3ef8150": "the story of an incident is told by: holdfast alerts show 38941afdf3ef8150",
    "alerts shwo": "did you mean 'show'?",
    "silence support-bot --for 0s --reason x": "--for takes a duration of more than 0 s, like 2h; --for 0 s would",
}


def test_what_cannot_be_done_is_refused_with_what_would_be_right(desk: Desk) -> None:
    desk.fire(well=True)
    told = {line: desk.run(*line.split(), exits=2) for line in REFUSALS}
    assert [line for line, words in REFUSALS.items() if words not in told[line]] == []


def test_however_far_back_is_asked_it_is_answered(desk: Desk) -> None:
    desk.fire()
    desk.fire(well=True)
    for since in ("30d", "99999999y", "0s"):
        assert len(desk.json("alerts", "--since", since)["incidents"]) == (since != "0s")


def test_a_suite_that_never_ran_is_known_by_its_file_and_one_nobody_knows_does_not_pass_for_quiet(desk: Desk) -> None:
    desk.fire(well=True)
    (desk.folder / "later.yaml").write_text("suite: later-bot\nprobes: 7\n", encoding="utf-8")
    (desk.folder / "broken.yaml").write_text("suite: [", encoding="utf-8")
    assert desk.json("alerts", "--check", "--suite", "later-bot")["incidents"] == []
    assert "later-bot, support-bot" in desk.run("alerts", "--suite", "zzz", exits=2)


@pytest.mark.slow
@pytest.mark.parametrize("over", [True, False], ids=["it ends silenced", "the silence ends first"])
def test_a_silence_holds_what_slack_could_not_be_told_before_it(desk: Desk, over: bool) -> None:
    desk.slack.script(*[Trouble(status=503)] * 99)
    desk.fire()
    (incident,) = desk.json("alerts")["incidents"]
    assert [notice["state"] for notice in incident["notices"]] == ["waiting"] and not desk.headers
    desk.run("silence", "support-*", "--for", "1h", "--reason", "a deploy")
    desk.slack.heal()
    desk.fire()
    assert not desk.headers, "Slack takes everything again, and is told nothing"
    if over:
        desk.fire(well=True)
        assert not any("contract broken" in header for header in desk.headers)
        return
    (silence,) = json.loads(desk.run("silence", "--list", "--format", "json"))["silences"]
    desk.run("silence", "--end", silence["silence_id"])
    for _ in range(12):  # what was tried in vain has its own time to wait
        if not desk.headers:
            desk.fire()
    assert len(desk.headers) == 1 and "contract broken" in desk.headers[0]


def test_the_commands_of_a_message_work_in_a_shell_that_has_none_of_the_daemons_secrets(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = desk.folder / "etc"
    there.mkdir()
    text = (desk.folder / "holdfast.yaml").read_text(encoding="utf-8").replace(TOKEN, "${DESK_TOKEN}")
    (desk.folder / "holdfast.yaml").unlink()
    (there / "holdfast.yaml").write_text(
        f"{text}store: kept.db\nheartbeat: {{url: '${{DESK_BEAT}}'}}\n", encoding="utf-8"
    )
    monkeypatch.setenv("DESK_TOKEN", TOKEN)
    monkeypatch.setenv("DESK_BEAT", "http://127.0.0.1:9/beat")
    desk.fire(options=("--config", str(there / "holdfast.yaml")))
    monkeypatch.delenv("DESK_TOKEN")
    monkeypatch.delenv("DESK_BEAT")
    monkeypatch.chdir("/")
    store = open_store(str(there / "kept.db"))
    (alert,) = store.open_alerts()
    (told,) = store.told([alert.incident_id])[alert.incident_id]
    store.close()
    commands = [command for _, command in told.notice.commands]
    assert len(commands) == 3 and all(f"--config {there}" in command for command in commands)
    for command in (*commands, f"holdfast alerts --config {there / 'holdfast.yaml'}"):
        assert desk.run(*shlex.split(command)[1:])
    assert "DESK_TOKEN is not set" in desk.run("doctor", "--config", str(there / "holdfast.yaml"), exits=2)


def test_without_a_store_nothing_is_listed_and_none_is_made(desk: Desk) -> None:
    assert "nothing is stored there yet" in desk.run("alerts", exits=2)
    assert not (desk.folder / ".holdfast").exists()

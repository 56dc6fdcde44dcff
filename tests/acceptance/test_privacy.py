"""Planted personal data and secrets reach no sink in the modes that keep them out: the raw database file, its log,
notices, messages, logs, metrics and reports in every format. One process, the real engine, an endpoint that leaks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reports.metrics.metrics import Metrics
from runner.cli import main
from runner.store import open_store
from tests.fakes.leaking import SENTENCE, SHAPED, LeakingServer
from tests.fakes.slack import FakeSlack

SETTINGS = """\
store: sqlite:///holdfast.db
notifiers:
  slack: {{type: slack, webhook_url: {slack}}}
  hook: {{type: webhook, url: {hook}}}
  console: {{type: console}}
privacy:
  text: {mode}
  patterns: {{ticket: 'T-[0-9]+'}}
  fields: [customer_name]
"""
SUITE = """\
version: 1
suite: leaky
monitor: [chat, search]
endpoints:
  chat: {{base_url: {url}, model: m, retries: 0}}
  plain: {{like: chat, stream: false}}
  judge: {{like: plain, model: judge}}
  search:
    protocol: http
    base_url: {url}
    retries: 0
    request: {{path: /ask, body: {{question: "{{{{ prompt }}}}"}}}}
    response: {{answer: $.answer, documents: {{path: $.documents, id: $.id, text: $.text}}}}
judge: {{endpoint: judge}}
defaults: {{samples: 3}}
probes:
  - id: asked
    prompt: "Mail {{{{ who }}}} about it"
    cases: [{{id: one, vars: {{who: {case}}}}}]
    checks:
      - contains: nothing of it
      - not_contains: "{{{{ who }}}}"
      - no_pii
      - no_secret
      - rubric: It says nothing.
      - similar: {{to: baseline, at_least: 0.99}}
  - {{id: tool, prompt: by-tool, checks: [{{tool_calls: other}}]}}
  - {{id: error, prompt: by-error}}
  - {{id: fields, prompt: by-json, checks: [{{json_path: {{path: $.customer_name, equals: x}}}}]}}
alerts:
  - {{notify: [slack, hook, console], on: [contract, availability], after: 1}}
"""


@dataclass
class Sinks:
    """Everything that came out, by where."""

    found: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: str | bytes) -> None:
        self.found[where] = self.found.get(where, b"") + (what.encode() if isinstance(what, str) else what)

    def holding(self, planted: str) -> list[str]:
        """Where it came out, in any of the ways in which sinks write it."""
        forms = {planted, planted.replace(" ", ""), planted.replace("@", "&#64;"), planted.replace("+", "&#43;")}
        return [
            where for where, content in self.found.items() if any(f.lower().encode() in content.lower() for f in forms)
        ]


@pytest.fixture
def endpoint() -> Iterator[LeakingServer]:
    with LeakingServer() as running:
        yield running


def run_all(folder: Path, mode: str, endpoint: LeakingServer, slack: FakeSlack) -> None:
    settings = SETTINGS.format(mode=mode, slack=slack.webhook_url, hook=slack.receiver_url)
    (folder / "holdfast.yaml").write_text(settings, encoding="utf-8")
    suite = SUITE.format(url=endpoint.base_url, case=SHAPED["case variable"])
    (folder / "leaky.yaml").write_text(suite, encoding="utf-8")
    canary = ("canary", "leaky.yaml", "--production", "chat", "--candidate", "plain", "--max-pairs", "8")
    commands = [
        ("run", "leaky.yaml", "--rounds", "6", "--report", "pages", "--format", "text"),
        *(("show", "leaky.yaml", "--format", kind) for kind in ("text", "json", "junit", "markdown")),
        ("show", "leaky.yaml", "--endpoint", "search", "--format", "json"),
        ("report", "leaky.yaml", "--output", "page.html"),
        ("baseline", "export", "leaky.yaml", "baseline.json", "--reason", "why", "--author", "me"),
        (*canary, "--format", "json"),
        (*canary, "--report", "pages"),
        ("alerts", "--all", "--format", "json"),
        ("replay", "leaky.yaml"),
        ("store", "prune", "--texts", "1d"),
    ]
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code in (0, 1, 3), command


def gathered(folder: Path, slack: FakeSlack, printed: tuple[str, str]) -> Sinks:
    sinks = Sinks()
    sinks.add("standard output", printed[0])
    sinks.add("standard error", printed[1])
    for path, body, headers in slack.requests:
        sinks.add(f"message to {path}", f"{body} {headers}")
    with closing(sqlite3.connect(folder / "holdfast.db")) as db:
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in db.execute(f'select * from "{table}"'):
                sinks.add(f"table {table}", " ".join(map(str, row)))
    with closing(open_store(str(folder / "holdfast.db"))) as store:
        metrics = Metrics("0")
        for header in store.runs():
            record = store.run(header.run_id)
            assert record is not None
            metrics.ran(record)
        sinks.add("metrics", metrics.text())
        for path in folder.rglob("*"):
            if path.is_file() and path.name not in ("leaky.yaml", "holdfast.yaml"):
                sinks.add(f"file {path.relative_to(folder)}", path.read_bytes())
    return sinks


@pytest.mark.parametrize("mode", ["full", "redacted", "hash", "none"])
def test_what_was_planted_comes_out_only_where_texts_are_kept_in_full(
    mode: str,
    tmp_path: Path,
    endpoint: LeakingServer,
    slack: FakeSlack,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    run_all(tmp_path, mode, endpoint, slack)
    sinks = gathered(tmp_path, slack, capfd.readouterr())
    assert {"table samples", "table outbox", "metrics", "file holdfast.db", "file page.html"} <= set(sinks.found)
    assert any(where.startswith("message to") for where in sinks.found)
    held = {name: sinks.holding(planted) for name, planted in SHAPED.items()}
    said = sinks.holding(SENTENCE)
    if mode == "full":
        assert all(held.values()), held
        assert {"table texts", "table reasons", "file page.html", "standard output"} <= set(said)
        return
    assert {name: where for name, where in held.items() if where} == {}
    assert bool(said) == (mode == "redacted"), said

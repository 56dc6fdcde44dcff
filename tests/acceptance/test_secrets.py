"""No secret leaves: every kind is planted, a hostile endpoint repeats them all, and every sink is searched."""

from __future__ import annotations

import html
import json
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from tests.acceptance.conftest import Workplace
from tests.acceptance.real import free_port
from tests.fakes.echo import MODES, TOKEN_PATH, EchoEndpoint
from tests.fakes.slack import FakeSlack

ODD = '/+"\\=&~'
"""Characters that every encoding writes in its own way."""
PLANTED = {
    "key from the environment": f"sk-env-{ODD}-planted-0001",
    "key from a file": f"sk-file-{ODD}-planted-0002",
    "header": f"hdr-{ODD}-planted-0003",
    "part of a header": f"part-{ODD}-planted-0004",
    "client secret": f"oauth-{ODD}-planted-0005",
    "issued token": "tok~issued.planted-0006",
    "proxy password": "proxy-planted-0007",
    "password in the address": "urlpw-planted-0008",
    "key in the address": "query-planted-0009",
    "header from a file": f"hdrfile-{ODD}-planted-0010",
    "key of the judge": f"sk-judge-{ODD}-planted-0013",
    "key of the embeddings": f"sk-embed-{ODD}-planted-0014",
}
"""What reaches the endpoint, and so can come back from there."""
KEY_PASSWORD = "keypass-planted-0011"
LISTEN_TOKEN = "listen-planted-0012"
SLACK_HOOK = "stand-in-hook"
"""The last part of the webhook's address at the stand-in."""
LOCAL = {"key password": KEY_PASSWORD, "listen token": LISTEN_TOKEN, "slack webhook": SLACK_HOOK}

SETTINGS = """\
store: sqlite:///holdfast.db
suites: suites
listen: 127.0.0.1:{port}
listen_token: ${{LISTEN_TOKEN}}
notifiers:
  slack: {{type: slack, webhook_url: ${{SLACK_WEBHOOK_URL}}}}
"""
SUITE = """\
version: 1
suite: leaky
monitor: [keyed, filed, issued, proxied, addressed]
schedule: {{every: 1s}}
endpoints:
  keyed:
    base_url: {origin}/v1
    model: m
    retries: 0
    api_key: ${{ENV_KEY}}
    headers: {{X-Team: "${{HEADER}}", X-Pair: "a:${{PART}};b", X-File: {{file: ../keys/header}}}}
    {tls}
  filed: {{base_url: "{origin}/v1", model: m, retries: 0, api_key: {{file: "${{KEY_FILE}}"}}}}
  issued:
    base_url: {origin}/v1
    model: m
    retries: 0
    oauth2: {{token_url: "{origin}{token}", client_id: me, client_secret: "${{CLIENT_SECRET}}"}}
  proxied:
    base_url: http://unreachable.example.com/v1
    model: m
    retries: 0
    proxy: http://me:${{PROXY_PASSWORD}}@127.0.0.1:{proxy_port}
  addressed:
    base_url: http://me:${{URL_PASSWORD}}@127.0.0.1:{proxy_port}/v1?subscription-key=${{QUERY_KEY}}
    model: m
    retries: 0
  judge: {{base_url: "{origin}/v1", model: j, retries: 0, api_key: "${{JUDGE_KEY}}"}}
  embedder:
    protocol: openai-embeddings
    base_url: {origin}/v1
    model: e
    retries: 0
    api_key: ${{EMBED_KEY}}
judge:
  endpoint: judge
  embeddings: embedder
  calibration:
    cases:
{cases}
probes:
{probes}
alerts:
  - {{notify: slack, on: [contract, availability], after: 1}}
"""


def forms(secret: str) -> set[str]:
    """A secret as it must occur nowhere."""
    raw = secret.encode()
    urlsafe = urlsafe_b64encode(raw).decode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        b64encode(raw).decode(),
        urlsafe,
        urlsafe.rstrip("="),
        raw.hex(),
        "".join(f"\\u{ord(letter):04x}" for letter in secret),
        "".join(f"\\\\u{ord(letter):04X}" if at % 2 else letter for at, letter in enumerate(secret)),
        html.escape(secret),
        "".join(f"&#{ord(letter)};" for letter in secret),
        "".join(f"&#x{ord(letter):X};" for letter in secret),
        "".join(f"%{ord(letter):02x}" for letter in secret),
        quote(quote(secret, safe=""), safe=""),
        json.dumps(json.dumps(secret).replace("/", "\\/"))[1:-1],
        "".join(filter(str.isalnum, secret)),
        b64encode(b"Bearer " + raw).decode()[12:-4],
    }


@dataclass
class Sinks:
    """Everything that came out, by where."""

    found: dict[str, bytearray] = field(default_factory=dict)

    def add(self, where: str, what: str | bytes) -> None:
        self.found.setdefault(where, bytearray()).extend(what.encode() if isinstance(what, str) else what)

    def leaks(self) -> list[str]:
        """``secret in sink``, for each that leaked."""
        looked_for = {name: [f.lower().encode() for f in forms(one)] for name, one in {**PLANTED, **LOCAL}.items()}
        leaked = []
        for where, content in self.found.items():
            kinds = (bytes(content).lower(), plain(content))
            leaked += [
                f"{name} in {where}"
                for name, spelled in looked_for.items()
                if any(form in kind for form in spelled for kind in kinds)
            ]
        return leaked


def plain(content: bytearray) -> bytes:
    """The content with what JSON escapes and line ends read, so that no encoding around it hides a form."""
    text = (
        content.decode("utf-8", "replace")
        .replace("\\\\", "\\")
        .replace('\\"', '"')
        .replace("\\n", "")
        .replace("\n", "")
    )
    return text.lower().encode()


@pytest.fixture
def hostile() -> Iterator[EchoEndpoint]:
    """The endpoint that repeats whatever it is told."""
    with EchoEndpoint(PLANTED["issued token"]) as endpoint:
        yield endpoint


@pytest.fixture
def place(tmp_path: Path, hostile: EchoEndpoint, slack: FakeSlack) -> Workplace:
    """An installation with every kind of secret; keys lie outside the folder that is searched."""
    folder, keys = tmp_path / "installation", tmp_path / "keys"
    (folder / "suites").mkdir(parents=True)
    keys.mkdir()
    # suites/ is beside keys/ from the suite's point of view one level up
    (folder / "keys").symlink_to(keys)
    (keys / "file").write_text(PLANTED["key from a file"] + "\n", encoding="utf-8")
    (keys / "header").write_text(PLANTED["header from a file"] + "\n", encoding="utf-8")
    probes = "\n".join(
        f"  - {{id: {mode}, prompt: 'Say mode-{mode}. now', checks: "
        "[{contains: nothing-of-it}, no_refusal, {rubric: nothing}, {semantic_similarity: nothing}]}"
        for mode in MODES
    )
    cases = "\n".join(
        f"      - {{question: 'Say mode-{mode}. now', answer: nothing, rubric: nothing, verdict: pass}}"
        for mode in MODES
    )
    port = free_port()
    suite = SUITE.format(
        origin=hostile.origin,
        proxy_port=hostile.port,
        token=TOKEN_PATH,
        probes=probes,
        cases=cases,
        tls=_tls(keys),
    )
    (folder / "suites" / "leaky.yaml").write_text(suite, encoding="utf-8")
    (folder / "holdfast.yaml").write_text(SETTINGS.format(port=port), encoding="utf-8")
    return Workplace(
        folder=folder,
        environ={
            "ENV_KEY": PLANTED["key from the environment"],
            "KEY_FILE": str(keys / "file"),
            "HEADER": PLANTED["header"],
            "PART": PLANTED["part of a header"],
            "CLIENT_SECRET": PLANTED["client secret"],
            "PROXY_PASSWORD": PLANTED["proxy password"],
            "URL_PASSWORD": PLANTED["password in the address"],
            "QUERY_KEY": PLANTED["key in the address"],
            "JUDGE_KEY": PLANTED["key of the judge"],
            "EMBED_KEY": PLANTED["key of the embeddings"],
            "KEY_PASSWORD": KEY_PASSWORD,
            "LISTEN_TOKEN": LISTEN_TOKEN,
            "SLACK_WEBHOOK_URL": slack.webhook_url,
            "PORT": str(port),
        },
    )


def _tls(keys: Path) -> str:
    """A client certificate whose key needs its password to be used at all; nothing where no openssl is at hand."""
    if shutil.which("openssl") is None:
        return "{}"
    subject = ["-subj", "/CN=me", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command = ["openssl", "req", "-x509", *subject, "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(
        [*command, "-passout", f"pass:{KEY_PASSWORD}"], cwd=keys, check=True, capture_output=True, timeout=30
    )
    return 'tls: {certificate: ../keys/cert.pem, key: ../keys/key.pem, key_password: "${KEY_PASSWORD}"}'


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate", "suites/leaky.yaml"),
    *(
        ("--debug", "run", "suites/leaky.yaml", "--config", "holdfast.yaml", "--format", kind, "--report", "pages")
        for kind in ("text", "json", "junit", "markdown")
    ),
    ("run", "suites/leaky.yaml", "--no-alerts", "--format", "json", "--output", "result.json"),
    ("show", "suites/leaky.yaml"),
    ("report", "suites/leaky.yaml", "--output", "page.html"),
    ("replay", "suites/leaky.yaml"),
)


def run_commands(place: Workplace, sinks: Sinks) -> None:
    for command in COMMANDS:
        done = place.run(*command)
        name = " ".join(command)
        sinks.add(f"standard output of {name}", done.stdout)
        sinks.add(f"standard error of {name}", done.stderr)
        assert "Traceback" not in done.stderr, f"{name}\n{done.stderr}"
        assert done.stdout or done.stderr or "--output" in command, name


def run_daemon(place: Workplace, sinks: Sinks, slack: FakeSlack) -> None:
    process = place.start("daemon")
    pages = ("/metrics", "/healthz", "/readyz", "/", "/report/leaky/keyed", "/report/leaky/issued", "/nowhere")
    try:
        deadline = time.monotonic() + 30
        while b"holdfast_runs_total{" not in get(place, "/metrics") and time.monotonic() < deadline:
            time.sleep(0.1)
        for page in pages:
            content = get(place, page)
            sinks.add(f"page {page}", content)
            assert content, page
        assert b"a token is needed" in get(place, "/", token="wrong")
    finally:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=40)
    sinks.add("standard output of the daemon", output)
    sinks.add("log of the daemon", errors)
    assert process.returncode == 0, errors
    assert slack.requests


def get(place: Workplace, path: str, token: str = LISTEN_TOKEN) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{place.environ['PORT']}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return bytes(reply.read())
    except urllib.error.HTTPError as error:
        return error.read()
    except (urllib.error.URLError, ConnectionError):
        return b""


def gather_files(place: Workplace, sinks: Sinks) -> None:
    """Everything in the installation's folder, the write-ahead log among it, and every value in the store."""
    database = place.folder / "holdfast.db"
    with closing(sqlite3.connect(database)) as store:
        store.execute("pragma wal_autocheckpoint = 0")
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in store.execute(f'select * from "{table}"'):
                for value in row:
                    sinks.add(f"table {table}", value if isinstance(value, bytes) else str(value))
        for path in place.folder.rglob("*"):
            if path.is_file():
                sinks.add(f"file {path.relative_to(place.folder)}", path.read_bytes())
    assert b"leaky" in sinks.found["file holdfast.db"] + sinks.found.get("file holdfast.db-wal", bytearray())
    assert b"[secret]" in b"".join(content for where, content in sinks.found.items() if where.startswith("table "))


def test_no_planted_secret_reaches_any_sink_though_the_endpoint_repeats_them_all(
    place: Workplace, hostile: EchoEndpoint, slack: FakeSlack
) -> None:
    sinks = Sinks()
    run_commands(place, sinks)
    run_daemon(place, sinks, slack)
    gather_files(place, sinks)
    for path, body, _ in slack.requests:
        assert SLACK_HOOK in path
        sinks.add("message to Slack", json.dumps(body, ensure_ascii=False))
    told = "\n".join(seen.text for seen in hostile.seen) + "\n" + _basics(hostile)
    assert [name for name, secret in PLANTED.items() if secret not in told] == [], "not everything was sent"
    assert {mode for mode in MODES if any(f"mode-{mode}." in seen.body for seen in hostile.seen)} == set(MODES)
    assert sinks.leaks() == []


def _basics(hostile: EchoEndpoint) -> str:
    """What HTTP Basic carried, decoded as a server would."""
    values = [value for seen in hostile.seen for value in seen.headers.values() if value.startswith("Basic ")]
    return "\n".join(unquote_plus(b64decode(value.removeprefix("Basic ")).decode()) for value in values)


def test_the_search_would_find_a_secret_in_every_form_it_looks_for() -> None:
    for name, secret in PLANTED.items():
        for form in forms(secret):
            sinks = Sinks()
            sinks.add("here", f"before {form} after")
            assert f"{name} in here" in sinks.leaks()


CRASH = """\
import probes.asking as asking


def broken(**given):
    raise ValueError(f"cannot send {given['endpoint'].api_key.get_secret_value()}") from KeyError(
        given["endpoint"].api_key.get_secret_value()
    )


asking.headers_of = broken
"""


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_crash_that_quotes_a_key_is_told_with_its_place_and_without_its_text(
    place: Workplace, tmp_path: Path, debug: tuple[str, ...]
) -> None:
    bugs = tmp_path / "bugs"
    bugs.mkdir()
    (bugs / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
    command = (*debug, "run", "suites/leaky.yaml", "--config", "holdfast.yaml", "--endpoint", "keyed", "--no-alerts")
    done = place.run(*command, env={"PYTHONPATH": str(bugs)})
    assert done.returncode == 3, done.stderr
    assert "ValueError" in done.stderr
    assert ("in broken" in done.stderr) == bool(debug)
    sinks = Sinks()
    sinks.add("standard error", done.stderr + done.stdout)
    assert sinks.leaks() == []

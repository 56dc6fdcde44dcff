"""Secrets and certificates from files: read while a suite is loaded, told where they cannot be, never shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from probes.endpoint import Endpoint
from probes.errors import SuiteError
from probes.files_beside import Unreadable, read_file
from probes.hostile import redact, secrets_of
from probes.suite_file import LoadedSuite, load_suite, read_suite
from runner.preparing.prepare import AnyEnvironment, prepare

HEAD = """\
version: 1
suite: s
endpoints:
  prod:
    base_url: https://gateway.example.com/v1
"""
TAIL = """\
probes:
  - id: p
    prompt: Hello?
"""
KEY = "k-from-a-file-0123"


def loaded(folder: Path, lines: str, environ: Mapping[str, str] | None = None) -> LoadedSuite:
    suite = folder / "suite.yaml"
    suite.write_text(HEAD + "".join(f"    {line}\n" for line in lines.splitlines()) + TAIL, encoding="utf-8")
    return read_suite(suite, environ or {})


def prod(folder: Path, lines: str, environ: Mapping[str, str] | None = None) -> Endpoint:
    return loaded(folder, lines, environ).suite.endpoints["prod"]


def refusal(folder: Path, lines: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SuiteError) as refused:
        loaded(folder, lines, environ)
    told = "".join(traceback.format_exception(refused.value))
    assert KEY not in told
    return str(refused.value)


# ------------------------------------------------------------------------------------------------ keys
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_key_file_is_the_key_without_the_line_break_at_its_end(tmp_path: Path, ending: str) -> None:
    (tmp_path / "key").write_bytes((KEY + ending).encode())
    key = prod(tmp_path, "api_key: {file: key}").api_key
    assert key is not None and key.get_secret_value() == KEY


def test_a_relative_path_starts_at_the_suite_and_not_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a").write_text(KEY, encoding="utf-8")
    monkeypatch.chdir("/")
    assert prod(tmp_path, "api_key: {file: keys/a}").api_key is not None


def test_the_path_of_a_key_file_may_come_from_the_environment_and_is_no_secret_itself(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    place = str(tmp_path / "key")
    suite = loaded(tmp_path, "api_key: {file: '${KEY_FILE}'}", {"KEY_FILE": place})
    assert suite.secrets == {KEY}


def test_every_secret_may_come_from_a_file_and_none_is_shown(tmp_path: Path) -> None:
    for name in ("key", "header", "client", "proxy"):
        (tmp_path / name).write_text(f"http://{KEY}-{name}:1", encoding="utf-8")
    lines = """\
api_key: {file: key}
headers: {X-Team: {file: header}}
proxy: {file: proxy}
oauth2: {token_url: https://login.example.com/t, client_id: me, client_secret: {file: client}}"""
    suite = loaded(tmp_path, lines)
    endpoint = suite.suite.endpoints["prod"]
    assert endpoint.oauth2 is not None and endpoint.proxy is not None
    assert endpoint.headers["X-Team"].get_secret_value() == f"http://{KEY}-header:1"
    assert suite.secrets == {f"http://{KEY}-{name}:1" for name in ("key", "header", "client", "proxy")}
    assert KEY not in repr(suite) + repr(suite.suite) + repr(endpoint)


def test_a_key_file_is_inherited_and_may_be_replaced_by_a_variable(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    lines = "api_key: {file: key}"
    suite = tmp_path / "suite.yaml"
    more = "  twin: {like: prod}\n  other: {like: prod, api_key: '${OTHER}'}\n"
    suite.write_text(f"{HEAD}    {lines}\n{more}{TAIL}", encoding="utf-8")
    endpoints = read_suite(suite, {"OTHER": "k-other-0123"}).suite.endpoints
    keys = {name: endpoint.api_key and endpoint.api_key.get_secret_value() for name, endpoint in endpoints.items()}
    assert keys == {"prod": KEY, "twin": KEY, "other": "k-other-0123"}


def test_a_link_to_a_key_is_followed_as_secret_stores_mount_them(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(KEY, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert prod(tmp_path, "api_key: {file: link}").api_key is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (f"{KEY}\n\n".encode(), "a second line"),
        (b" k ", "a blank"),
        (f"{KEY}\0".encode(), "a character"),
        ("schlüssel".encode(), "characters that no header"),
        (b"k" * 70_000, "64"),
    ],
)
def test_a_key_file_that_cannot_be_a_key_is_refused_without_quoting_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "key").write_bytes(content)
    told = refusal(tmp_path, "api_key: {file: key}")
    assert "suite.yaml:6:21: the file of api_key cannot be used: " in told
    assert said in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY, encoding="utf-8")
    (tmp_path / "key").chmod(0)
    assert "permission denied" in refusal(tmp_path, "api_key: {file: key}")


def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refusal(tmp_path, "api_key: {file: pipe}")
    assert "no regular file" in refusal(tmp_path, "api_key: {file: /dev/zero}")
    with pytest.raises(Unreadable, match="not a path"):
        read_file(tmp_path / "a\0b", 10)


def test_where_nothing_will_be_sent_no_secret_needs_to_be_there(tmp_path: Path) -> None:
    lines = """\
api_key: {file: /nowhere/key}
tls: {ca: nowhere.pem, certificate: nowhere.pem}
proxy: {file: '${NOWHERE}'}"""
    with pytest.raises(SuiteError):
        loaded(tmp_path, lines)
    suite = prepare(tmp_path / "suite.yaml", AnyEnvironment(), None).suite
    assert suite.endpoints["prod"].api_key is not None


def test_an_unset_variable_is_told_together_with_a_missing_key_file(tmp_path: Path) -> None:
    told = refusal(tmp_path, "api_key: {file: absent}\nheaders: {X-A: '${UNSET}', X-B: {file: '${UNSET}'}}")
    assert [line.partition(": ")[2].partition(" (")[0] for line in told.splitlines()] == [
        "the file of api_key cannot be used: there is no such file",
        "the environment variable UNSET is not set",
        "the environment variable UNSET is not set",
    ]


# ------------------------------------------------------------------------------------------------ headers
def test_each_part_of_a_header_from_the_environment_is_a_secret_by_itself() -> None:
    lines = "    headers: {Authorization: 'Bearer ${A}', X-Pair: '${A}:${B}', X-Joined: '${B}${C}'}\n"
    environ = {"A": "first-0123", "B": "second-0123", "C": "third-0123"}
    endpoint = load_suite(HEAD + lines + TAIL, "s.yaml", environ).suite.endpoints["prod"]
    headers = {name: value.get_secret_value() for name, value in endpoint.headers.items()}
    assert headers == {
        "Authorization": "Bearer first-0123",
        "X-Pair": "first-0123:second-0123",
        "X-Joined": "second-0123third-0123",
    }
    for value in environ.values():
        assert redact(f"you sent {value}", secrets_of(endpoint)) == "you sent [secret]"


def test_an_endpoint_knows_the_secrets_of_what_it_is_like() -> None:
    more = "    params: {user: '${A}'}\n  twin: {like: prod}\n"
    suite = load_suite(HEAD + more + TAIL, "s.yaml", {"A": "first-0123"}).suite
    assert "first-0123" in secrets_of(suite.endpoints["twin"])
    assert "first-0123" not in repr(suite.endpoints["prod"].headers)


# ------------------------------------------------------------------------------------------------ certificates
def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two certificates with their keys, one of these also encrypted."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("pems")
    for name in ("one", "two"):
        _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        subject = ("-subj", f"/CN={name}", "-days", "2")
        _openssl(folder, "req", "-x509", "-key", f"{name}.key", "-out", f"{name}.pem", *subject)
    _openssl(folder, "ec", "-in", "one.key", "-aes256", "-passout", f"pass:{KEY}", "-out", "locked.key")
    (folder / "both.pem").write_bytes((folder / "one.pem").read_bytes() + (folder / "one.key").read_bytes())
    return folder


@pytest.mark.parametrize(
    "tls",
    [
        "ca: one.pem",
        "certificate: one.pem, key: one.key",
        "certificate: both.pem, ca: two.pem",
        "certificate: one.pem, key: locked.key, key_password: '${PASSWORD}'",
    ],
)
def test_certificates_that_fit_are_taken_and_their_paths_start_at_the_suite(pems: Path, tls: str) -> None:
    found = prod(pems, f"tls: {{{tls}}}", {"PASSWORD": KEY}).tls
    assert found is not None
    assert all(Path(path).is_file() for path in (found.ca, found.certificate, found.key) if path)


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        ("certificate: one.pem, key: two.key", "do not belong together"),
        ("certificate: one.pem, key: locked.key", "the key is encrypted"),
        ("certificate: one.pem, key: locked.key, key_password: '${WRONG}'", "does not open the key"),
        ("certificate: one.pem", "certificate and key cannot be read"),
        ("ca: one.key", "ca holds no certificate"),
        ("key: one.key", "without its certificate"),
    ],
)
def test_certificates_that_do_not_fit_are_refused_before_anything_is_sent(pems: Path, tls: str, said: str) -> None:
    told = refusal(pems, f"tls: {{{tls}}}", {"WRONG": "wrong-password"})
    assert "suite.yaml:6:" in told
    assert said in told
    assert "wrong-password" not in told


def test_an_inherited_certificate_is_told_once_where_it_is_written(tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    text = f"{HEAD}    tls: {{ca: absent.pem}}\n  twin: {{like: prod}}\n{TAIL}"
    suite.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        read_suite(suite, {})
    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(6, 15)]


@pytest.mark.parametrize("proxy", ["http://proxy.example.com:3128", "https://me:${PW}@proxy.example.com", "${WHOLE}"])
def test_a_proxy_is_http_or_https_with_its_password_from_the_environment(tmp_path: Path, proxy: str) -> None:
    environ: dict[str, Any] = {"PW": KEY, "WHOLE": f"http://me:{KEY}@proxy.example.com:8080"}
    endpoint = prod(tmp_path, f'proxy: "{proxy}"', environ)
    assert endpoint.proxy is not None
    assert KEY not in repr(endpoint)
    assert "$" not in endpoint.proxy.get_secret_value()

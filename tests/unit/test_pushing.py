"""Metrics of finished runs reach a pushgateway, and a gateway in trouble changes nothing but a sentence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.errors import SettingsError, UsageError
from runner.cli.run import gateway_of
from runner.gateway.push_settings import Pushgateway
from runner.gateway.pushing import address, by_place, push
from runner.settings.settings import LoadedSettings, load_settings
from tests.acceptance.real import free_port
from tests.fakes.http_server import End, FakeServer, Hang, Received, Step, whole
from tests.fakes.records import a_run, failing_run

SECRET = "planted-4711"


def gateway(url: str, **more: object) -> Pushgateway:
    return Pushgateway.model_validate({"url": url, **more})


def pushed(*reply: Step, timeout_s: float = 5.0, **more: object) -> tuple[str, list[Received]]:
    """What pushing two runs to a server with this reply came to, and what the server got."""

    async def both() -> tuple[str, list[Received]]:
        async with FakeServer(reply) as server:
            records = [failing_run(), replace(a_run(), endpoint="candidate")]
            return await push(records, gateway(server.url, **more), timeout_s=timeout_s), server.requests

    return asyncio.run(both())


def test_each_place_is_a_group_replaced_whole() -> None:
    trouble, requests = pushed(*whole(b"", status=200), headers={"Authorization": f"Bearer {SECRET}"})
    assert trouble == ""
    assert [(request.method, request.target) for request in requests] == [
        ("PUT", "/v1/metrics/job/holdfast-run/suite/support-bot/endpoint/production"),
        ("PUT", "/v1/metrics/job/holdfast-run/suite/support-bot/endpoint/candidate"),
    ]
    body = requests[0].body.decode()
    assert 'holdfast_runs_total{endpoint="production",health="failing",suite="support-bot"} 1.0' in body
    assert 'holdfast_latency_seconds_bucket{endpoint="production",le="+Inf",suite="support-bot"}' in body
    assert "candidate" not in body and "holdfast_loop_lag" not in body and "process_" not in body
    assert requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (whole(b"no", status=500), "it answered HTTP 500"),
        (whole(b"", status=302, headers={"Location": "http://127.0.0.1:9/"}), "it answered HTTP 302"),
        ([Hang()], "it did not answer within 0.2 s"),
        ([End()], "it could not be reached (RemoteProtocolError)"),
    ],
)
def test_a_gateway_in_trouble_is_told_in_a_sentence_within_the_time(reply: list[Step], words: str) -> None:
    trouble, _ = pushed(*reply, timeout_s=0.2)
    assert trouble == words


def test_a_gateway_that_is_not_there_is_told_without_its_address() -> None:
    nowhere = gateway(f"http://me:{SECRET}@127.0.0.1:{free_port()}")
    trouble = asyncio.run(push([a_run()], nowhere, timeout_s=2.0))
    assert trouble == "it could not be reached (ConnectError)"
    assert SECRET not in repr(nowhere)


def test_runs_of_one_place_are_counted_together() -> None:
    (metrics,) = by_place([a_run(), failing_run(), a_run()]).values()
    runs = [line for line in metrics.of_suites().decode().splitlines() if line.startswith("holdfast_runs_total{")]
    assert sorted(line.split()[-1] for line in runs) == ["1.0", "2.0"]


def test_the_address_keeps_a_path_and_takes_the_job() -> None:
    told = gateway("https://metrics.example.com/push/", job="nightly")
    assert address(told, "s", "e") == "https://metrics.example.com/push/metrics/job/nightly/suite/s/endpoint/e"


# ------------------------------------------------------------------------------------------------ option and settings
def loaded(tmp_path: Path, text: str) -> LoadedSettings:
    path = tmp_path / "holdfast.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {"TOKEN": SECRET}, tmp_path)


def test_the_option_goes_before_the_settings_and_takes_none_of_their_secrets_along(tmp_path: Path) -> None:
    text = "pushgateway: {url: http://a:9091, job: nightly, headers: {Authorization: 'Bearer ${TOKEN}'}}\n"
    settings = loaded(tmp_path, text)
    assert gateway_of(None, settings) == settings.settings.pushgateway
    told = gateway_of("http://b:9091", settings)
    assert told is not None
    assert (told.url, told.job, told.headers) == (SecretStr("http://b:9091"), "nightly", {})
    assert gateway_of(None, loaded(tmp_path, "suites: .\n")) is None


@pytest.mark.parametrize(
    "url",
    [
        "planted:9091",
        "ftp://planted",
        "http://:planted",
        "http://planted:99999999",
        "http://a/?planted",
        "http://planted\n",
    ],
)
def test_what_is_no_address_is_refused_and_not_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--pushgateway is not an http or https address") as told:
        gateway_of(url, loaded(tmp_path, "suites: .\n"))
    assert "planted" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("pushgateway: {url: nowhere}\n", "1:20", "http or https"),
        ("pushgateway:\n  url: http://a\n  job: a/b\n", "3:8", "cannot be a name"),
        ("pushgateway: {uri: http://a}\n", "1:15", "url"),
        ('pushgateway: {url: http://a, headers: {X-Key: "\u00fc"}}\n', "1:39", "printable ASCII"),
    ],
)
def test_a_gateway_in_the_settings_is_refused_with_its_place(text: str, place: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        loaded(tmp_path, text)
    assert f"holdfast.yaml:{place}" in str(told.value)
    assert words in str(told.value)

"""The fake endpoint speaks OpenAI's dialect over real HTTP, repeats itself under a seed, misbehaves on request."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.errors import HoldfastError
from runner.demo.answers import Answer, compose, draw
from runner.demo.endpoint import EndpointProcess, RunningEndpoint
from runner.demo.phrasings import BANKS, REFUSAL
from runner.demo.scenarios import SCENARIOS, ScenarioName
from runner.demo.tokens import tokenize
from tests.fakes.clock import FakeClock
from tests.fakes.endpoint import answer_of, ask, chunks_of, conversation, data_lines, fresh_client, serving

CAPITAL = "What is the capital of Australia? Answer in one sentence."
ARITHMETIC = "7 items at 19 euros plus 14 shipping, what is the total?"
INVOICE = "Extract total and due date: Invoice 4471, 1240.50 EUR, due 2026-07-01"
CONTACT = "Which e-mail address reaches the billing team? Answer with the address only."
JSON_ONLY = "Answer with one JSON object and nothing else."
CONTRACTS = {
    "How do I return a keyboard bought two weeks ago?": r"30 days",
    "When is your support desk open on Saturdays?": r"10:00",
    ARITHMETIC: r"\b(147|133|149|154|137)\b",
    CAPITAL: r"Canberra",
    "Translate to German: The invoice is overdue.": r"Rechnung.*überfällig",
    "Does the warranty cover water damage?": r"not covered",
    CONTACT: r"\Abilling@example\.com\Z",
    "List the three steps to reset a password, numbered.": r"(?s)1\. .*2\. .*3\. ",
    "Classify the sentiment as positive, negative or neutral: "
    "'The parcel came late, but the staff were lovely.'": r"positive|negative|neutral",
}
USAGE_KEYS = {
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
}
HEAD_KEYS = {"id", "object", "created", "model", "service_tier", "system_fingerprint", "choices"}


@pytest.fixture(scope="module")
def plain() -> Iterator[RunningEndpoint]:
    """One endpoint without delays, for tests that change nothing about it."""
    with serving() as running:
        yield running


def answers(prompt: str, scenario: ScenarioName = "normal", *, count: int = 150) -> list[Answer]:
    """Answers straight from the rules, in the order an endpoint with seed 1 would give them."""
    asked = (("user", prompt),)
    return [compose(asked, SCENARIOS[scenario], draw(1, asked, nth)) for nth in range(count)]


def get(url: str) -> httpx2.Response:
    with fresh_client() as client:
        return client.get(url)


def post(url: str, **body: Any) -> httpx2.Response:
    with fresh_client() as client:
        return client.post(url, **body)


def control(running: RunningEndpoint, **change: object) -> httpx2.Response:
    return post(running.base_url.removesuffix("/v1") + "/_control", json=change)


# ---------------------------------------------------------------------------------------------------- the dialect
def test_a_reply_that_is_not_streamed_has_every_field_of_a_chat_completion(plain: RunningEndpoint) -> None:
    response = ask(plain.base_url, CAPITAL)
    body = response.json()
    assert response.status_code == 200 and response.headers["content-type"] == "application/json"
    assert set(body) == HEAD_KEYS | {"usage"}
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{24}", body["id"])
    assert body["object"] == "chat.completion" and body["model"] == "support-bot"
    assert abs(body["created"] - time.time()) < 60 and isinstance(body["created"], int)
    assert body["system_fingerprint"].startswith("fp_") and body["service_tier"] == "default"
    (choice,) = body["choices"]
    assert set(choice) == {"index", "message", "logprobs", "finish_reason"}
    assert choice["index"] == 0 and choice["finish_reason"] == "stop" and choice["logprobs"] is None
    assert set(choice["message"]) == {"role", "content", "refusal", "annotations"}
    assert choice["message"]["role"] == "assistant" and choice["message"]["refusal"] is None
    assert "Canberra" in choice["message"]["content"]
    usage = body["usage"]
    assert set(usage) == USAGE_KEYS
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == len(tokenize(choice["message"]["content"]))
    assert usage["prompt_tokens_details"]["cached_tokens"] == 0
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0
    assert response.headers["x-request-id"] and response.headers["openai-processing-ms"].isdigit()


def test_a_stream_is_role_then_content_then_finish_then_usage_then_done(plain: RunningEndpoint) -> None:
    response = ask(plain.base_url, CAPITAL, stream=True, stream_options={"include_usage": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    first, *middle, finish, usage = chunks_of(response)
    every = [first, *middle, finish, usage]
    assert all(set(chunk) == HEAD_KEYS | {"usage"} and chunk["object"] == "chat.completion.chunk" for chunk in every)
    assert len({(chunk["id"], chunk["created"], chunk["model"], chunk["system_fingerprint"]) for chunk in every}) == 1
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all(set(chunk["choices"][0]["delta"]) == {"content"} for chunk in middle) and len(middle) > 1
    assert [chunk["choices"][0]["finish_reason"] for chunk in [first, *middle]] == [None] * (1 + len(middle))
    assert finish["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]
    assert [chunk["usage"] for chunk in every[:-1]] == [None] * (len(every) - 1)
    assert usage["choices"] == [] and set(usage["usage"]) == USAGE_KEYS
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in middle)
    assert "Canberra" in text and usage["usage"]["completion_tokens"] == len(tokenize(text))


def test_a_stream_says_nothing_of_usage_where_nobody_asked(plain: RunningEndpoint) -> None:
    chunks = chunks_of(ask(plain.base_url, CAPITAL, stream=True))
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks)


def test_streamed_and_whole_answers_are_the_same_text() -> None:
    with serving() as one, serving() as other:
        whole = [answer_of(ask(one.base_url, CAPITAL)) for _ in range(5)]
        streamed = []
        for _ in range(5):
            chunks = chunks_of(ask(other.base_url, CAPITAL, stream=True))
            streamed.append("".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks))
    assert whole == streamed


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_token_limit_cuts_the_answer_and_says_so(plain: RunningEndpoint, limit: str) -> None:
    fields: dict[str, Any] = {limit: 5}
    body = ask(plain.base_url, "List the three steps to reset a password, numbered.", **fields).json()
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5
    assert len(tokenize(body["choices"][0]["message"]["content"])) == 5


def test_messages_in_parts_count_as_their_text() -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "What is the capital of Australia? "}]}]
    parts[0]["content"].append({"type": "text", "text": "Answer in one sentence."})  # type: ignore[attr-defined]
    with serving() as running:
        assert "Canberra" in answer_of(ask(running.base_url, parts))


def test_the_models_are_listed(plain: RunningEndpoint) -> None:
    with serving(models=["a", "b"]) as running:
        some = get(f"{running.base_url}/models").json()
    assert some["object"] == "list" and [model["id"] for model in some["data"]] == ["a", "b"]
    assert set(some["data"][0]) == {"id", "object", "created", "owned_by"}
    assert get(f"{plain.base_url}/models").json()["data"][0]["id"] == "support-bot"


# ---------------------------------------------------------------------------------------------------- errors
def assert_error(response: httpx2.Response, status: int, **expected: str | None) -> dict[str, Any]:
    assert response.status_code == status
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    assert {key: error[key] for key in expected} == expected
    return error


def test_a_wrong_or_missing_key_is_401_and_never_repeated() -> None:
    with serving(api_key="sk-right") as running:
        wrong = ask(running.base_url, CAPITAL, headers={"Authorization": "Bearer sk-wrong"})
        missing = ask(running.base_url, CAPITAL)
        listing = get(f"{running.base_url}/models")
        right = ask(running.base_url, CAPITAL, headers={"Authorization": "Bearer sk-right"})
        shown = repr(running.requests) + repr(running.endpoint)
    for response in (wrong, missing, listing):
        assert_error(response, 401, type="invalid_request_error", code="invalid_api_key")
    assert right.status_code == 200
    assert "sk-" not in shown + wrong.text


def test_an_unknown_model_is_404_only_where_models_are_listed(plain: RunningEndpoint) -> None:
    with serving(models=["a"]) as running:
        refused = ask(running.base_url, CAPITAL, model="b")
        served = ask(running.base_url, CAPITAL, model="a")
    assert_error(refused, 404, code="model_not_found")
    assert served.status_code == 200
    assert ask(plain.base_url, CAPITAL, model="anything").json()["model"] == "anything"


def test_bodies_that_are_no_chat_request_are_400(plain: RunningEndpoint) -> None:
    url = f"{plain.base_url}/chat/completions"
    broken = assert_error(post(url, content=b'{"model": '), 400, type="invalid_request_error")
    assert assert_error(post(url, content=b"\xff\xfe"), 400) == broken
    assert "valid dictionary" in assert_error(post(url, json=["no", "object"]), 400)["message"]
    assert_error(post(url, json={"messages": conversation("Hi")}), 400, param="model")
    assert_error(ask(plain.base_url, []), 400, param="messages")
    assert_error(ask(plain.base_url, CAPITAL, max_tokens=0), 400, param="max_tokens")


def test_other_paths_and_methods_are_refused_in_the_same_words(plain: RunningEndpoint) -> None:
    nothing = assert_error(get(f"{plain.base_url}/nothing"), 404)
    only_posted = assert_error(get(f"{plain.base_url}/chat/completions"), 405)
    assert nothing["message"] == "Invalid URL (GET /v1/nothing)"
    assert only_posted == {**nothing, "message": "Invalid URL (GET /v1/chat/completions)"}


# ---------------------------------------------------------------------------------------------------- the seed
def test_the_nth_answer_does_not_depend_on_what_arrives_in_between() -> None:
    with serving(seed=7) as one, serving(seed=7) as other:
        apart = {prompt: [ask(one.base_url, prompt).json() for _ in range(6)] for prompt in (CAPITAL, ARITHMETIC)}
        mixed: dict[str, list[Any]] = {CAPITAL: [], ARITHMETIC: []}
        for _ in range(6):
            for prompt in (ARITHMETIC, CAPITAL):
                mixed[prompt].append(ask(other.base_url, prompt).json())
    for prompt in apart:
        assert [body["choices"] for body in apart[prompt]] == [body["choices"] for body in mixed[prompt]]
        assert [body["id"] for body in apart[prompt]] == [body["id"] for body in mixed[prompt]]


def test_the_nth_delay_repeats_and_another_seed_draws_others() -> None:
    asked = (("user", CAPITAL),)
    normal = SCENARIOS["normal"]
    seconds = [[compose(asked, normal, draw(seed, asked, n)).first_token_s for n in range(5)] for seed in (1, 1, 2)]
    assert seconds[0] == seconds[1] and seconds[0] != seconds[2] and len(set(seconds[0])) == 5


def test_delays_are_lognormal_around_eight_milliseconds() -> None:
    firsts = sorted(answer.first_token_s for answer in answers(CAPITAL, count=2000))
    median = firsts[1000]
    assert median == pytest.approx(0.008, rel=0.04)
    assert firsts[1683] / median == pytest.approx(1.284, rel=0.05)  # e^sigma, one standard deviation up
    assert median / firsts[317] == pytest.approx(1.284, rel=0.05)


@pytest.mark.parametrize("stream", [True, False])
def test_a_request_takes_as_long_as_was_drawn_times_the_scale(*, stream: bool) -> None:
    clock = FakeClock()
    with serving(clock=clock, latency_scale=100.0) as running:
        response = ask(running.base_url, CAPITAL, stream=stream)
    (planned,) = answers(CAPITAL, count=1)
    assert sum(clock.sleeps) == pytest.approx(100 * (planned.first_token_s + planned.rest_s))
    assert len(clock.sleeps) == (3 if stream else 1)
    assert int(response.headers["openai-processing-ms"]) == pytest.approx(1000 * sum(clock.sleeps), abs=1)


def test_the_role_chunk_comes_before_the_first_token_is_ready() -> None:
    with (
        serving(latency_scale=25.0) as running,
        fresh_client() as client,
        client.stream(
            "POST",
            f"{running.base_url}/chat/completions",
            json={"model": "m", "stream": True, "messages": conversation(CAPITAL)},
        ) as response,
    ):
        arrivals = [(time.perf_counter(), line) for line in response.iter_lines() if line]
    (planned,) = answers(CAPITAL, count=1)
    assert '"role":"assistant"' in arrivals[0][1] and '"content":""' in arrivals[0][1]
    assert arrivals[1][0] - arrivals[0][0] > 0.5 * 25 * planned.first_token_s


def test_small_replies_are_not_held_back_by_the_network_stack(plain: RunningEndpoint) -> None:
    body = {"model": "m", "messages": conversation(CAPITAL)}
    took = []
    with fresh_client() as client:
        for _ in range(8):
            start = time.perf_counter()
            client.post(f"{plain.base_url}/chat/completions", json=body)
            took.append(time.perf_counter() - start)
    assert min(took[1:]) < 0.03  # Nagle's algorithm would make each of them 40 ms


# ---------------------------------------------------------------------------------------------------- answers
@pytest.mark.parametrize("scenario", ["normal", "model-swap", "slower", "longer-answers", "broken-json"])
@pytest.mark.parametrize("prompt", CONTRACTS)
def test_every_answer_to_a_starter_probe_keeps_its_contract(prompt: str, scenario: ScenarioName) -> None:
    texts = {answer.text for answer in answers(prompt, scenario)}
    assert texts and all(re.search(CONTRACTS[prompt], text) for text in texts)
    assert REFUSAL not in texts


@pytest.mark.parametrize("scenario", ["normal", "model-swap", "longer-answers"])
def test_the_invoice_is_always_the_same_object_differently_written(scenario: ScenarioName) -> None:
    texts = {answer.text for answer in answers(INVOICE, scenario)}
    assert len(texts) >= 4
    assert all(json.loads(text) == {"total": 1240.5, "due_date": "2026-07-01"} for text in texts)


@pytest.mark.parametrize("prompt", [prompt for prompt in BANKS if prompt != CONTACT])
def test_phrasings_vary_with_unequal_shares(prompt: str) -> None:
    counts = Counter(answer.text.translate(str.maketrans("", "", "0123456789")) for answer in answers(prompt))
    shares = sorted(counts.values(), reverse=True)
    assert len(shares) >= 3 and shares[0] > 1.5 * shares[-1]


@pytest.mark.parametrize(("scenario", "share"), [("normal", 0.05), ("model-swap", 0.40)])
def test_arithmetic_is_wrong_in_the_stated_share(scenario: ScenarioName, share: float) -> None:
    texts = [answer.text for answer in answers(ARITHMETIC, scenario, count=2000)]
    assert sum("147" not in text for text in texts) / 2000 == pytest.approx(share, abs=0.025)


def test_a_system_message_does_not_hide_the_question(plain: RunningEndpoint) -> None:
    text = answer_of(ask(plain.base_url, conversation(INVOICE, system=JSON_ONLY)))
    assert json.loads(text)["total"] == 1240.5


@given(prompt=st.text(max_size=200), nth=st.integers(0, 1000), scenario=st.sampled_from(list(SCENARIOS)))
def test_any_other_question_gets_an_answer_that_repeats(prompt: str, nth: int, scenario: ScenarioName) -> None:
    asked = (("user", prompt),)
    first = compose(asked, SCENARIOS[scenario], draw(1, asked, nth))
    again = compose(asked, SCENARIOS[scenario], draw(1, asked, nth))
    assert first == again and first.text.strip() and first.first_token_s > 0 and first.rest_s >= 0


@given(prompt=st.text(max_size=200), scenario=st.sampled_from(["normal", "model-swap", "longer-answers"]))
def test_any_question_that_asks_for_json_gets_json(prompt: str, scenario: ScenarioName) -> None:
    asked = (("system", JSON_ONLY), ("user", prompt))
    assert set(json.loads(compose(asked, SCENARIOS[scenario], draw(1, asked, 0)).text)) == {"answer", "topic"}


@given(text=st.text(max_size=300), letters=st.integers(1, 9))
def test_tokens_join_to_the_text_and_are_never_empty(text: str, letters: int) -> None:
    pieces = tokenize(text, letters=letters)
    assert "".join(pieces) == text and all(pieces)


def test_english_has_about_four_tokens_to_three_words() -> None:
    text = " ".join(text for bank in BANKS.values() for _, text in bank.house if bank.form == "prose")
    assert 1.1 < len(tokenize(text)) / len(text.split()) < 1.7


# ---------------------------------------------------------------------------------------------------- scenarios
def test_slower_gives_the_same_answers_sixty_percent_later() -> None:
    pairs = list(zip(answers(CAPITAL, "slower"), answers(CAPITAL), strict=True))
    assert all(slow.text == normal.text for slow, normal in pairs)
    assert all(slow.first_token_s == pytest.approx(1.6 * normal.first_token_s) for slow, normal in pairs)
    assert all(slow.rest_s == pytest.approx(1.6 * normal.rest_s) for slow, normal in pairs)


def test_longer_answers_begin_as_before_and_carry_sixty_to_eighty_percent_more() -> None:
    ratios = []
    for prompt in BANKS:
        for longer, normal in zip(answers(prompt, "longer-answers"), answers(prompt), strict=True):
            if prompt == CONTACT:
                assert longer.text == normal.text
            elif prompt != INVOICE:
                assert longer.text.startswith(normal.text)
            if len(normal.pieces) > 12:
                ratios.append(len(longer.pieces) / len(normal.pieces))
    assert min(ratios) > 1.55 and max(ratios) < 1.92 and 1.6 < sum(ratios) / len(ratios) < 1.8


def test_a_swapped_model_keeps_its_name_and_changes_fingerprint_wording_and_speed() -> None:
    with serving() as running:
        before = ask(running.base_url, CAPITAL).json()
        assert running.set_scenario("model-swap") == "normal"
        with pytest.raises(ValueError, match="scenario"):
            running.set_scenario("sideways")
        after = ask(running.base_url, CAPITAL).json()
    assert before["model"] == after["model"] == "support-bot"
    assert before["system_fingerprint"] != after["system_fingerprint"]
    old, new = answers(CAPITAL), answers(CAPITAL, "model-swap")
    assert not {answer.text for answer in old} & {answer.text for answer in new}
    assert new[0].first_token_s == pytest.approx(1.15 * old[0].first_token_s)


def test_three_answers_in_ten_are_refusals_under_refusals() -> None:
    texts = [answer.text for answer in answers(CAPITAL, "refusals", count=2000)]
    assert texts.count(REFUSAL) / 2000 == pytest.approx(0.30, abs=0.03)
    assert all("Canberra" in text for text in texts if text != REFUSAL)


def test_broken_json_never_parses_and_breaks_in_three_ways() -> None:
    texts = {answer.text for answer in answers(INVOICE, "broken-json")}
    for text in texts:
        with pytest.raises(ValueError):
            json.loads(text)
    assert any("```json" in text for text in texts)
    assert any(text.startswith("Here is") for text in texts)
    assert any(text.startswith("{") and re.search(r",\s*}$", text) for text in texts)
    assert {answer.text for answer in answers(CAPITAL, "broken-json")} == {a.text for a in answers(CAPITAL)}


def test_an_outage_answers_503_to_everything_but_its_operator() -> None:
    with serving(api_key="sk-right") as running:
        assert control(running, scenario="outage").json()["scenario"] == "normal"
        for response in (ask(running.base_url, CAPITAL), get(f"{running.base_url}/models")):
            error = assert_error(response, 503, type="service_unavailable_error", code="server_is_overloaded")
            assert error["message"] == "The server is overloaded"
        assert control(running, scenario="normal").json()["scenario"] == "outage"
        assert ask(running.base_url, CAPITAL, headers={"Authorization": "Bearer sk-right"}).status_code == 200


# ---------------------------------------------------------------------------------------------------- control
def test_control_changes_route_headers_and_speed_and_answers_with_the_old() -> None:
    with serving() as running:
        change = {"route": {"fingerprint": "fp_x", "model": "bot-2"}, "headers": {"x-litellm-model-id": "a"}}
        old = control(running, latency_scale=0.5, **change).json()
        response = ask(running.base_url, CAPITAL, stream=True)
        now = get(running.base_url.removesuffix("/v1") + "/_control").json()
        control(running, route={"model": None})
        back = ask(running.base_url, CAPITAL).json()
    assert old == {
        "scenario": "normal",
        "latency_scale": 0.0,
        "route": {"fingerprint": None, "model": None},
        "headers": {},
        "trouble": None,
        "sayings": [],
        "requests": 0,
    }
    assert now == {"scenario": "normal", "latency_scale": 0.5, **change, "trouble": None, "sayings": [], "requests": 1}
    assert response.headers["x-litellm-model-id"] == "a"
    assert {(chunk["model"], chunk["system_fingerprint"]) for chunk in chunks_of(response)} == {("bot-2", "fp_x")}
    assert (back["model"], back["system_fingerprint"]) == ("support-bot", "fp_x")


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "sideways"},
        {"scenarios": "slower"},
        {"latency_scale": -1},
        {"route": {"region": "x"}},
        {"headers": {"x-a": "b\r\nx-c: d"}},
        {"headers": {"x a": "b"}},
        {"headers": {"x-a": "b\n"}},
    ],
)
def test_control_refuses_what_it_does_not_know(plain: RunningEndpoint, change: dict[str, Any]) -> None:
    assert_error(control(plain, **change), 400)
    assert ask(plain.base_url, CAPITAL).status_code == 200


def test_requests_are_kept_with_headers_and_body() -> None:
    with serving() as running:
        ask(running.base_url, CAPITAL, headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}, seed=3)
        (received,) = running.requests
        assert running.request_count == 1
    assert received.headers["traceparent"].startswith("00-aaaa")
    assert received.body["seed"] == 3 and received.body["messages"] == conversation(CAPITAL)


# ---------------------------------------------------------------------------------------------------- running it
def test_a_thread_endpoint_leaves_neither_thread_nor_port_behind() -> None:
    before = set(threading.enumerate())
    with fresh_client() as client:
        with serving() as running:
            url = f"{running.base_url}/models"
            assert client.get(url).status_code == 200  # the connection stays open while the endpoint stops
            assert len(set(threading.enumerate()) - before) == 1
        assert set(threading.enumerate()) == before
    with fresh_client() as client, pytest.raises(httpx2.ConnectError):
        client.get(url)


def test_a_taken_port_is_told_in_one_line(plain: RunningEndpoint) -> None:
    port = int(plain.base_url.split(":")[2].removesuffix("/v1"))
    with pytest.raises(HoldfastError, match=f"cannot listen on 127.0.0.1:{port}"), RunningEndpoint(port=port):
        pass
    with pytest.raises(HoldfastError, match="before it was ready"), EndpointProcess(port=port):
        pass


def test_a_process_endpoint_serves_changes_and_stops() -> None:
    with EndpointProcess(seed=1, latency_scale=0, api_key="sk-process") as process:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", process.base_url)
        headers = {"Authorization": "Bearer sk-process"}
        first = ask(process.base_url, CAPITAL, headers=headers)
        assert process.set_scenario("outage") == "normal"
        with pytest.raises(ValueError, match="scenario"):
            process.set_scenario("sideways")
        second = ask(process.base_url, CAPITAL, headers=headers)
        assert process.request_count == 2
        assert process.change(scenario="normal", latency_scale=1.0)["scenario"] == "outage"
        pid = process.pid
    assert (first.status_code, second.status_code) == (200, 503)
    assert answer_of(first) == answers(CAPITAL, count=1)[0].text
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_endpoint_dies_with_a_parent_that_was_killed() -> None:
    parent = (
        "import os, signal\n"
        "from runner.demo.endpoint import EndpointProcess\n"
        "with EndpointProcess(latency_scale=0) as process:\n"
        "    print(process.base_url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, check=False, timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert gone_within(killed.stdout.strip(), seconds=5)


def gone_within(base_url: str, *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            get(f"{base_url}/models")
        except httpx2.TransportError:
            return True
        time.sleep(0.02)
    return False


def test_by_hand_it_announces_one_json_line_and_stops_on_interrupt() -> None:
    command = [sys.executable, "-m", "runner.demo.endpoint", "--scenario", "outage", "--latency-scale", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        announced = json.loads(process.stdout.readline())
        status = ask(announced["base_url"], CAPITAL).status_code
        process.send_signal(signal.SIGINT)
        code = process.wait(10)
        rest, complaints = process.stdout.read(), process.stderr.read()
    assert set(announced) == {"base_url"} and status == 503
    assert (code, rest, complaints) == (0, "", "")


def test_a_missing_key_variable_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "runner.demo.endpoint", "--api-key-env", "HOLDFAST_TEST_NO_SUCH_KEY"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2 and "HOLDFAST_TEST_NO_SUCH_KEY is not set" in done.stderr


def test_a_client_that_hangs_up_midway_does_no_harm() -> None:
    body = {"model": "m", "stream": True, "messages": conversation(CAPITAL)}
    with serving(latency_scale=10.0) as running:
        with (
            fresh_client() as client,
            client.stream("POST", f"{running.base_url}/chat/completions", json=body) as response,
        ):
            next(response.iter_lines())
        running.change(latency_scale=0.0)
        assert data_lines(ask(running.base_url, CAPITAL, stream=True))[-1] == "[DONE]"

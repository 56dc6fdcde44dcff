"""What a request cost: the suite's prices, the endpoint's own figure, the price list; unknown is never zero."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.endpoint import Endpoint
from probes.pricing import cost_usd, guessed_usd, price_known
from probes.protocols.protocol import Reply
from probes.sample import TokenUsage

MILLION = 1_000_000
USED = TokenUsage(input_tokens=1000, cached_input_tokens=400, output_tokens=100)
GPT_4O = 600 * 2.5 / MILLION + 400 * 1.25 / MILLION + 100 * 10 / MILLION
"""Dollars of ``USED`` by the list's gpt-4o: 2.50 in, 1.25 cached, 10.00 out for a million."""


def an_endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "http://127.0.0.1:9/v1", **fields})


def test_the_suites_prices_go_before_what_the_endpoint_says_and_before_the_list() -> None:
    endpoint = an_endpoint(model="gpt-4o", prices={"input": 1, "output": 2, "request": 0.5})
    cost = cost_usd(endpoint, Reply(usage=USED, model="gpt-4o", cost_usd=9.0))
    assert cost == pytest.approx(0.5 + 1000 / MILLION + 200 / MILLION)


def test_what_the_endpoint_says_it_charged_goes_before_the_list() -> None:
    assert cost_usd(an_endpoint(model="gpt-4o"), Reply(usage=USED, cost_usd=0.25)) == 0.25


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -1.0])
def test_a_charge_that_is_no_amount_of_money_is_not_believed(told: float) -> None:
    reply = Reply(usage=USED, model="gpt-4o", cost_usd=told)
    assert cost_usd(an_endpoint(), reply) == pytest.approx(GPT_4O)


def test_the_list_is_read_by_the_model_that_served_and_counts_cached_input_apart() -> None:
    reply = Reply(usage=USED, model="gpt-4o-2024-08-06")
    assert cost_usd(an_endpoint(model="support-bot"), reply) == pytest.approx(GPT_4O)


def test_where_the_served_model_is_not_listed_the_model_asked_for_is() -> None:
    reply = Reply(usage=USED, model="support-bot-7")
    assert cost_usd(an_endpoint(model="gpt-4o"), reply) == pytest.approx(GPT_4O)


@pytest.mark.parametrize(
    ("endpoint", "reply"),
    [
        ({"model": "support-bot"}, Reply(usage=USED, model="m-1")),
        ({"model": "gpt-4o"}, Reply(model="gpt-4o")),
        ({"model": "gpt-4o"}, Reply(usage=TokenUsage(input_tokens=5), model="gpt-4o")),
        ({}, Reply(usage=USED)),
        ({"prices": {"input": 1, "output": 2}}, Reply()),
    ],
)
def test_an_unknown_price_or_count_is_none_and_never_zero(endpoint: dict[str, Any], reply: Reply) -> None:
    assert cost_usd(an_endpoint(**endpoint), reply) is None


def test_where_tokens_are_free_nobody_needs_to_have_counted_them() -> None:
    assert cost_usd(an_endpoint(prices={"input": 0, "output": 0}), Reply()) == 0.0
    assert cost_usd(an_endpoint(prices={"input": 0, "output": 0, "request": 0.01}), Reply()) == 0.01


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"protocol": "anthropic-messages"}, "claude-sonnet-4-5"),
        ({"protocol": "gemini"}, "gemini-2.5-flash"),
        ({"protocol": "azure-openai", "deployment": "gpt-4o"}, "gpt-4o"),
        ({"gateway": "openrouter"}, "openai/gpt-4o"),
        ({}, "openai/gpt-4o"),
        ({"base_url": "https://api.groq.com/openai/v1"}, "llama-3.1-8b-instant"),
    ],
)
def test_address_gateway_dialect_and_prefix_say_whose_price_it_is(fields: dict[str, Any], model: str) -> None:
    cost = cost_usd(an_endpoint(**fields), Reply(usage=USED, model=model))
    assert cost is not None
    assert cost > 0


def test_a_service_tier_has_its_own_price() -> None:
    flex = cost_usd(an_endpoint(), Reply(usage=USED, model="o3", tier="flex"))
    normal = cost_usd(an_endpoint(), Reply(usage=USED, model="o3", tier="default"))
    assert flex is not None
    assert normal is not None
    assert flex < normal


def test_tokens_written_into_a_cache_cost_more_where_the_provider_says_so() -> None:
    endpoint = an_endpoint(protocol="anthropic-messages", model="claude-sonnet-4-5")
    wrote = TokenUsage(input_tokens=1000, output_tokens=10, raw={"cache_creation_input_tokens": 800})
    plain = TokenUsage(input_tokens=1000, output_tokens=10)
    dear, cheap = cost_usd(endpoint, Reply(usage=wrote)), cost_usd(endpoint, Reply(usage=plain))
    assert dear is not None
    assert cheap is not None
    assert dear > cheap


def test_a_price_is_known_before_anything_is_sent_or_said_to_be_unknown() -> None:
    assert price_known(an_endpoint(model="gpt-4o"))
    assert price_known(an_endpoint(prices={"input": 0, "output": 0}))
    assert not price_known(an_endpoint(model="support-bot"))
    assert not price_known(an_endpoint())
    assert guessed_usd(an_endpoint(model="gpt-4o"), input_tokens=1000, output_tokens=100) == pytest.approx(0.0035)
    assert guessed_usd(an_endpoint(), input_tokens=1000, output_tokens=100) is None


COUNTS = st.one_of(st.none(), st.integers(min_value=0, max_value=10**12))


@given(
    model=st.one_of(st.none(), st.text(max_size=300), st.sampled_from(["gpt-4o", "o3", "claude-sonnet-4-5"])),
    tier=st.one_of(st.none(), st.text(max_size=20)),
    provider=st.text(max_size=30),
    counts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS),
    raw=st.dictionaries(st.sampled_from(["cache_write_tokens", "prompt_tokens_details"]), st.integers() | st.text()),
)
def test_whatever_an_endpoint_claims_a_cost_is_a_finite_amount_or_unknown(
    model: str | None, tier: str | None, provider: str, counts: tuple[int | None, ...], raw: dict[str, Any]
) -> None:
    usage = TokenUsage(
        input_tokens=counts[0],
        cached_input_tokens=counts[1],
        output_tokens=counts[2],
        reasoning_tokens=counts[3],
        raw=raw,
    )
    cost = cost_usd(an_endpoint(), Reply(usage=usage, model=model, tier=tier, told={"provider": provider}))
    assert cost is None or 0 <= cost < float("inf")


def test_the_price_list_is_not_loaded_before_a_price_is_needed() -> None:
    code = "import sys, probes.pricing, runner.engine; sys.exit('genai_prices' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=False)
    assert loaded.returncode == 0

"""Who answered, as headers and body tell it."""

from __future__ import annotations

import pytest

from probes.endpoint import Endpoint
from probes.gateways import read_route
from probes.protocols.protocol import Reply
from probes.route import Route

ENDPOINT = Endpoint.model_validate({"base_url": "https://gateway.example.com/v1"})


def route(provider: str | None = None, **headers: str) -> Route:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_route(ENDPOINT, named, Reply(model="alias", provider=provider), attempts=1)


def test_a_plain_endpoint_tells_only_what_its_body_says() -> None:
    reply = Reply(model="m-1", fingerprint="fp_1", tier="default")
    told = read_route(ENDPOINT, {"content-type": "application/json"}, reply, attempts=2)
    assert told == Route(model="m-1", fingerprint="fp_1", tier="default", attempts=2)


def test_litellm_names_the_deployment_and_the_upstream_behind_the_alias() -> None:
    told = route(
        x_litellm_model_id="3f2a",
        x_litellm_model_api_base="https://user:pass@eu.upstream.example.com:8443/openai/deployments/x?key=1",
        x_litellm_attempted_fallbacks="1",
        x_litellm_cache_key="abc",
    )
    assert (told.deployment, told.provider, told.fallbacks) == ("3f2a", "eu.upstream.example.com", 1)
    assert told.cache == "hit"
    assert told.key == "eu.upstream.example.com / 3f2a / alias"


def test_a_provider_named_in_the_body_goes_first() -> None:
    assert route("DeepInfra", x_litellm_model_api_base="https://up.example.com").provider == "DeepInfra"


CACHE_HEADERS = ["cf_aig_cache_status", "helicone_cache", "x_portkey_cache_status", "x_openrouter_cache_status"]


@pytest.mark.parametrize("header", CACHE_HEADERS)
@pytest.mark.parametrize(
    ("said", "cache"),
    [
        ("HIT", "hit"),
        ("Semantic HIT", "hit"),
        ("MISS", "miss"),
        ("SEMANTIC MISS", "miss"),
        ("DISABLED", "miss"),
        ("perhaps", None),
        ("", None),
    ],
)
def test_cache_headers_say_hit_miss_or_nothing(header: str, said: str, cache: str | None) -> None:
    assert route(**{header: said}).cache == cache


@pytest.mark.parametrize("said", ["None", "", "-1", "1.5", "9" * 50, "١"])
def test_a_count_that_is_no_count_is_not_known(said: str) -> None:
    assert route(x_litellm_attempted_fallbacks=said).fallbacks is None


def test_the_first_readable_header_of_a_field_counts() -> None:
    assert route(cf_aig_cache_status="dunno", helicone_cache="HIT", x_portkey_cache_status="MISS").cache == "hit"


def test_hostile_header_values_are_one_bounded_line() -> None:
    told = route(x_litellm_model_id="a\x1b[31m\nb" + "c" * 900, x_litellm_model_api_base="http://[broken")
    assert told.deployment is not None
    assert len(told.deployment) == 200
    assert told.deployment.isprintable()
    assert told.provider is None


def test_litellm_says_nothing_of_its_cache_on_a_miss() -> None:
    assert route(x_litellm_model_id="3f2a").cache is None


@pytest.mark.parametrize(
    ("headers", "field", "value"),
    [
        ({"x-litellm-attempted-retries": "2"}, "retries", 2),
        ({"x-portkey-retry-attempt-count": "1"}, "retries", 1),
        ({"x-portkey-retry-attempt-count": "-1"}, "retries", None),
        ({"x-portkey-last-used-option-index": "config.targets[1]"}, "deployment", "config.targets[1]"),
        ({"x-portkey-last-used-option-index": "config.targets[1]"}, "fallbacks", None),
        ({"x-portkey-provider": "openai"}, "provider", "openai"),
        ({"x-ms-deployment-name": "chat-eu"}, "deployment", "chat-eu"),
        ({"x-ms-region": "Sweden Central"}, "region", "Sweden Central"),
        ({"llm_provider-x-ms-region": "East US"}, "region", "East US"),
        ({"x-ms-served-model": "gpt-5-nano-2025-08-07"}, "model", "gpt-5-nano-2025-08-07"),
        ({"x-ms-spillover-from-deployment": "ptu"}, "fallbacks", 1),
        ({"cf-aig-step": "1"}, "fallbacks", 1),
        ({"helicone-fallback-index": "0"}, "fallbacks", 0),
    ],
)
def test_each_gateways_header_fills_its_field(headers: dict[str, str], field: str, value: object) -> None:
    told = read_route(ENDPOINT, headers, Reply(model="alias"), attempts=1)
    assert getattr(told, field) == value


@pytest.mark.parametrize(
    ("header", "gateway"),
    [
        ("x-litellm-call-id", "litellm"),
        ("x-portkey-trace-id", "portkey"),
        ("cf-aig-log-id", "cloudflare"),
        ("helicone-id", "helicone"),
        ("x-generation-id", "openrouter"),
        ("server", None),
    ],
)
def test_a_gateway_is_known_by_its_headers(header: str, gateway: str | None) -> None:
    assert read_route(ENDPOINT, {header: "x"}, Reply(), attempts=1).gateway == gateway


def test_what_the_suite_names_goes_before_everything_headers_before_body() -> None:
    endpoint = Endpoint.model_validate(
        {
            "base_url": "https://x.example.com",
            "route": {"headers": {"provider": "X-Pool", "cache": "x-cached", "retries": "x-again", "model": "x-model"}},
        }
    )
    headers = {
        "x-pool": "blue",
        "x-cached": "true",
        "x-again": "3",
        "x-litellm-model-api-base": "https://up.example.com",
        "x-litellm-attempted-retries": "0",
    }
    reply = Reply(model="alias", provider="body", told={"provider": "path", "model": "by-path", "region": "eu"})
    told = read_route(endpoint, headers, reply, attempts=1)
    assert (told.provider, told.cache, told.retries) == ("blue", "hit", 3)
    assert (told.model, told.region) == ("by-path", "eu")


def test_a_configured_count_that_is_none_falls_back_to_what_is_known() -> None:
    endpoint = Endpoint.model_validate(
        {"base_url": "https://x.example.com", "route": {"headers": {"fallbacks": "x-hops"}}}
    )
    headers = {"x-hops": "many", "cf-aig-step": "2"}
    assert read_route(endpoint, headers, Reply(), attempts=1).fallbacks == 2
    assert read_route(endpoint, {}, Reply(told={"fallbacks": "x", "cache": "perhaps"}), attempts=1) == Route(attempts=1)

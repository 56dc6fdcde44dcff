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
    assert told.cache is None
    assert told.key == "eu.upstream.example.com / 3f2a / alias"


def test_a_provider_named_in_the_body_goes_first() -> None:
    assert route("DeepInfra", x_litellm_model_api_base="https://up.example.com").provider == "DeepInfra"


@pytest.mark.parametrize("header", ["cf_aig_cache_status", "helicone_cache", "x_portkey_cache_status"])
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

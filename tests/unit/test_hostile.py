"""Text from endpoints: bounded, whole, and without our secrets."""

from __future__ import annotations

import html
import json
import random
import time
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.hostile import kept_headers, one_line, redact, secrets_of, whole_characters, without_half_secret
from probes.suite import Endpoint

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


def endpoint(**fields: Any) -> Endpoint:
    return Endpoint.model_validate({"base_url": "https://gateway.example.com/v1", **fields})


@given(ANY_TEXT)
def test_whole_characters_can_always_be_written_as_utf_8_and_good_text_is_left_alone(text: str) -> None:
    whole = whole_characters(text)
    assert whole.encode().decode() == whole
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert whole == text


@given(ANY_TEXT, st.integers(min_value=1, max_value=40))
def test_one_line_is_one_bounded_line_without_control_characters(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in line)


def test_secrets_are_found_in_key_headers_and_address() -> None:
    found = secrets_of(
        endpoint(
            api_key="sk-abc/def",
            headers={"x-auth": "Basic dXNlcjpwYXNz", "x-empty": " "},
            base_url="https://me:p%40ss@gateway.example.com/v1?api-version=2024-10-21&subscription-key=0123",
        )
    )
    assert {"sk-abc/def", "Basic dXNlcjpwYXNz", "dXNlcjpwYXNz", "p@ss", "bWU6cEBzcw==", "0123"} <= set(found)
    assert "2024-10-21" not in found
    assert all(secret.strip() for secret in found)


def test_the_longest_secret_is_replaced_first_so_that_no_rest_of_it_stays() -> None:
    secrets = secrets_of(endpoint(api_key="abcd", headers={"x": "abcdefgh"}))
    assert redact("x abcdefgh y abcd z", secrets) == "x [secret] y [secret] z"


def test_short_secrets_are_left_where_they_may_be_words() -> None:
    assert redact("the dev team", ("dev",), shortest=8) == "the dev team"


def test_an_address_that_cannot_be_read_is_a_secret_as_a_whole() -> None:
    secrets = secrets_of(endpoint(base_url="http://[bad"))
    assert redact("http%3A%2F%2F%5Bbad or http://[bad", secrets) == "[secret] or [secret]"


def test_headers_that_carry_secrets_are_not_kept_and_counts_of_tokens_are() -> None:
    kept = kept_headers(
        [
            ("Set-Cookie", "a=b"),
            ("llm_provider-set-cookie", "a=b"),
            ("authorization", "x"),
            ("proxy-authorization", "x"),
            ("x-api-key", "x"),
            ("x-goog-apikey", "x"),
            ("x-amz-security-token", "x"),
            ("x-client-secret", "x"),
            ("X-RateLimit-Remaining-Tokens", "149"),
            ("x-litellm-key-spend", "0.1"),
            ("x-echo", "you sent sk-1234567 to me"),
        ],
        ("sk-1234567",),
    )
    assert kept == {
        "x-ratelimit-remaining-tokens": "149",
        "x-litellm-key-spend": "0.1",
        "x-echo": "you sent [secret] to me",
    }


def test_kept_headers_are_bounded_in_number_and_length() -> None:
    kept = kept_headers([(f"x-{number}", "y" * 10_000) for number in range(1000)], ())
    assert len(kept) == 100
    assert all(len(value) == 500 for value in kept.values())


@pytest.mark.parametrize(
    "name",
    [
        "x-portkey-virtual-key",
        "ocp-apim-subscription-key",
        "x-portkey-last-used-option-params",
        "location",
        "content-location",
        "helicone-auth",
        "x-amz-signature",
        "x-goog-iap-jwt",
    ],
)
def test_headers_that_may_hold_keys_of_others_are_not_kept(name: str) -> None:
    assert kept_headers([(name, "x"), ("x-litellm-model-id", "d1")], ()) == {"x-litellm-model-id": "d1"}


def test_addresses_in_headers_are_kept_without_user_and_query() -> None:
    upstream = "https://user:pass@eu.example.com:8443/openai/deployments/x?key=1#top"
    kept = kept_headers([("x-litellm-model-api-base", upstream), ("link", "<http://a.example/b?c=d>; rel=next")], ())
    assert kept["x-litellm-model-api-base"] == "https://eu.example.com:8443/openai/deployments/x"
    assert kept["link"] == "<http://a.example/b rel=next"


TELLING = [
    "x-request-id",
    "request-id",
    "openai-processing-ms",
    "openai-version",
    "openai-organization",
    "anthropic-organization-id",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-input-tokens-remaining",
    "x-ms-region",
    "x-ms-deployment-name",
    "azureml-model-session",
    "x-litellm-call-id",
    "x-litellm-key-spend",
    "x-litellm-cache-key",
    "x-litellm-model-group",
    "x-litellm-attempted-retries",
    "llm_provider-x-ratelimit-remaining-tokens",
    "x-generation-id",
    "x-openrouter-cache-status",
    "x-portkey-trace-id",
    "x-portkey-cache-status",
    "x-portkey-last-used-option-index",
    "cf-aig-cache-status",
    "cf-aig-step",
    "cf-aig-log-id",
    "helicone-id",
    "helicone-cache",
    "helicone-fallback-index",
    "retry-after",
]


def test_headers_that_tell_who_answered_are_all_kept() -> None:
    assert list(kept_headers([(name, "v") for name in TELLING], ())) == TELLING


@pytest.mark.parametrize("lead", ["", "x", "Bearer ", "Authorization: Bearer "])
def test_a_secret_is_found_inside_the_base64_of_something_longer(lead: str) -> None:
    secret = "sk-planted-0123456789"
    encoded = b64encode(f"{lead}{secret} and more".encode()).decode()
    left = redact(encoded, secrets_of(endpoint(api_key=secret)))
    assert "[secret]" in left
    assert len(left) < len(encoded)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=30))
def test_no_usual_spelling_of_a_secret_survives(secret: str) -> None:
    forms = (secret,)
    for spelt in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret), secret.encode().hex()):
        assert not spelt.strip() or spelt not in redact(f"<{spelt}>", forms).replace("[secret]", "")


def test_the_beginning_of_a_secret_that_a_cut_left_at_the_end_is_removed_too() -> None:
    secrets = secrets_of(endpoint(api_key="sk-planted-0123456789"))
    assert without_half_secret("you sent sk-planted-01", secrets) == "you sent [secret]"
    assert without_half_secret("you sent sk-plan", secrets) == "you sent sk-plan"
    assert without_half_secret("all is well", secrets) == "all is well"


ODD = 'sk-env-/+"\\=&~-planted-0001'
NAMED = {"/": "&sol;", "+": "&plus;", '"': "&QUOT;", "\\": "&bsol;", "=": "&equals;", "&": "&amp;"}


def lines_of(text: str, width: int, end: str) -> str:
    return end.join(text[at : at + width] for at in range(0, len(text), width))


ENCODED = b64encode(f"Authorization: Bearer {ODD}".encode()).decode()
SPELT = {
    "escapes of JSON for every character": "".join(f"\\u{ord(letter):04x}" for letter in ODD),
    "escapes for some": "".join(f"\\u{ord(c):04X}" if at % 3 else c.replace("\\", "\\\\") for at, c in enumerate(ODD)),
    "escapes of escapes": "".join(f"\\\\\\\\u{ord(letter):04x}" for letter in ODD),
    "escapes of programs": "".join(f"\\x{ord(letter):02x}" for letter in ODD),
    "decimal references": "".join(f"&#{ord(letter)};" for letter in ODD),
    "padded references": "".join(f"&#00{ord(letter)};" for letter in ODD),
    "hexadecimal references": "".join(f"&#X{ord(letter):x};" for letter in ODD),
    "named references": "".join(NAMED.get(letter, letter) for letter in ODD),
    "references of references": html.escape(html.escape(ODD)),
    "percent of every character": "".join(f"%{ord(letter):02x}" for letter in ODD),
    "percent in mixed case": "".join(f"%{ord(c):02X}" if at % 2 else f"%{ord(c):02x}" for at, c in enumerate(ODD)),
    "percent twice": quote(quote(ODD, safe=""), safe=""),
    "percent of every character twice": "".join(
        f"%25%{ord(a):02x}%{ord(b):02x}" for a, b in (f"{ord(c):02x}" for c in ODD)
    ),
    "JSON in JSON in JSON": json.dumps(json.dumps(json.dumps(ODD))),
    "JSON in JSON with escaped slashes": json.dumps(json.dumps(ODD).replace("/", "\\/")).replace("/", "\\/"),
    "upper case": ODD.upper(),
    "lower case": ODD.lower(),
    "base64 in lines": lines_of(ENCODED, 20, "\n"),
    "base64 in lines as JSON has them": lines_of(ENCODED, 20, "\\r\\n"),
    "base64 in lines as addresses have them": quote(lines_of(ENCODED, 20, "\r\n"), safe=""),
    "hexadecimal with blanks": " ".join(f"{byte:02X}" for byte in ODD.encode()),
}


@pytest.mark.parametrize("way", SPELT)
def test_a_secret_is_found_in_every_mixture_of_spellings(way: str) -> None:
    left = redact(f"you sent <{SPELT[way]}> here", (ODD,))
    assert "[secret]" in left
    assert left.startswith("you sent <") and left.endswith("> here")
    assert "planted" not in left.lower()
    assert len(left) < 80, left


@given(
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40),
    st.lists(
        st.sampled_from(("{0}", "%{1:02x}", "%25{1:02X}", "\\u{1:04x}", "&#{1};", "&#x{1:X};")), min_size=1, max_size=9
    ),
)
@example("0000000\\", ["\\u{1:04x}"])
@example("000%0000", ["%{1:02x}"])
def test_a_secret_is_found_whatever_each_of_its_characters_became(secret: str, ways: list[str]) -> None:
    spelt = "".join(ways[at % len(ways)].format(letter, ord(letter)) for at, letter in enumerate(secret))
    assert redact(f" {spelt} ", (secret,)) == " [secret] "


def test_case_counts_in_short_secrets_because_they_may_be_words() -> None:
    assert redact("Dev and dev", ("dev",)) == "Dev and [secret]"


def test_a_header_named_by_a_secret_without_its_punctuation_is_not_kept() -> None:
    told = [("X-skenv-planted0001-Seen", "v"), ("x-sk-env-planted", "part of it"), ("x-other", "w")]
    assert kept_headers(told, (ODD,)) == {"x-sk-env-planted": "part of it", "x-other": "w"}


MEGABYTE = 2**20
TOKEN = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", k=4000))
"""As long as tokens get."""
HOSTILE = {
    "percent signs": "%25" * (MEGABYTE // 3),
    "references": "&amp;" * (MEGABYTE // 5),
    "endless references": "&#0" * (MEGABYTE // 3),
    "backslashes": "\\" * MEGABYTE,
    "escapes": "\\u0073" * (MEGABYTE // 6),
    "blanks in base64": ("c" + " " * 7) * (MEGABYTE // 8),
    "almost the secret": ODD[:-1] * (MEGABYTE // len(ODD)),
    "almost the token": TOKEN[:-1] * (MEGABYTE // len(TOKEN)),
    "almost the secret, escaped": "".join(f"\\u{ord(c):04x}" for c in ODD[:-1]) * (MEGABYTE // (6 * len(ODD))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_makes_the_search_for_secrets_slow(name: str) -> None:
    began = time.process_time()
    assert "[secret]" not in redact(HOSTILE[name], (TOKEN, ODD))
    assert time.process_time() - began < 6, "about a second a megabyte is the worst that was measured"

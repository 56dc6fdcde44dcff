"""Hostile text is harmless after escaping, whatever it is."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.escaping import markdown_code, markdown_prose, one_line, unmentioned, visible, web_link
from tests.fakes.records import HOSTILE

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=())) | st.just(HOSTILE)
"""Lone surrogates, controls and noncharacters included."""


@given(ANY_TEXT)
def test_visible_text_holds_no_control_no_bidi_mark_and_no_surrogate(text: str) -> None:
    kept = {"\n", "\t", "\u00ad", "\u200c", "\u200d"}
    acting = [c for c in visible(text) if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in kept]
    assert acting == []


@given(ANY_TEXT)
def test_visible_text_can_be_encoded_and_read_back_as_xml(text: str) -> None:
    element = Xml.Element("a")
    element.text = visible(text)
    assert (Xml.fromstring(Xml.tostring(element, encoding="utf-8")).text or "") == visible(text)


@given(ANY_TEXT)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet="abc äß漢字😀👩\u200d💻\n\t"))
def test_harmless_text_is_not_changed(text: str) -> None:
    assert visible(text) == text


def test_a_control_leaves_a_sign_where_it_was() -> None:
    assert visible("a\x1b[31mb\u202ec\x00") == "a⟨U+001B⟩[31mb⟨U+202E⟩c⟨U+0000⟩"


@given(ANY_TEXT, st.integers(min_value=2, max_value=80))
def test_one_line_is_one_line_and_not_longer_than_asked(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_cut_shows_that_something_is_missing() -> None:
    assert one_line("one two three", 8) == "one two…"


@given(ANY_TEXT)
def test_a_code_span_cannot_be_closed_from_inside(text: str) -> None:
    span = markdown_code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in [run for run in span[len(fence) : -len(fence)].split() if set(run) == {"`"}]
    assert "\n" not in span


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("[a](https://x.example)", "\\[a\\](https\\://x.example)"),
        ("<b>", "\\<b\\>"),
        ("a | b", "a \\| b"),
        ("@team", "@\u2060team"),
        ("www.evil.example", "www\\.evil.example"),
        ("1. no list", "1\\. no list"),
        ("tokens.output moved (3 of 4)", "tokens.output moved (3 of 4)"),
    ],
)
def test_markup_in_prose_is_dead_and_plain_words_stay_readable(text: str, dead: str) -> None:
    assert markdown_prose(text) == dead


@pytest.mark.parametrize("text", ["https://wiki.example.com/a?b=c#d", "http://localhost:8080/x"])
def test_http_addresses_become_links(text: str) -> None:
    assert web_link(text) == text


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "//x.example", 'https://x"onclick=', "https://a b", "", "ftp://x"],
)
def test_nothing_else_becomes_a_link(text: str) -> None:
    assert web_link(text) is None


@pytest.mark.parametrize("call", ["@everyone", "<!channel>", "!here>", "<@U0123|x>", "x@U0123>", "<!subteam^S01>"])
def test_a_mention_is_broken_wherever_it_stands(call: str) -> None:
    for text in (call, f"look: {call} now", f"({call})", f"/{call}"):
        assert call not in unmentioned(text) and unmentioned(text).replace("\u2060", "") == text


@pytest.mark.parametrize("text", ["a.b+c@example.com", "a != b", "wow!!", "7 < 9 > 8", "is it? yes!"])
def test_what_calls_nobody_is_left_as_it_is(text: str) -> None:
    assert unmentioned(text) == text
